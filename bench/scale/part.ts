import { execFileSync } from 'node:child_process';
import { thisMachine } from '../harness/machine.js';
import { Samples, type Part, type PartOptions } from '../harness/part.js';
import { BenchError, ROOT } from '../harness/programs.js';
import type { Table } from '../harness/result.js';
import { inOrderOf } from '../harness/rounds.js';
import type { TickCost } from '../tick/cost.js';
import { queueCost } from './queue.js';

const SIZES = [1000, 10_000, 100_000, 1_000_000];
const QUICK_SIZES = [1000, 10_000];
const WINDOW_MS = 5000;
/** Passes of the loop; of a million queued tasks each takes long. */
const PASSES = { most: 2000, withAMillion: 200 };

const QUEUE_FIGURES = [
  { figure: 'load', unit: 's', better: 'lower' },
  { figure: 'load a task', unit: 'ms', better: 'lower' },
  { figure: 'RSS', unit: 'bytes', better: 'lower' },
  { figure: 'most RSS of loading', unit: 'bytes', better: 'lower' },
  { figure: 'RSS a task', unit: 'bytes', better: 'lower' },
  { figure: 'tick, processor', unit: 'ms', better: 'lower' },
] as const;

const TICK_FIGURES = [
  { figure: 'tick p50', unit: 'ms', better: 'lower' },
  { figure: 'tick p99', unit: 'ms', better: 'lower' },
  { figure: 'longest', unit: 'ms', better: 'lower' },
  { figure: 'RSS', unit: 'bytes', better: 'lower' },
  { figure: 'running', unit: 'count', better: 'neither' },
] as const;

/** Whether a task costs as much in a long queue as in a short one. */
export const scale: Part = {
  name: 'scale',
  about: 'a thousand to a million queued tasks: loading, one pass of the loop, memory',
  rounds: 1,
  measure: async (options) => [await queueTable(options), tickTable(options)],
};

type Options = PartOptions & { readonly rounds: number };

async function queueTable({ rounds, isQuick, scratch, tell }: Options): Promise<Table> {
  const samples = new Samples(QUEUE_FIGURES);
  const absent: { row: string; why: string }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const tasks of inOrderOf(round, isQuick ? QUICK_SIZES : SIZES)) {
      const row = rowOf(tasks);
      tell(`queue of ${row}`);
      try {
        const { loadMs, rssBytes, loadRssBytes, tickCpuMs } = await queueCost(
          tasks,
          WINDOW_MS,
          scratch,
        );
        samples.add(row, {
          load: loadMs / 1000,
          'load a task': loadMs / tasks,
          RSS: rssBytes,
          'most RSS of loading': loadRssBytes,
          'RSS a task': rssBytes / tasks,
          'tick, processor': tickCpuMs,
        });
      } catch (error) {
        if (!(error instanceof BenchError)) throw error;
        absent.push({ row, why: error.message.replaceAll(/\s+/g, ' ').slice(0, 300) });
      }
    }
  }
  return {
    name: 'the program',
    about:
      'One jobfile of so many tasks, one at a time, the first of which never ends: from the start of the program until that one runs, then its cost while the others wait, a look every 100 ms.',
    machine: thisMachine([]),
    series: samples.series(),
    absent,
  };
}

function tickTable({ rounds, isQuick, tell }: Options): Table {
  const samples = new Samples(TICK_FIGURES);
  for (let round = 0; round < rounds; round += 1) {
    for (const tasks of inOrderOf(round, isQuick ? QUICK_SIZES : SIZES)) {
      tell(`passes of the loop with ${rowOf(tasks)}`);
      const { p50Ms, p99Ms, longestMs, rssBytes, running } = tickCost(tasks);
      samples.add(rowOf(tasks), {
        'tick p50': p50Ms,
        'tick p99': p99Ms,
        longest: longestMs,
        RSS: rssBytes,
        running,
      });
    }
  }
  return {
    name: 'one pass of the loop',
    about:
      'The decisions alone (bench/tick), tasks of 500 groups with profiles on 64 GiB, two of a hundred that run end in each pass; wall time of a pass.',
    machine: thisMachine([]),
    series: samples.series(),
    absent: [],
  };
}

/** In a process of its own, whose memory is nobody else's. */
function tickCost(tasks: number): TickCost {
  const ticks = tasks >= 1_000_000 ? PASSES.withAMillion : PASSES.most;
  const program = `${ROOT}.cache/bench/bench/tick/main.js`;
  const env = { ...process.env, BENCH_TASKS: String(tasks), BENCH_TICKS: String(ticks) };
  const printed = execFileSync(process.execPath, [program, '--json'], { env, encoding: 'utf8' });
  return JSON.parse(printed) as TickCost;
}

function rowOf(tasks: number): string {
  return `${tasks.toLocaleString('en')} tasks`;
}
