import type { StackSeries } from '../report-data.js';

/** One band of the stack over time: from `low` to `high`, bytes, at each of its times. */
export interface Band {
  readonly key: number;
  readonly tMs: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** The band of what is used by those that are not listed by name. */
export const REST = -1;

/**
 * Stacks what each key used: of every time the keys in ascending order from the bottom, and on top what nobody listed
 * accounts for. A band begins and ends, without height, at the times next to those at which it was seen.
 *
 * @param keyOf - what an attempt counts as: itself, or its job.
 */
export function stackOf(
  { tMs, users, usedBytes }: StackSeries,
  keyOf: (attempt: number) => number,
): readonly Band[] {
  const columns = users.map((list, at) => columnOf(list, usedBytes[at] ?? 0, keyOf));
  const seen = new Map<number, { first: number; last: number }>();
  columns.forEach((column, at) => {
    for (const key of column.keys()) {
      const span = seen.get(key);
      if (span === undefined) seen.set(key, { first: at, last: at });
      else span.last = at;
    }
  });
  const starts = columns.map(startsOf);
  return [...seen]
    .sort(([a], [b]) => order(a) - order(b))
    .map(([key, { first, last }]) => {
      const from = Math.max(0, first - 1);
      const places = tMs.slice(from, last + 2).map((_, offset) => from + offset);
      const low = places.map((at) => starts[at]?.(key) ?? 0);
      return {
        key,
        tMs: tMs.slice(from, last + 2),
        low,
        high: places.map((at, place) => (low[place] ?? 0) + (columns[at]?.get(key) ?? 0)),
      };
    });
}

/** The rest lies on top. */
function order(key: number): number {
  return key === REST ? Infinity : key;
}

function columnOf(
  list: readonly number[],
  usedBytes: number,
  keyOf: (attempt: number) => number,
): ReadonlyMap<number, number> {
  const column = new Map<number, number>();
  let known = 0;
  for (let at = 0; at + 1 < list.length; at += 2) {
    const key = keyOf(list[at] ?? 0);
    const bytes = list[at + 1] ?? 0;
    column.set(key, (column.get(key) ?? 0) + bytes);
    known += bytes;
  }
  // Shared pages and what is on its way make small differences; only more than that is somebody's.
  if (usedBytes - known > usedBytes * 0.02) column.set(REST, usedBytes - known);
  return column;
}

/** Where the band of a key begins in a column, also of one that is not in it. */
function startsOf(column: ReadonlyMap<number, number>): (key: number) => number {
  const sorted = [...column].sort(([a], [b]) => order(a) - order(b));
  return (key) => {
    let sum = 0;
    for (const [other, bytes] of sorted) {
      if (order(other) >= order(key)) break;
      sum += bytes;
    }
    return sum;
  };
}
