import { numbersAreNumbers, reasonsAreTrue } from '../checkers/reasons.js';
import { verdictsAreTrue } from '../checkers/verdicts.js';
import { admittedLike, changed, withCandidates, type Planted } from './doctor.js';

/** Bugs about what is said of decisions. */
export const REASONS: readonly Planted[] = [
  [
    'a number is not one',
    numbersAreNumbers,
    () => changed('sampled', (event) => ({ ...event, claimedBytes: NaN })),
  ],
  [
    'a number is one that JSON does not keep',
    numbersAreNumbers,
    () => changed('sampled', (event) => ({ ...event, claimedBytes: -0 })),
  ],
  [
    'a victim is not among its candidates',
    reasonsAreTrue,
    () => withCandidates((all) => all.filter(({ verdict }) => verdict.kind !== 'taken')),
  ],
  [
    'a candidate is said to use what it was not seen to use',
    reasonsAreTrue,
    () => withCandidates((all) => all.map((one) => ({ ...one, usedBytes: one.usedBytes + 1 }))),
  ],
  [
    'a decision rests on numbers that nobody has seen',
    reasonsAreTrue,
    () =>
      changed('level-changed', (event) => ({
        ...event,
        reason: { ...event.reason, numbers: { ...event.reason.numbers, usedBytes: 1 } },
      })),
  ],
  [
    'a level is entered far from its line',
    reasonsAreTrue,
    () =>
      changed('level-changed', (event) => ({
        ...event,
        reason: { ...event.reason, rule: 'usage', line: 1 },
      })),
  ],
  [
    'those who run are not counted when another is let in',
    reasonsAreTrue,
    () => admittedLike(() => ({ claimedBytes: 0 })),
  ],
  [
    'a task waits for what is there',
    reasonsAreTrue,
    () =>
      changed('task-waits', (event) => ({
        ...event,
        reason: { kind: 'cpus', wanted: 1, inUse: 0, capacity: 8 },
      })),
  ],
  [
    'a task is timed out before its time',
    reasonsAreTrue,
    () =>
      changed('attempt-stopping', (event) => ({
        ...event,
        reason: { kind: 'timed-out', timeoutMs: 1e6, ranMs: 1e6 },
      })),
  ],
  [
    'a task of ours is called killed from outside',
    verdictsAreTrue,
    () =>
      changed('attempt-ended', (event) => ({
        ...event,
        verdict: { kind: 'external-signal', signal: 'SIGKILL' },
      })),
  ],
];
