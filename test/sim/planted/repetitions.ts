import { GiB } from '../../../src/util/bytes.js';
import { repetitionsAreBounded, requeuesAreKept } from '../checkers/bounds.js';
import { changed, repeated, type Planted } from './doctor.js';

/** Bugs about what is done again. */
export const REPETITIONS: readonly Planted[] = [
  ['a task is retried for ever', repetitionsAreBounded, () => repeated('task-requeued', 7)],
  [
    'preemptions are miscounted',
    repetitionsAreBounded,
    () =>
      changed('task-requeued', (event) =>
        event.cause.kind === 'preempted'
          ? { ...event, cause: { ...event.cause, preemptions: 4 } }
          : event,
      ),
  ],
  [
    'a back-off is not waited out',
    requeuesAreKept,
    () => changed('task-requeued', (event) => ({ ...event, notBeforeMs: 1e9 })),
  ],
  [
    'a floor is forgotten',
    requeuesAreKept,
    () => changed('task-requeued', (event) => ({ ...event, floorBytes: 100 * GiB })),
  ],
  [
    'a limit that had grown shrinks again',
    requeuesAreKept,
    () =>
      changed('attempt-admitted', (event) =>
        event.task === 'grower' && event.attempt > 1 ? { ...event, limitBytes: 1 } : event,
      ),
  ],
];
