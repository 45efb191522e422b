import type { ChalkInstance } from 'chalk';

/** A bar of one kind. `value` and `most` are of one unit; a value above nothing is seen. */
export function bar(value: number, most: number, columns: number): string {
  const cells = cellsOf(value, most, columns);
  return '█'.repeat(value > 0 ? Math.max(1, cells) : cells);
}

/**
 * A mean with the band around it: full up to the lower end of the band, dark up to the mean, light up to the upper end.
 * They are told apart without colour, too.
 */
export function bandBar(
  band: { readonly low: number; readonly mean: number; readonly high: number },
  most: number,
  columns: number,
  colour: ChalkInstance,
): string {
  const mean = cellsOf(band.mean, most, columns);
  const low = Math.min(mean, cellsOf(band.low, most, columns));
  const high = Math.max(mean, cellsOf(band.high, most, columns));
  return (
    colour.cyan('█'.repeat(low)) +
    colour.cyan('▓'.repeat(mean - low)) +
    colour.dim('▒'.repeat(high - mean))
  );
}

function cellsOf(value: number, most: number, columns: number): number {
  const share = most > 0 ? value / most : 0;
  return Math.min(columns, Math.max(0, Math.round(share * columns)));
}

/** A stretch of a histogram: at least `from`, less than `to`. */
export interface Bucket {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/**
 * Values counted in buckets of one width, `unit` doubled as often as it takes to need no more than `maxBuckets`; empty
 * ones between them included.
 */
export function bucketsOf(
  values: readonly number[],
  unit: number,
  maxBuckets: number,
): readonly Bucket[] {
  if (values.length === 0) return [];
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  const width = widthFor(least, most, unit, maxBuckets);
  const first = Math.floor(least / width);
  const counts = Array<number>(Math.floor(most / width) - first + 1).fill(0);
  for (const value of values) {
    const at = Math.floor(value / width) - first;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts.map((count, at) => ({
    from: (first + at) * width,
    to: (first + at + 1) * width,
    count,
  }));
}

function widthFor(least: number, most: number, unit: number, maxBuckets: number): number {
  let width = unit;
  while (Math.floor(most / width) - Math.floor(least / width) >= maxBuckets) width *= 2;
  return width;
}
