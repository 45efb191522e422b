import type { Bar, Chart } from '../harness/chart.js';
import { machineLine } from '../harness/machine.js';
import type { PartResult, Series, Table } from '../harness/result.js';
import { spreadOf } from '../harness/stats.js';

/** What memsched's rows are called. */
export const memsched = { first: 'memsched, first run', second: 'memsched, second run' } as const;

/** Of the numbers of tasks at once that were tried, more than these make a chart long and say little. */
const MOST_PEERS = 7;

/** Whether a row is another tool's, and got through with no OOM kill in any round. */
export function isSafePeer(table: Table, row: string): boolean {
  return !row.startsWith('memsched') && !isUnsafe(table, row);
}

/** The main table as a chart: makespan to the lower bound, fastest first. */
export function makespanChart({ tables, rounds }: PartResult): Chart {
  const first = tables[0];
  const spread = rounds === 1 ? 'one round' : `medians of ${rounds} rounds, lines: all of them`;
  const where = first === undefined ? '' : ` ${machineLine(first.machine)}.`;
  return {
    title: 'Time for a pile of tasks, as a multiple of what no schedule can beat',
    description: `Horizontal bars, shorter is better; dashed and hollow where the OOM killer struck or tasks were left undone. ${spread}.${where}`,
    one: 'lower bound',
    groups: tables.map((table) => ({
      title: `${table.name} (${tasksIn(table)}, ${spread})`,
      bars: barsOf(table),
    })),
  };
}

function tasksIn({ about }: Table): string {
  return /^\d+ tasks/.exec(about)?.[0] ?? '';
}

/**
 * memsched, every row that is told how much memory or how many at a time, the number users guess, and the two fastest of
 * the numbers tried, whether or not they were safe.
 */
function barsOf(table: Table): Bar[] {
  const bars = table.series
    .filter(({ figure }) => figure === 'to the bound')
    .map((series) => barOf(table, series))
    .toSorted((a, b) => a.value - b.value);
  const isTried = ({ label }: Bar): boolean => /^parallel -j\d+(?:, cut off)?$/.test(label);
  const tried = new Set(bars.filter(isTried).slice(0, 2));
  const others = bars.filter((bar) => bar.kind !== 'ours' && (!isTried(bar) || tried.has(bar)));
  const kept = new Set([
    ...bars.filter(({ kind }) => kind === 'ours'),
    ...others.slice(0, MOST_PEERS),
  ]);
  const guessed = bars.filter(({ label }) => label.includes('(nproc)'));
  return bars.filter((bar) => kept.has(bar) || guessed.includes(bar));
}

function barOf(table: Table, { row, samples }: Series): Bar {
  const { median, min, max } = spreadOf(samples);
  const ours = row.startsWith('memsched');
  const kills = most(table, row, 'OOM kills');
  const left = most(table, row, 'not done');
  const remarks = [
    ...(kills > 0 ? [`${kills} OOM kill${kills === 1 ? '' : 's'}`] : []),
    ...(left > 0 ? [`${left} not done`] : []),
  ];
  return {
    label: row,
    value: median,
    min,
    max,
    kind: isUnsafe(table, row) ? 'unsafe' : ours ? 'ours' : 'peer',
    ...(remarks.length === 0 ? {} : { remark: remarks.join(', ') }),
  };
}

function isUnsafe(table: Table, row: string): boolean {
  return most(table, row, 'OOM kills') > 0 || most(table, row, 'not done') > 0;
}

function most(table: Table, row: string, figure: string): number {
  const found = table.series.find((series) => series.row === row && series.figure === figure);
  return found === undefined ? 0 : Math.max(...found.samples);
}
