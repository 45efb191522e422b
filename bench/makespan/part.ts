import { join } from 'node:path';
import { fromGuest } from '../harness/guest.js';
import { thisMachine } from '../harness/machine.js';
import { Samples, type Part } from '../harness/part.js';
import { compiled, needPrograms, ROOT } from '../harness/programs.js';
import type { Machine, Table } from '../harness/result.js';
import { median } from '../harness/stats.js';
import type { GuestReport } from './guest-report.js';
import { boundMsOf, lengthMsOf, piles, type Pile } from './workloads.js';

/** What one sees of each contestant. */
const FIGURES = [
  { figure: 'to the bound', unit: 'times', better: 'lower' },
  { figure: 'tasks', unit: 's', better: 'lower' },
  { figure: 'wall', unit: 's', better: 'lower' },
  { figure: 'OOM kills', unit: 'count', better: 'lower' },
  { figure: 'kills', unit: 'count', better: 'neither' },
  { figure: 'thrown away', unit: 'share', better: 'lower' },
  { figure: 'peak of budget', unit: 'share', better: 'neither' },
  { figure: 'not done', unit: 'count', better: 'lower' },
] as const;

/** A guest lives no longer than this. */
const MOST_GUEST_S = 3600;

/** Piles of tasks with memory curves, real processes in a guest, through memsched and its peers. */
export const makespan: Part = {
  name: 'makespan',
  about: 'piles of tasks with memory curves in a guest: memsched, parallel, xargs, make',
  rounds: 1,
  measure: async ({ rounds, isQuick, scratch, tell }) => {
    needPrograms('parallel', 'xargs', 'make');
    const replay = compiled('bench/makespan/replay.c', 'replay');
    const tables: Table[] = [];
    for (const pile of piles(isQuick)) {
      const script = `${ROOT}.cache/bench/bench/makespan/in-guest.js`;
      const mode = isQuick ? 'quick' : 'full';
      const report = await fromGuest<GuestReport>(
        {
          memoryMib: pile.guestMib,
          seconds: MOST_GUEST_S,
          argv: [process.execPath, script, pile.name, mode, String(rounds), replay],
          out: join(scratch, pile.name.replaceAll(/\W+/g, '-')),
          tell,
        },
        'scores.json',
      );
      tables.push(tableOf(pile, withVersions(report, thisMachine(['qemu-system-x86_64', 'gcc']))));
    }
    return tables;
  },
};

/**
 * The scores as a table. The bound is that of memsched's budget: what is beyond it is left for others, and one who uses
 * it, too, can be faster than a bound.
 *
 * @throws RangeError when memsched did not run.
 */
export function tableOf(pile: Pile, { machine, scores }: GuestReport): Table {
  const budgetBytes = median(scores.flatMap(({ budgetBytes }) => budgetBytes ?? []));
  const boundMs = boundMsOf(pile, budgetBytes);
  const samples = new Samples(FIGURES);
  for (const score of scores) {
    samples.add(score.isCutOff ? `${score.name}, cut off` : score.name, {
      'to the bound': score.makespanMs / boundMs,
      tasks: score.makespanMs / 1000,
      wall: score.wallMs / 1000,
      'OOM kills': score.oomKills,
      kills: score.kills,
      'thrown away': score.thrownAwayShare,
      'peak of budget': score.peakBytes / budgetBytes,
      'not done': score.left,
    });
  }
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const alone = pile.tasks.reduce((sum, task) => sum + lengthMsOf(task), 0);
  return {
    name: pile.name,
    about: [
      `${pile.tasks.length} tasks (${pile.about}) in a guest with ${pile.guestMib} MiB, no swap; one after the other they take ${seconds(alone)}.`,
      `No schedule takes less than ${seconds(boundMs)} in memsched's budget of ${(budgetBytes / 2 ** 20).toFixed(0)} MiB, ${seconds(boundMsOf(pile, machine.memoryBytes))} in all of the memory.`,
      `Tasks: from the first start to the last end; wall: with all that a tool needs to start.`,
      `Who is told a number gets the best one that was tried without an OOM kill; killed tasks are begun again (parallel \`--retries\`, the others started again).`,
      `Kills: attempts ended by the tool. Thrown away: their memory over time, and that of the OOM killer's, of what had to be done.`,
    ].join(' '),
    machine,
    series: samples.series(),
    absent: [],
  };
}

/** What a guest knows of itself, and the versions of what it is run and made with. */
function withVersions(report: GuestReport, { versions }: Machine): GuestReport {
  const { machine } = report;
  return { ...report, machine: { ...machine, versions: { ...machine.versions, ...versions } } };
}
