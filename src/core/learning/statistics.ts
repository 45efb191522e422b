/** Numbers in ascending order. */
export function ascending(values: readonly number[]): Float64Array {
  return new Float64Array(values).sort();
}

/** The largest of the numbers; 0 when there are none. */
export function largestOf(values: readonly number[]): number {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return most;
}

/** Where in `count` sorted values the share `q` of them is reached. */
export function quantileIndex(count: number, q: number): number {
  return Math.min(Math.max(Math.ceil(q * count) - 1, 0), count - 1);
}

/**
 * The smallest of the values that is not below the share `q` of them; 0 when there are none.
 *
 * @param sorted - ascending.
 * @param q - 0 to 1.
 */
export function quantile(sorted: Float64Array, q: number): number {
  return sorted[quantileIndex(sorted.length, q)] ?? 0;
}

/** {@link quantile} of the values but for the one at place `without`. */
export function quantileWithout(sorted: Float64Array, q: number, without: number): number {
  const at = quantileIndex(sorted.length - 1, q);
  return sorted[at >= without ? at + 1 : at] ?? 0;
}

/** The largest of a stretch of numbers, and what it would be without one of them. */
export interface Top {
  /** Place of the largest; -1 when the stretch is empty. */
  readonly at: number;
  readonly most: number;
  readonly second: number;
}

/** @returns 0 for what is not there. */
export function topOf(values: readonly number[], start = 0, end = values.length): Top {
  let at = -1;
  let most = 0;
  let second = 0;
  for (let place = Math.max(start, 0); place < end; place += 1) {
    const value = values[place] ?? 0;
    if (at === -1 || value > most) {
      second = most;
      most = value;
      at = place;
    } else if (value > second) second = value;
  }
  return { at, most, second };
}

/** The largest without the number at place `without`. */
export function mostWithout(top: Top, without: number): number {
  return without === top.at ? top.second : top.most;
}

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

/** The standard deviation of the values; 0 of fewer than two. */
export function deviationOf(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}
