import type { ReportAttempt, StackSeries } from '../report-data.js';

/** One band of the stack over time: from `low` to `high`, bytes, at each of its times. */
export interface Band {
  readonly key: number;
  readonly tMs: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** The band of what is used by those that are not listed by name. */
export const REST = -1;
/** Shared pages and what is on its way make differences that are nobody's. */
const REST_SHARE = 0.02;
/** Beyond so many attempts their beginnings and ends lie closer than can be seen. */
const REFINED_MAX = 500;

/** Who used how much at one time, by the index of the attempt or {@link REST}. */
interface Column {
  readonly tMs: number;
  readonly bytes: ReadonlyMap<number, number>;
}

/**
 * Stacks what each key used: at every time the keys in ascending order from the bottom, and on top what nobody listed
 * accounts for. Between samples attempts begin and end when they did.
 *
 * @param keyOf - what an attempt counts as: itself, or its job.
 */
export function stackOf(
  series: StackSeries,
  attempts: readonly Pick<ReportAttempt, 'admittedMs' | 'endedMs'>[],
  keyOf: (attempt: number) => number,
): readonly Band[] {
  const samples = columnsOf(series);
  const columns = attempts.length > REFINED_MAX ? samples : refined(samples, attempts);
  return bandsOf(columns.map((column) => grouped(column, keyOf)));
}

function columnsOf({ tMs, users, usedBytes }: StackSeries): readonly Column[] {
  return users.map((list, at) => {
    const bytes = new Map<number, number>();
    let known = 0;
    for (let place = 0; place + 1 < list.length; place += 2) {
      const own = list[place + 1] ?? 0;
      bytes.set(list[place] ?? 0, own);
      known += own;
    }
    const used = usedBytes[at] ?? 0;
    if (used - known > used * REST_SHARE) bytes.set(REST, used - known);
    return { tMs: tMs[at] ?? 0, bytes };
  });
}

/** Adds columns where attempts begin (from nothing) and end (to nothing, with what they had last) between two samples. */
function refined(
  samples: readonly Column[],
  attempts: readonly Pick<ReportAttempt, 'admittedMs' | 'endedMs'>[],
): readonly Column[] {
  return samples.flatMap((from, at) => {
    const to = samples[at + 1];
    return to === undefined ? [from] : [from, ...between(from, to, attempts)];
  });
}

function between(
  from: Column,
  to: Column,
  attempts: readonly Pick<ReportAttempt, 'admittedMs' | 'endedMs'>[],
): readonly Column[] {
  const ends = new Map<number, number>();
  const begins = new Map<number, number>();
  for (const key of from.bytes.keys()) {
    const endedMs = attempts[key]?.endedMs ?? to.tMs;
    if (key !== REST && !to.bytes.has(key)) ends.set(key, Math.min(endedMs, to.tMs));
  }
  for (const key of to.bytes.keys()) {
    const admittedMs = attempts[key]?.admittedMs ?? from.tMs;
    if (key !== REST && !from.bytes.has(key)) begins.set(key, Math.max(admittedMs, from.tMs));
  }
  const valueAt = (key: number, ms: number, isAfter: boolean): number => {
    const end = ends.get(key);
    if (end !== undefined)
      return ms < end || (ms === end && !isAfter) ? (from.bytes.get(key) ?? 0) : 0;
    const begin = begins.get(key) ?? from.tMs;
    const share = Math.max(0, ms - begin) / Math.max(1, to.tMs - begin);
    const before = from.bytes.get(key) ?? 0;
    return before + share * ((to.bytes.get(key) ?? 0) - before);
  };
  const keys = new Set([...from.bytes.keys(), ...to.bytes.keys()]);
  const column = (ms: number, isAfter: boolean): Column => {
    const values = [...keys].map((key) => [key, valueAt(key, ms, isAfter)] as const);
    return { tMs: ms, bytes: new Map(values.filter(([, bytes]) => bytes > 0)) };
  };
  const times = [...new Set([...ends.values(), ...begins.values()])].sort((a, b) => a - b);
  return times.flatMap((ms) => [column(ms, false), column(ms, true)]);
}

function grouped({ tMs, bytes }: Column, keyOf: (attempt: number) => number): Column {
  const sums = new Map<number, number>();
  for (const [attempt, own] of bytes) {
    const key = attempt === REST ? REST : keyOf(attempt);
    sums.set(key, (sums.get(key) ?? 0) + own);
  }
  return { tMs, bytes: sums };
}

/** A band begins and ends, without height, in the columns next to those in which it is seen. */
function bandsOf(columns: readonly Column[]): readonly Band[] {
  const seen = new Map<number, { first: number; last: number }>();
  columns.forEach(({ bytes }, at) => {
    for (const key of bytes.keys()) {
      const span = seen.get(key);
      if (span === undefined) seen.set(key, { first: at, last: at });
      else span.last = at;
    }
  });
  const lows = columns.map(lowsOf);
  return [...seen]
    .sort(([a], [b]) => order(a) - order(b))
    .map(([key, { first, last }]) => {
      const from = Math.max(0, first - 1);
      const shown = columns.slice(from, last + 2);
      const low = shown.map((_, offset) => lows[from + offset]?.(key) ?? 0);
      return {
        key,
        tMs: shown.map(({ tMs }) => tMs),
        low,
        high: shown.map(({ bytes }, offset) => (low[offset] ?? 0) + (bytes.get(key) ?? 0)),
      };
    });
}

/** The rest lies on top. */
function order(key: number): number {
  return key === REST ? Infinity : key;
}

/** Where the band of a key begins in a column, also of one that is not in it. */
function lowsOf({ bytes }: Column): (key: number) => number {
  const sorted = [...bytes].sort(([a], [b]) => order(a) - order(b));
  return (key) => {
    let sum = 0;
    for (const [other, own] of sorted) {
      if (order(other) >= order(key)) break;
      sum += own;
    }
    return sum;
  };
}
