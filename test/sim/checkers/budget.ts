import { linesFor } from '../../../src/core/lines.js';
import type { TaskId } from '../../../src/core/task-spec.js';
import type { Recording, TracePoint } from '../recording.js';
import { eventsOf, longestGapMs, specsById, type Checker } from './checker.js';

/** Preempted this often, a task is left alone. */
const IMMUNE_AFTER = 5;
/** From trouble until a victim's memory is free: sustain, sampling, grace and death. */
const REACTION_MS = 1500;
/** One that has not followed a request by then is stuck, and counts no more as one that will. */
const DYING_MS = 10_500;
/** A trace with a gap like this is that of a machine that stood still: nobody could do anything. */
const PAUSE_MS = 1000;

/** Over the critical line nobody who could be preempted goes on running for long: by the machine's own count. */
export const budgetIsRespected: Checker = {
  name: 'use stays under the critical line while there is someone to preempt',
  check: (recording) => {
    const { trace, setup } = recording;
    const { config } = setup.workload.plan;
    const patienceMs = REACTION_MS + longestGapMs(recording) + config.intervalMs;
    const isExpendable = expendables(recording);
    const wrong: string[] = [];
    let overSinceMs: number | undefined;
    let before = -Infinity;
    for (const point of trace) {
      const { tMs, usedBytes, budgetBytes } = point;
      const paused = tMs - before > PAUSE_MS;
      before = tMs;
      // Where the line is highest: everyone who runs is of a known kind.
      const { criticalBytes } = linesFor(config, budgetBytes, 0);
      const over = usedBytes > criticalBytes && couldPreempt(point, isExpendable);
      if (!over || paused) {
        overSinceMs = undefined;
        continue;
      }
      overSinceMs ??= tMs;
      if (tMs - overSinceMs <= patienceMs) continue;
      wrong.push(`over the critical line from ${overSinceMs} to ${tMs} ms and nobody was stopped`);
      overSinceMs = undefined;
    }
    return wrong;
  },
};

/** Someone may be preempted, is not the last one at work, and nobody is dying already. */
function couldPreempt(
  { tMs, workers = [], lastAskedMs = -Infinity }: TracePoint,
  isExpendable: (task: TaskId, tMs: number) => boolean,
): boolean {
  if (tMs - lastAskedMs < DYING_MS) return false;
  return workers.length > 1 && workers.some((task) => isExpendable(task, tMs));
}

/** Whether a task may be stopped for memory, at a time: by its level, and how often it had to go already. */
function expendables(recording: Recording): (task: TaskId, tMs: number) => boolean {
  const specOf = specsById(recording);
  const wentAtMs = new Map<TaskId, number[]>();
  for (const { task, cause, tMs } of eventsOf(recording, 'task-requeued')) {
    if (cause.kind === 'preempted') wentAtMs.set(task, [...(wentAtMs.get(task) ?? []), tMs]);
  }
  return (task, tMs) =>
    specOf(task).preemptible > 0 && (wentAtMs.get(task)?.[IMMUNE_AFTER - 1] ?? Infinity) > tMs;
}

/** What the budget promises is there: it never counts on what others have, nor on more than the limits leave. */
export const budgetIsThere: Checker = {
  name: 'the budget never counts on memory that others have',
  check: (recording) => {
    const wrong: string[] = [];
    const { statLagMs = 0 } = recording.setup.machine;
    // Page cache that is taken for a working set of ours for a moment is taken for no one else's.
    if (statLagMs > 0) return wrong;
    for (const { tMs, budgetBytes, roomBytes } of recording.looks) {
      if (budgetBytes > roomBytes)
        wrong.push(`a budget of ${budgetBytes} at ${tMs} ms, and ${roomBytes} are there`);
    }
    return wrong;
  },
};
