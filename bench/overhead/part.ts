import { join } from 'node:path';
import { fromGuest } from '../harness/guest.js';
import { thisMachine } from '../harness/machine.js';
import { Samples, type Part } from '../harness/part.js';
import { BenchError, ROOT } from '../harness/programs.js';
import type { Machine, Table } from '../harness/result.js';
import { inOrderOf } from '../harness/rounds.js';
import type { GuestCosts } from './in-guest.js';
import { runningCost, type RunningCost } from './running.js';
import { startUpTable } from './start-up.js';

const FIGURES = [
  { figure: 'processor', unit: 'share', better: 'lower' },
  { figure: 'RSS', unit: 'bytes', better: 'lower' },
  { figure: 'RSS of the helper', unit: 'bytes', better: 'lower' },
] as const;

const COUNTS = [10, 100, 1000];
const QUICK_COUNTS = [10];
const WINDOW_MS = 10_000;
const QUICK_WINDOW_MS = 2000;
/** Starts a round. */
const STARTS = 10;
const GUEST_MIB = 3072;
const GUEST_S = 3000;

const ABOUT =
  'A supervisor with so many running tasks that only sleep, at the default interval of 100 ms, of which most looks are a glance as nothing moves, half a minute after the last was started: share of one processor (all threads), and its memory.';

/** What memsched itself costs. */
export const overhead: Part = {
  name: 'overhead',
  about: 'processor and memory of the supervisor with 10 to 1,000 running tasks; start-up',
  rounds: 1,
  measure: async ({ rounds, isQuick, scratch, tell }) => {
    const startUp = startUpTable(isQuick ? 3 : STARTS * rounds, scratch);
    const counts = isQuick ? QUICK_COUNTS : COUNTS;
    const windowMs = isQuick ? QUICK_WINDOW_MS : WINDOW_MS;
    const onHost = await hostTable(rounds, counts, windowMs, scratch, tell);
    const script = `${ROOT}.cache/bench/bench/overhead/in-guest.js`;
    const repeated = Array.from({ length: rounds }, () => counts).flat();
    const { machine, costs, absent } = await fromGuest<GuestCosts>(
      {
        memoryMib: GUEST_MIB,
        seconds: GUEST_S,
        argv: [process.execPath, script, String(windowMs), ...repeated.map(String)],
        out: join(scratch, 'guest'),
        tell,
      },
      'costs.json',
    );
    const inGuest = new Samples(FIGURES);
    for (const cost of costs) inGuest.add(`cgroup, ${cost.tasks} tasks`, figuresOf(cost));
    const notThere = absent.map(({ tasks, why }) => ({ row: `cgroup, ${tasks} tasks`, why }));
    return [startUp, onHost, tableOf('running tasks, guest', machine, inGuest, notThere)];
  },
};

async function hostTable(
  rounds: number,
  counts: readonly number[],
  windowMs: number,
  scratch: string,
  tell: (line: string) => void,
): Promise<Table> {
  const samples = new Samples(FIGURES);
  const absent: { row: string; why: string }[] = [];
  const cases = counts.flatMap((tasks) =>
    ['hybrid', 'procfs'].map((tier) => ({ tasks, tier, row: `${tier}, ${tasks} tasks` })),
  );
  for (let round = 0; round < rounds; round += 1) {
    for (const { tasks, tier, row } of inOrderOf(round, cases)) {
      tell(row);
      try {
        samples.add(row, figuresOf(await runningCost(tasks, ['--tier', tier], windowMs, scratch)));
      } catch (error) {
        if (!(error instanceof BenchError)) throw error;
        absent.push({ row, why: error.message.replaceAll(/\s+/g, ' ') });
      }
    }
  }
  return tableOf('running tasks, this host', thisMachine(['perl']), samples, absent);
}

function figuresOf({ cpuShare, rssBytes, helperRssBytes }: RunningCost): Record<string, number> {
  return { processor: cpuShare, RSS: rssBytes, 'RSS of the helper': helperRssBytes };
}

function tableOf(name: string, machine: Machine, samples: Samples, absent: Table['absent']): Table {
  return { name, about: ABOUT, machine, series: samples.series(), absent };
}
