/** Where the middle of some samples lies, and how far they reach. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * The value below which a share of the samples lies: of the sorted ones the first that has at least that share at or
 * below itself (nearest rank), so it is always a sample.
 *
 * @param q - from 0 to 1.
 * @throws RangeError without samples.
 */
export function percentile(samples: readonly number[], q: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('no percentile of no samples');
  return value;
}

/**
 * The middle sample, or the mean of the two in the middle.
 *
 * @throws RangeError without samples.
 */
export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError('no median of no samples');
  return (lower + upper) / 2;
}

/** @throws RangeError without samples. */
export function spreadOf(samples: readonly number[]): Spread {
  return { median: median(samples), min: Math.min(...samples), max: Math.max(...samples) };
}

/** @throws RangeError without samples. */
export function mean(samples: readonly number[]): number {
  if (samples.length === 0) throw new RangeError('no mean of no samples');
  return samples.reduce((sum, value) => sum + value, 0) / samples.length;
}
