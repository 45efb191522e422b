import { lateComersAreStopped, noTaskIsDoubled, nothingIsLeftOpen } from '../checkers/attempts.js';
import { everyTaskEnds, successIsFinal } from '../checkers/tasks-end.js';
import { changed, late, repeated, run, without, type Planted } from './doctor.js';
import { honest } from './honest.js';
import { withHost } from '../spoil.js';

const hoarded = honest(withHost(() => ({ close: () => 'populated' })));

/** Bugs about how things end. */
export const ENDS: readonly Planted[] = [
  ['a task is told finished twice', everyTaskEnds, () => repeated('task-finished')],
  ['a task never finishes', everyTaskEnds, () => without('task-finished')],
  ['no enclosure ever empties', everyTaskEnds, () => hoarded],
  [
    'a success is thrown away',
    successIsFinal,
    () =>
      changed('attempt-ended', (event) =>
        event.verdict.kind === 'exit'
          ? { ...event, verdict: { kind: 'canceled', by: 'signal' } }
          : event,
      ),
  ],
  ['an attempt is admitted twice', noTaskIsDoubled, () => repeated('attempt-admitted')],
  ['an attempt is lost', noTaskIsDoubled, () => without('attempt-ended')],
  [
    'two attempts live at once on the machine',
    noTaskIsDoubled,
    () => ({
      ...run,
      lives: run.lives.map((life) => ({ ...life, openedAtMs: 0, emptiedAtMs: 10_000 })),
    }),
  ],
  [
    'something runs that nobody had let in',
    noTaskIsDoubled,
    () => ({ ...run, lives: [...run.lives, { ...run.lives[0]!, attempt: 99 }] }),
  ],
  [
    'an enclosure is there when the run has ended',
    nothingIsLeftOpen,
    () => ({ ...run, openAtEnd: [{ task: 'big.0', attempt: 1 }] }),
  ],
  [
    'a cgroup is never removed',
    nothingIsLeftOpen,
    () => ({ ...run, leftOpen: ['/fake-cgroup/a.1'] }),
  ],
  [
    'an enclosure is cleared away with a process in it',
    nothingIsLeftOpen,
    () => ({ ...run, lives: run.lives.map((life) => ({ ...life, emptiedAtMs: Infinity })) }),
  ],
  [
    'what was stopped on its way is forgotten',
    lateComersAreStopped,
    () => ({ ...late, signals: [] }),
  ],
];
