import { valueText } from './harness/format.js';
import { samplesOf, type BenchResult, type Table, type Unit } from './harness/result.js';
import { mean, median } from './harness/stats.js';
import { isSafePeer, memsched } from './makespan/chart.js';
import { UNTOLD_PEERS } from './makespan/untold.js';

/** What memsched is to reach, and whether it does. */
export interface Verdict {
  readonly target: string;
  /** As measured; undefined where it was not. */
  readonly value: string | undefined;
  readonly isMet: boolean | undefined;
}

interface Target {
  readonly target: string;
  readonly unit: Unit;
  readonly bound: 'at most' | 'at least';
  readonly limit: number;
  /** Undefined where what it needs was not measured. */
  readonly of: (result: BenchResult) => number | undefined;
}

const MIB = 2 ** 20;

const TARGETS: readonly Target[] = [
  most('mean makespan of the piles, second run, to the bound', 1.15, 'times', (result) =>
    meanOfPiles(result, memsched.second, 'to the bound'),
  ),
  most('mean makespan of the piles, first run, to the bound', 1.4, 'times', (result) =>
    meanOfPiles(result, memsched.first, 'to the bound'),
  ),
  {
    target:
      'best peer that is told nothing and has no OOM kill, to the second run, mean of the piles',
    unit: 'times',
    bound: 'at least',
    limit: 1.5,
    of: gainOverUntold,
  },
  most('OOM kills of memsched, all piles and rounds', 0, 'count', (result) => {
    const runs = [memsched.first, memsched.second].map((row) =>
      overPiles(result, row, 'OOM kills'),
    );
    const all = runs.flatMap((some) => some ?? []).flat();
    return all.length === 0 ? undefined : all.reduce((sum, kills) => sum + kills, 0);
  }),
  most('work thrown away, second run, mean of the piles', 0.02, 'share', (result) =>
    meanOfPiles(result, memsched.second, 'thrown away'),
  ),
  most('work thrown away, first run, mean of the piles', 0.08, 'share', (result) =>
    meanOfPiles(result, memsched.first, 'thrown away'),
  ),
  ...[100, 1000].map((tasks) =>
    most(
      `supervisor, ${tasks.toLocaleString('en')} running tasks, of a processor`,
      tasks === 100 ? 0.01 : 0.08,
      'share',
      (result) => onHost(result, tasks, 'processor'),
    ),
  ),
  most('RSS, 1,000 running tasks', 90 * MIB, 'bytes', (result) => onHost(result, 1000, 'RSS')),
  most('RSS, 100,000 queued tasks', 250 * MIB, 'bytes', (result) =>
    middle(result, 'scale', 'the program', '100,000 tasks', 'RSS'),
  ),
  most('start-up of `memsched exec -- true` to bare node', 2.5, 'times', (result) =>
    middle(result, 'overhead', 'start-up', 'memsched exec -- true', 'to node -e 0'),
  ),
  {
    target: 'spawn rate to `parallel -j2`',
    unit: 'times',
    bound: 'at least',
    limit: 1.5,
    of: (result) => middle(result, 'spawn', 'spawn rate', 'memsched, argv', 'to parallel -j2'),
  },
  most('reaction by polling every 100 ms, p99, until the signal', 110, 'ms', (result) =>
    middle(
      result,
      'reaction',
      'this host, no brake',
      'critical, polling 100 ms, idle',
      'signal p99',
    ),
  ),
  most('reaction by event, p99, until the signal (emulated guest)', 20, 'ms', (result) =>
    middle(
      result,
      'reaction',
      'guest, cgroup tier',
      'brake and inotify, polling 4 s, idle',
      'signal p99',
    ),
  ),
];

/** Each target, held against what was measured. */
export function verdictsOn(result: BenchResult): Verdict[] {
  return TARGETS.map(({ target, unit, bound, limit, of }) => {
    const value = of(result);
    const name = `${target}: ${bound} ${valueText(limit, unit)}`;
    if (value === undefined) return { target: name, value: undefined, isMet: undefined };
    const isMet = bound === 'at most' ? value <= limit : value >= limit;
    return { target: name, value: valueText(value, unit), isMet };
  });
}

function most(target: string, limit: number, unit: Unit, of: Target['of']): Target {
  return { target, unit, bound: 'at most', limit, of };
}

function middle(
  result: BenchResult,
  part: string,
  table: string,
  row: string,
  figure: string,
): number | undefined {
  const samples = samplesOf(result, { part, table, row, figure });
  return samples === undefined ? undefined : median(samples);
}

function onHost(result: BenchResult, tasks: number, figure: string): number | undefined {
  const found = ['hybrid', 'procfs'].flatMap(
    (tier) =>
      middle(result, 'overhead', 'running tasks, this host', `${tier}, ${tasks} tasks`, figure) ??
      [],
  );
  return found.length === 0 ? undefined : Math.max(...found);
}

/** The samples of a row in each pile; undefined where one pile has none. */
function overPiles(
  result: BenchResult,
  row: string,
  figure: string,
): (readonly number[])[] | undefined {
  const tables = pilesIn(result);
  const all = tables.flatMap(({ name: table }) => {
    const samples = samplesOf(result, { part: 'makespan', table, row, figure });
    return samples === undefined ? [] : [samples];
  });
  return all.length === 0 || all.length < tables.length ? undefined : all;
}

function meanOfPiles(result: BenchResult, row: string, figure: string): number | undefined {
  const all = overPiles(result, row, figure);
  return all === undefined ? undefined : mean(all.map(median));
}

/**
 * How many times as long as memsched's second run the best of the peers took that are told nothing and had no OOM kill in
 * any pile, mean of the piles.
 */
function gainOverUntold(result: BenchResult): number | undefined {
  const tables = pilesIn(result);
  if (tables.length === 0) return undefined;
  const gains = UNTOLD_PEERS.flatMap((peer) => {
    const ofTables = tables.flatMap((table) => {
      const row = peer(table);
      const gain = row === undefined ? undefined : gainOver(result, table, [row]);
      return gain === undefined ? [] : [gain];
    });
    return ofTables.length < tables.length ? [] : [mean(ofTables)];
  });
  return gains.length === 0 ? undefined : Math.min(...gains);
}

/** The same of the best in each pile, whatever it is told: also the best number, found by trying them all. */
export function gainOverBest(result: BenchResult): number | undefined {
  const tables = pilesIn(result);
  const gains = tables.flatMap((table) => {
    const rows = [...new Set(table.series.map(({ row }) => row))];
    return gainOver(result, table, rows) ?? [];
  });
  return gains.length === 0 || gains.length < tables.length ? undefined : mean(gains);
}

/** How many times as long as memsched's second run the fastest of these rows took, of those without an OOM kill. */
function gainOver(result: BenchResult, table: Table, rows: readonly string[]): number | undefined {
  const of = (row: string): number =>
    middle(result, 'makespan', table.name, row, 'to the bound') ?? Infinity;
  const best = Math.min(...rows.filter((row) => isSafePeer(table, row)).map(of));
  const ours = of(memsched.second);
  return ours === Infinity || best === Infinity ? undefined : best / ours;
}

function pilesIn(result: BenchResult): readonly Table[] {
  return result.parts.find(({ part }) => part === 'makespan')?.tables ?? [];
}
