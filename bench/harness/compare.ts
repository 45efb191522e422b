import type { BenchResult, PartResult, Series, Table, Unit } from './result.js';
import { aligned } from './tables.js';
import { valueText } from './format.js';
import { spreadOf, type Spread } from './stats.js';

/** A figure of now against the same of a baseline. */
export interface Comparison {
  readonly part: string;
  readonly table: string;
  readonly row: string;
  readonly figure: string;
  readonly unit: Unit;
  readonly before: Spread;
  readonly now: Spread;
  /**
   * Now to before: of the medians; the smallest and the largest that the samples allow. 1 where both are nothing, and
   * Infinity where only the one before is.
   */
  readonly ratio: Spread;
  readonly verdict: 'worse' | 'better' | 'alike';
}

/** All that two results have in common, and what was measured on a machine that is not the same. */
export interface Comparisons {
  readonly rows: readonly Comparison[];
  /** `part: table`. */
  readonly otherMachine: readonly string[];
  /** `part: table: row` of what the baseline has in a table of both, and now is not there: it was cut off, or could not run. */
  readonly missing: readonly string[];
}

/** Differences that are less than this are noise, whatever their ratio. */
const NOISE: Readonly<Record<Unit, number>> = {
  s: 0.05,
  ms: 1,
  bytes: 2 ** 20,
  share: 0.005,
  count: 0,
  times: 0.01,
  'per second': 1,
};

/**
 * Results against a baseline. A figure is worse when the ratio of the medians is beyond the threshold and the samples
 * do not overlap: one that varies more than that shows nothing.
 *
 * @param threshold - more than 1: 1.1 allows a tenth.
 */
export function compare(now: BenchResult, before: BenchResult, threshold: number): Comparisons {
  const rows: Comparison[] = [];
  const otherMachine: string[] = [];
  const missing: string[] = [];
  for (const [part, table, old] of commonTables(now.parts, before.parts)) {
    const found = table.series.flatMap((series) => {
      const other = old.series.find(
        (one) => one.row === series.row && one.figure === series.figure,
      );
      if (other === undefined || series.better === 'neither') return [];
      return [comparisonOf(part, table.name, series, other, threshold)];
    });
    if (found.length > 0 && isOtherMachine(table, old)) otherMachine.push(`${part}: ${table.name}`);
    rows.push(...found);
    missing.push(...rowsMissing(table, old).map((row) => `${part}: ${table.name}: ${row}`));
  }
  return { rows, otherMachine, missing };
}

function rowsMissing(now: Table, before: Table): readonly string[] {
  const there = new Set(now.series.map(({ row }) => row));
  return [...new Set(before.series.map(({ row }) => row))].filter((row) => !there.has(row));
}

function commonTables(
  now: readonly PartResult[],
  before: readonly PartResult[],
): [part: string, now: Table, before: Table][] {
  return now.flatMap(({ part, isQuick, tables }) =>
    tables.flatMap((table): [string, Table, Table][] => {
      const other = before
        .find((one) => one.part === part && one.isQuick === isQuick)
        ?.tables.find(({ name }) => name === table.name);
      return other === undefined ? [] : [[part, table, other]];
    }),
  );
}

function isOtherMachine({ machine: a }: Table, { machine: b }: Table): boolean {
  return (
    a.where !== b.where ||
    a.processor !== b.processor ||
    a.cores !== b.cores ||
    a.kernel !== b.kernel ||
    Math.abs(a.memoryBytes / b.memoryBytes - 1) > 0.02
  );
}

function comparisonOf(
  part: string,
  table: string,
  series: Series,
  other: Series,
  threshold: number,
): Comparison {
  const { row, figure, unit, better } = series;
  const now = spreadOf(series.samples);
  const before = spreadOf(other.samples);
  const ratio = {
    median: ratioOf(now.median, before.median),
    min: ratioOf(now.min, before.max),
    max: ratioOf(now.max, before.min),
  };
  const isMore = ratio.median > threshold && now.min > before.max;
  const isLess = ratio.median < 1 / threshold && now.max < before.min;
  const moved = Math.abs(now.median - before.median) > NOISE[unit] && (isMore || isLess);
  const verdict = !moved ? 'alike' : isMore === (better === 'lower') ? 'worse' : 'better';
  return { part, table, row, figure, unit, before, now, ratio, verdict };
}

function ratioOf(now: number, before: number): number {
  return now === before ? 1 : now / before;
}

/** The comparison as a table for people, and what is worse in a line each. */
export function comparisonText(
  { rows, otherMachine, missing }: Comparisons,
  threshold: number,
): string {
  if (rows.length === 0 && missing.length === 0)
    return 'Nothing in these results is in the baseline, too.';
  const lines = rows.map(({ part, table, row, figure, unit, before, now, ratio, verdict }) => [
    `${part}: ${table}: ${row}: ${figure}`,
    valueText(before.median, unit),
    valueText(now.median, unit),
    `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)})`,
    verdict,
  ]);
  const worse = rows.filter(({ verdict }) => verdict === 'worse').length;
  return [
    aligned([['', 'before', 'now', 'ratio', ''], ...lines]),
    ...otherMachine.map(
      (name) => `${name} was measured on another machine: its ratios say little.`,
    ),
    ...missing.map((name) => `${name} was there, and is not any more.`),
    worse === 0
      ? `Nothing is worse by more than ${threshold.toFixed(2)} times.`
      : `${worse} figures are worse by more than ${threshold.toFixed(2)} times.`,
  ].join('\n');
}
