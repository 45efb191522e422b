import type { RunEvent } from '../../../src/core/events.js';
import { reasonsAreTrue } from '../checkers/reasons.js';
import {
  frostIsDecided,
  frostIsReal,
  frozenAreTheNewest,
  frozenAreThawedToSave,
  frozenGoOnFirst,
  neverAllAreFrozen,
} from '../checkers/suspension.js';
import type { Recording } from '../recording.js';
import { withHost } from '../spoil.js';
import { isA, type Planted } from './doctor.js';
import { frosted } from './honest.js';

/** A run in which attempts are frozen and go on. */
export const frosty = frosted();

const deaf = frosted(withHost(() => ({ freeze: () => undefined })));

const hasty = frosted(
  withHost((host) => ({
    freeze: (ref) => {
      host.freeze(ref);
      host.tell(ref, 'SIGUSR1');
    },
  })),
);

/** The same run, its events told differently. */
function told(change: (event: RunEvent) => RunEvent | undefined): Recording {
  const events = structuredClone([...frosty.events]);
  return { ...frosty, events: events.flatMap((event) => change(event) ?? []) };
}

/** One task goes by the name of another in the events of a kind. */
function exchanged(kind: 'attempt-suspended' | 'attempt-thawed'): Recording {
  const names: Readonly<Record<string, string>> = { 'grow.1': 'grow.2', 'grow.2': 'grow.1' };
  const is = isA(kind);
  return told((event) => (is(event) ? { ...event, task: names[event.task] ?? '' } : event));
}

/** Bugs about freezing and thawing. */
export const FROST: readonly Planted[] = [
  [
    'nobody who is frozen ever goes on',
    neverAllAreFrozen,
    () => told((event) => (event.kind === 'attempt-thawed' ? undefined : event)),
  ],
  ['an older one is frozen', frozenAreTheNewest, () => exchanged('attempt-suspended')],
  [
    'one is frozen that may not be',
    frozenAreTheNewest,
    () => {
      const { setup } = frosty;
      const { plan } = setup.workload;
      const tasks = plan.tasks.map((spec) => {
        const unwilling = { ...spec };
        Reflect.deleteProperty(unwilling, 'maySuspend');
        return unwilling;
      });
      const workload = { ...setup.workload, plan: { ...plan, tasks } };
      return { ...frosty, setup: { ...setup, workload } };
    },
  ],
  ['the newest goes on first', frozenGoOnFirst, () => exchanged('attempt-thawed')],
  [
    'one starts while others are frozen',
    frozenGoOnFirst,
    () => {
      const admitted = frosty.events.find(isA('attempt-admitted'));
      return told((event) =>
        event.kind === 'attempt-thawed' && admitted !== undefined ? { ...admitted } : event,
      );
    },
  ],
  ['what is to be frozen runs on', frostIsReal, () => deaf],
  [
    'time in the frost counts as time at work',
    frostIsReal,
    () =>
      told((event) =>
        event.kind === 'attempt-ended' && event.frozenMs !== undefined
          ? { ...event, ranMs: event.ranMs + event.frozenMs }
          : event,
      ),
  ],
  [
    'a timeout runs out while its attempt is frozen',
    reasonsAreTrue,
    () =>
      told((event) =>
        event.kind === 'attempt-thawed'
          ? {
              kind: 'attempt-stopping',
              task: event.task,
              attempt: event.attempt,
              tMs: event.tMs,
              graceMs: 0,
              reason: { kind: 'timed-out', timeoutMs: 1, ranMs: 1 },
            }
          : event,
      ),
  ],
  [
    'a frozen one is said to be another',
    reasonsAreTrue,
    () =>
      told((event) =>
        event.kind === 'attempt-suspended'
          ? { ...event, reason: { ...event.reason, candidates: [] } }
          : event,
      ),
  ],
  ['one is asked to save its work while it is frozen', frozenAreThawedToSave, () => hasty],
  [
    'something freezes by itself',
    frostIsDecided,
    () => ({ ...frosty, frosts: [{ task: 'early', attempt: 1, tMs: 1, what: 'freeze' }] }),
  ],
];
