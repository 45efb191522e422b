import { GiB } from '../../../src/util/bytes.js';
import { capsAreRespected, claimsAreRespected } from '../checkers/caps.js';
import { needsAreRespected } from '../checkers/needs.js';
import { nobodyIdlesInVain, nobodyStarves } from '../checkers/turns.js';
import { first, admittedLike, ofAnotherPlan, withEvents, type Planted } from './doctor.js';

const admitted = first('attempt-admitted');

/** Bugs about who is let in. */
export const ADMISSION: readonly Planted[] = [
  [
    'a resource is given out twice',
    capsAreRespected,
    () => ofAnotherPlan(() => ({ resources: { gpu: 1 } })),
  ],
  ['processors are given out twice', capsAreRespected, () => ofAnotherPlan(() => ({ cpus: 8 }))],
  [
    'a concurrency group is overfilled',
    capsAreRespected,
    () => ofAnotherPlan(() => ({ concurrency: 'net' })),
  ],
  [
    'a task is let in that does not fit',
    claimsAreRespected,
    () => admittedLike(() => ({ rule: 'fits', claimedBytes: 100 * GiB })),
  ],
  [
    'the progress rule is used while others run',
    claimsAreRespected,
    () => admittedLike(() => ({ rule: 'progress' })),
  ],
  [
    'a task starts before its needs',
    needsAreRespected,
    () => ofAnotherPlan(({ job }) => ({ needs: job === 'big' ? ['last'] : [] })),
  ],
  [
    'a task at the head is passed for ever',
    nobodyStarves,
    () =>
      withEvents((events) => [
        ...events.filter((event) => !('task' in event) || event.task !== 'big.0'),
        ...Array.from({ length: 3 }, (_, at) => ({
          ...admitted,
          task: 'last',
          tMs: 1000 + 400_000 * at,
          reason: { ...admitted.reason, passed: 1 },
        })),
      ]),
  ],
  [
    'nobody runs although someone could',
    nobodyIdlesInVain,
    () => withEvents((events) => events.map((event) => ({ ...event, tMs: event.tMs + 60_000 }))),
  ],
];
