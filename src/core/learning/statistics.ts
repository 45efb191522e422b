/** The value at which half of the weight is reached; undefined without any weight. */
export function weightedMedian(
  pairs: readonly { readonly value: number; readonly weight: number }[],
): number | undefined {
  const sorted = pairs.filter(({ weight }) => weight > 0).sort((a, b) => a.value - b.value);
  const half = sorted.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let reached = 0;
  for (const { value, weight } of sorted) {
    reached += weight;
    if (reached >= half) return value;
  }
  return undefined;
}
