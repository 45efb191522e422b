import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { thisMachine } from '../harness/machine.js';
import { Samples, type Part } from '../harness/part.js';
import { needPrograms } from '../harness/programs.js';
import { inOrderOf } from '../harness/rounds.js';
import { playReal, type RealContestant, type RealStage } from './contest.js';
import { realTasks } from './inputs.js';

const FIGURES = [
  { figure: 'wall', unit: 's', better: 'lower' },
  { figure: 'peak', unit: 'bytes', better: 'lower' },
  { figure: 'peak of budget', unit: 'share', better: 'neither' },
] as const;

const SIZE = { each: 5, mib: 8 };
const QUICK_SIZE = { each: 1, mib: 2 };
const SEED = 1;
/** So little that two or three of the larger ones fill it. */
const BUDGET_MIB = 768;

/** Real programs on made-up inputs, where processors are what there is least of. */
export const real: Part = {
  name: 'real',
  about: 'xz, sort, g++, node and python3 on generated inputs, on this host',
  rounds: 2,
  measure: async ({ rounds, isQuick, scratch, tell }) => {
    needPrograms('xz', 'sort', 'g++', 'python3', 'parallel', 'xargs', 'make');
    const inputs = join(scratch, 'inputs');
    const tasks = realTasks(inputs, isQuick ? QUICK_SIZE : SIZE, SEED);
    const stage: RealStage = { tasks, inputs, scratch, budgetMib: BUDGET_MIB };
    const samples = new Samples(FIGURES);
    const field = fieldOf(availableParallelism());
    // What is known in the later runs is what one run has shown; and every program has been read from disk once.
    await playReal(KNOWING, stage);
    for (let round = 0; round < rounds; round += 1) {
      for (const contestant of inOrderOf(round, field)) {
        const { wallMs, peakBytes } = await playReal(contestant, stage);
        tell(`${contestant.name}: ${(wallMs / 1000).toFixed(1)} s`);
        samples.add(contestant.name, {
          wall: wallMs / 1000,
          peak: peakBytes,
          'peak of budget': peakBytes / (BUDGET_MIB * 2 ** 20),
        });
      }
    }
    return [
      {
        name: 'real programs',
        about: `${tasks.length} tasks: \`xz -9\`, \`sort -S 512M\`, \`g++ -O1\`, node and python3, on inputs made from a seed. memsched has a budget of ${BUDGET_MIB} MiB and is told nothing of the tasks; the others have no budget, and are told how many at a time. Peak: anonymous memory of all programs together, looked at every 100 ms.`,
        machine: thisMachine(['parallel', 'xargs', 'make', 'xz', 'sort', 'g++', 'python3']),
        series: samples.series(),
        absent: [],
      },
    ];
  },
};

const KNOWING: RealContestant = { kind: 'memsched', name: 'memsched, known', profiles: 'kept' };

function fieldOf(nproc: number): RealContestant[] {
  return [
    { kind: 'memsched', name: 'memsched, first run', profiles: 'none yet' },
    KNOWING,
    { kind: 'parallel', name: `parallel -j${nproc} (nproc)`, jobs: nproc },
    { kind: 'parallel', name: `parallel -j${2 * nproc}`, jobs: 2 * nproc },
    { kind: 'xargs', name: `xargs -P${nproc} (nproc)`, jobs: nproc },
    { kind: 'make', name: `make -j${nproc} (nproc)`, jobs: nproc },
  ];
}
