import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fromGuest } from '../harness/guest.js';
import { thisMachine } from '../harness/machine.js';
import { Samples, type Part } from '../harness/part.js';
import { compiled, ROOT } from '../harness/programs.js';
import type { Machine, Table } from '../harness/result.js';
import { percentile } from '../harness/stats.js';
import { hostSettings, type GuestReactions } from './settings.js';
import { reactions, type Reaction } from './trial.js';

const FIGURES = [
  { figure: 'signal p50', unit: 'ms', better: 'lower' },
  { figure: 'signal p99', unit: 'ms', better: 'lower' },
  { figure: 'free p50', unit: 'ms', better: 'lower' },
  { figure: 'free p99', unit: 'ms', better: 'lower' },
  { figure: 'crossings', unit: 'count', better: 'neither' },
] as const;

/** Crossings in each setting and round. */
const TRIALS = 12;
const QUICK_TRIALS = 3;
const GUEST_S = 1800;

const ABOUT =
  'From the moment in which a task has crossed a line until it is told to end (a process of it that holds no memory is gone) and until its memory is free. A budget of 1 GiB; busy: as many endless loops as processors. The line preempt is only answered after 300 ms above it. The p99 of so few crossings is the longest.';

/** How long memsched takes to answer when memory runs short. */
export const reaction: Part = {
  name: 'reaction',
  about: 'from crossing a threshold to the signal, and to the memory being free',
  rounds: 1,
  measure: async ({ rounds, isQuick, scratch, tell }) => {
    const cross = compiled('bench/reaction/cross.c', 'cross');
    const trials = (isQuick ? QUICK_TRIALS : TRIALS) * rounds;
    const here = new Samples(FIGURES);
    for (const setting of hostSettings(trials)) {
      tell(setting.name);
      const found = await reactions(setting, cross, scratch, availableParallelism());
      addReactions(here, setting.name, found);
    }
    const script = `${ROOT}.cache/bench/bench/reaction/in-guest.js`;
    const { machine, found } = await fromGuest<GuestReactions>(
      {
        memoryMib: 2048,
        seconds: GUEST_S,
        argv: [process.execPath, script, cross, String(trials)],
        out: join(scratch, 'guest'),
        tell,
      },
      'reactions.json',
    );
    const there = new Samples(FIGURES);
    for (const { setting, reactions: some } of found) addReactions(there, setting, some);
    return [
      tableOf('this host, no brake', thisMachine([]), here),
      tableOf('guest, cgroup tier', machine, there),
    ];
  },
};

/** The figures of the crossings in one setting. */
function addReactions(samples: Samples, name: string, found: readonly Reaction[]): void {
  const signals = found.map(({ signalMs }) => signalMs);
  const frees = found.map(({ freeMs }) => freeMs);
  samples.add(name, {
    'signal p50': percentile(signals, 0.5),
    'signal p99': percentile(signals, 0.99),
    'free p50': percentile(frees, 0.5),
    'free p99': percentile(frees, 0.99),
    crossings: found.length,
  });
}

function tableOf(name: string, machine: Machine, samples: Samples): Table {
  return { name, about: ABOUT, machine, series: samples.series(), absent: [] };
}
