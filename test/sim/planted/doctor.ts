import type { RunEvent } from '../../../src/core/events.js';
import type { Candidate } from '../../../src/core/reasons.js';
import { present } from '../../../src/util/assert.js';
import type { Checker } from '../checkers/checker.js';
import type { Death, Recording } from '../recording.js';
import type { plainTask } from '../specs.js';
import { died, honest, stoppedOnTheWay } from './honest.js';

/** A bug, who catches it, and a run that shows it. */
export type Planted = readonly [bug: string, caughtBy: Checker, recording: () => Recording];

/** A run with something of everything, in which nothing goes wrong. */
export const run = honest();
/** One that was told to stop while its task was on its way. */
export const late = stoppedOnTheWay();
/** One whose supervisor died. */
export const dead = died();

/** The event of a kind. */
export type Of<K extends RunEvent['kind']> = Extract<RunEvent, { kind: K }>;

/** The honest run, its events told differently. */
export function withEvents(change: (events: RunEvent[]) => readonly RunEvent[]): Recording {
  return { ...run, events: change(structuredClone([...run.events])) };
}

/** Tells the events of one kind. */
export function isA<K extends RunEvent['kind']>(kind: K): (event: RunEvent) => event is Of<K> {
  return (event): event is Of<K> => event.kind === kind;
}

/** The first event of a kind in the honest run. */
export function first<K extends RunEvent['kind']>(kind: K): Of<K> {
  return present(run.events.find(isA(kind)), `the honest run has a ${kind}`);
}

/** The honest run without its first event of a kind. */
export function without(kind: RunEvent['kind']): Recording {
  const event = first(kind);
  return withEvents((events) => events.filter((_, at) => run.events[at] !== event));
}

/** Says the first event of a kind several times over. */
export function repeated(kind: RunEvent['kind'], times = 2): Recording {
  const at = run.events.indexOf(first(kind));
  return withEvents((events) => [
    ...events.slice(0, at),
    ...Array.from({ length: times - 1 }, () => structuredClone(events[at]!)),
    ...events.slice(at),
  ]);
}

/** Tells the events of a kind differently, all of them. */
export function changed<K extends RunEvent['kind']>(
  kind: K,
  change: (event: Of<K>) => RunEvent,
): Recording {
  const is = isA(kind);
  return withEvents((events) => events.map((event) => (is(event) ? change(event) : event)));
}

/** The same, of a run whose supervisor died. */
export function diedOtherwise(change: Partial<Death>): Recording {
  return { ...dead, death: { ...present(dead.death, 'it died'), ...change } };
}

/** The same run, of a plan that asked for something else. */
export function ofAnotherPlan(change: (spec: ReturnType<typeof plainTask>) => object): Recording {
  const { setup } = run;
  const tasks = setup.workload.plan.tasks.map((spec) => ({ ...spec, ...change(spec) }));
  const plan = { ...setup.workload.plan, tasks };
  return { ...run, setup: { ...setup, workload: { ...setup.workload, plan } } };
}

/** Preemptions whose candidates are told differently. */
export function withCandidates(
  change: (candidates: readonly Candidate[]) => Candidate[],
): Recording {
  return changed('attempt-stopping', (event) =>
    event.reason.kind === 'preempted'
      ? {
          ...event,
          reason: {
            ...event.reason,
            preempt: {
              ...event.reason.preempt,
              candidates: change(event.reason.preempt.candidates),
            },
          },
        }
      : event,
  );
}

/** Admissions for other reasons. */
export function admittedLike(change: (event: Of<'attempt-admitted'>) => object): Recording {
  return changed('attempt-admitted', (event) => ({
    ...event,
    reason: { ...event.reason, ...change(event) },
  }));
}
