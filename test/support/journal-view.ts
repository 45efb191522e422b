import type {
  AttemptEnded,
  AttemptStopping,
  RunEvent,
  TaskRequeued,
} from '../../src/core/events.js';
import type { Outcome } from '../../src/core/outcome.js';
import type { PreemptReason } from '../../src/core/reasons.js';

/** All events of one kind, in order. */
export function ofKind<K extends RunEvent['kind']>(
  events: readonly RunEvent[],
  kind: K,
): Extract<RunEvent, { kind: K }>[] {
  return events.filter((event): event is Extract<RunEvent, { kind: K }> => event.kind === kind);
}

/** Final outcome by task. */
export function outcomes(events: readonly RunEvent[]): Record<string, Outcome> {
  return Object.fromEntries(ofKind(events, 'task-finished').map((e) => [e.task, e.outcome]));
}

/** How the attempts of a task ended, in order. */
export function endings(events: readonly RunEvent[], task: string): AttemptEnded[] {
  return ofKind(events, 'attempt-ended').filter((event) => event.task === task);
}

/** Kinds of verdict of a task's attempts, in order. */
export function verdicts(events: readonly RunEvent[], task: string): string[] {
  return endings(events, task).map((event) => event.verdict.kind);
}

/** Why a task went back into the queue, each time. */
export function requeues(events: readonly RunEvent[], task: string): TaskRequeued[] {
  return ofKind(events, 'task-requeued').filter((event) => event.task === task);
}

/** A decision to preempt, with its reason at hand. */
export interface Preemption extends AttemptStopping {
  readonly preempt: PreemptReason;
}

/** Every decision to preempt, in order. */
export function preemptions(events: readonly RunEvent[]): Preemption[] {
  return ofKind(events, 'attempt-stopping').flatMap((event) =>
    event.reason.kind === 'preempted' ? [{ ...event, preempt: event.reason.preempt }] : [],
  );
}

/** Every level of alarm the run was in. */
export function levelsSeen(events: readonly RunEvent[]): Set<string> {
  return new Set(ofKind(events, 'level-changed').map((event) => event.to));
}
