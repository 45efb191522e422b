import { dropCheckpoints } from './checkpoint.js';
import { requeueAfter, type AttemptEnd } from './retry.js';
import type { TaskRecord } from './run-state.js';
import { emit, type Tick } from './tick.js';
import { outcomeOf } from './verdict.js';

/** What follows from the end of a task's attempt: another one, or the task is finished. */
export function requeueOrFinish(tick: Tick, record: TaskRecord, end: AttemptEnd): void {
  const { stop, halted } = tick.state;
  const task = record.spec.id;
  const isWanted = stop === undefined && halted === undefined && record.cancels === 0;
  const requeue = isWanted ? requeueAfter(record, end) : undefined;
  if (requeue === undefined) {
    const { verdict } = end;
    // Nobody has stopped it for good, and nobody lets it go on.
    const isCutShort =
      verdict.kind === 'preempted' ||
      (verdict.kind === 'checkpointed' && !isWanted) ||
      (verdict.kind === 'lost' && verdict.withSupervisor === true && !isWanted);
    emit(tick, {
      kind: 'task-finished',
      task,
      outcome: isCutShort ? 'canceled' : outcomeOf(verdict),
    });
    dropCheckpoints(tick, record);
    return;
  }
  const { cause, delayMs, floorBytes, limitBytes } = requeue;
  emit(tick, {
    kind: 'task-requeued',
    task,
    cause,
    notBeforeMs: tick.tMs + delayMs,
    floorBytes,
    ...(limitBytes === undefined ? {} : { limitBytes }),
  });
}
