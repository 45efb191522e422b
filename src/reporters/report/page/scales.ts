import type uPlot from 'uplot';
import { GiB, KiB, MiB, TiB } from '../../../util/bytes.js';

/** Steps of an axis of bytes: powers of two, so that labels are round. */
const BYTE_STEPS = Array.from({ length: 48 }, (_, power) => 2 ** power);
/** Rows of a table behind a chart. */
const TABLE_ROWS_MAX = 200;

/** An axis of bytes. */
export function bytesAxis(): uPlot.Axis {
  return {
    incrs: BYTE_STEPS,
    space: 40,
    values: (_plot, splits) => splits.map(byteLabel),
  };
}

/** Exact, unlike what people are told elsewhere: steps of an axis must not look uneven. */
export function byteLabel(bytes: number): string {
  if (bytes === 0) return '0';
  const units = [
    ['T', TiB],
    ['G', GiB],
    ['M', MiB],
    ['K', KiB],
  ] as const;
  const [unit, size] = units.find(([, each]) => bytes >= each) ?? ['B', 1];
  return `${Number((bytes / size).toFixed(3))}${unit}`;
}

/** Milliseconds as the charts want them. */
export function seconds(tMs: readonly number[]): number[] {
  return tMs.map((ms) => ms / 1000);
}

/** The place of the time nearest to `ms`; undefined when there are none. */
export function nearest(tMs: readonly number[], ms: number): number | undefined {
  if (tMs.length === 0) return undefined;
  let low = 0;
  let high = tMs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tMs[middle] ?? 0) < ms) low = middle + 1;
    else high = middle;
  }
  const before = Math.max(0, low - 1);
  return ms - (tMs[before] ?? 0) < (tMs[low] ?? 0) - ms ? before : low;
}

/**
 * So many places of a series as a table can hold: of every stretch the one that matters most.
 *
 * @param isMore - whether the first matters more than the second.
 */
export function thinned(
  length: number,
  isMore: (a: number, b: number) => boolean,
  max = TABLE_ROWS_MAX,
): readonly number[] {
  const stretch = Math.max(1, Math.ceil(length / max));
  const places: number[] = [];
  for (let from = 0; from < length; from += stretch) {
    let best = from;
    for (let at = from + 1; at < Math.min(length, from + stretch); at += 1)
      if (isMore(at, best)) best = at;
    places.push(best);
  }
  return places;
}
