import type { Candidate } from '../../../src/core/reasons.js';
import { brakeStaysAboveUse } from '../checkers/brake.js';
import { budgetIsRespected } from '../checkers/budget.js';
import { levelZeroIsLeftAlone, victimsGoInOrder } from '../checkers/preemption.js';
import { ofAnotherPlan, run, withCandidates, type Planted } from './doctor.js';

/** Bugs about memory, and whom it costs. */
export const MEMORY: readonly Planted[] = [
  [
    'nobody is preempted over the critical line',
    budgetIsRespected,
    () => ({
      ...run,
      trace: run.trace.map((point) => ({
        ...point,
        usedBytes: point.budgetBytes,
        workers: ['big.1', 'big.2'],
        lastAskedMs: -Infinity,
      })),
    }),
  ],
  [
    'the brake is drawn below use',
    brakeStaysAboveUse,
    () => ({
      ...run,
      treeWrites: run.treeWrites.map((write) => ({ ...write, highBytes: write.usedBytes * 0.9 })),
    }),
  ],
  [
    'the ceiling is set below use',
    brakeStaysAboveUse,
    () => ({
      ...run,
      treeWrites: run.treeWrites.map((write) => ({ ...write, maxBytes: write.usedBytes - 1 })),
    }),
  ],
  [
    'a level-0 task is preempted',
    levelZeroIsLeftAlone,
    () => ofAnotherPlan(() => ({ preemptible: 0 })),
  ],
  [
    'a task is signalled without a decision',
    levelZeroIsLeftAlone,
    () => ({
      ...run,
      signals: [...run.signals, { task: 'last', attempt: 1, tMs: 10, signal: 'SIGTERM' }],
    }),
  ],
  [
    'another one goes than whose turn it is',
    victimsGoInOrder,
    () =>
      ofAnotherPlan(({ id, preemptible }) => ({
        preemptible: preemptible > 0 && id < 'big.4' ? 4 : preemptible,
      })),
  ],
  ['all of them go', victimsGoInOrder, () => withCandidates((all) => all.map(asTaken))],
  [
    'somebody is not even looked at',
    victimsGoInOrder,
    () => withCandidates((all) => all.slice(0, 1)),
  ],
];

function asTaken(candidate: Candidate): Candidate {
  return { ...candidate, verdict: { kind: 'taken', rank: 1, effectiveLevel: 2 } };
}
