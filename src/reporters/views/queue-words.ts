import { isFrozen } from '../../core/frozen.js';
import { nextUp } from '../../core/back-off.js';
import { everyoneInOrder, inOrder, startsBefore } from '../../core/queue.js';
import type { RunState, TaskRecord } from '../../core/run-state.js';
import { formatDuration } from '../../util/duration.js';
import { printable } from '../../util/printable.js';
import { counted, waitWords } from '../words.js';

/** Why the task that is next in line does not run; undefined when nobody waits. */
export function headOfQueueWords(state: RunState, nowMs: number): string | undefined {
  const head = firstReady(state, nowMs);
  return head === undefined
    ? undefined
    : `${printable(head.spec.id)} ${ownWaitWords(head, state, nowMs)}`;
}

/** The first in line; when all sit out a back-off, the one whose back-off ends first. */
function firstReady({ queue }: RunState, nowMs: number): TaskRecord | undefined {
  let [first] = inOrder(queue, () => true);
  // A replayed state still holds tasks aside whose time is up.
  for (const { untilMs, task } of queue.backOff.heap) {
    if (untilMs <= nowMs && (first === undefined || startsBefore(task, first) < 0)) first = task;
  }
  return first ?? nextUp(queue.backOff) ?? [...queue.held][0];
}

function isBackingOff({ phase }: TaskRecord, nowMs: number): boolean {
  return phase.kind === 'queued' && phase.notBeforeMs > nowMs;
}

function ownWaitWords(record: TaskRecord, state: RunState, nowMs: number): string {
  const { phase, waits } = record;
  if (state.isHeld || record.isHeld)
    return waitWords({ kind: 'held', of: record.isHeld ? 'task' : 'run' }, nowMs);
  if (phase.kind === 'queued' && phase.notBeforeMs > nowMs) {
    return Number.isFinite(phase.notBeforeMs)
      ? `waits out its back-off, ${formatDuration(phase.notBeforeMs - nowMs)} more`
      : 'its last attempt is over, and what follows is not written yet';
  }
  // Its reason is written down when its kind changes, and the level when it changes: the latter may be newer.
  if (waits?.kind === 'level' && state.level === 'open')
    return 'was held back, and is looked at again now that the level is open';
  if (waits?.kind === 'suspended' && ![...state.live.values()].some(isFrozen))
    return 'waited behind frozen tasks, and is looked at again now that none is';
  return waits === undefined || waits.kind === 'held'
    ? 'is about to start'
    : waitWords(waits, nowMs);
}

/** Why queued tasks do not run now. Made once for a state, as it counts the queue. */
export interface QueueView {
  /** Needs that are not finished, its own reason to wait, or how many are ahead of it. */
  why(record: TaskRecord): string;
  /** The same, and when others are ahead, what the first of them waits for. */
  whyInFull(record: TaskRecord): string;
}

/** @param nowMs - milliseconds since the run started. */
export function queueView(state: RunState, nowMs: number): QueueView {
  const places = new Map<TaskRecord, number>();
  for (const record of everyoneInOrder(state.queue)) places.set(record, places.size);
  const why = (record: TaskRecord): string => {
    const needs = unfinishedNeeds(record, state);
    if (needs.length > 0) return `needs ${needs.join(', ')}`;
    const ahead = places.get(record) ?? 0;
    if (ahead === 0) return ownWaitWords(record, state, nowMs);
    return hasOwnReason(record, nowMs)
      ? `${ownWaitWords(record, state, nowMs)}; ${counted(ahead, 'task')} ahead of it`
      : `${counted(ahead, 'task')} ahead of it`;
  };
  return {
    why,
    whyInFull(record) {
      const isBehind = unfinishedNeeds(record, state).length === 0 && (places.get(record) ?? 0) > 0;
      const head =
        isBehind && !hasOwnReason(record, nowMs) ? headOfQueueWords(state, nowMs) : undefined;
      return head === undefined ? why(record) : `${why(record)}; the first, ${head}`;
    },
  };
}

function hasOwnReason(record: TaskRecord, nowMs: number): boolean {
  return record.isHeld || record.waits !== undefined || isBackingOff(record, nowMs);
}

function unfinishedNeeds(record: TaskRecord, state: RunState): string[] {
  return record.spec.needs.flatMap((need) => {
    const job = state.jobs.get(need);
    if (job === undefined || job.finished >= job.tasks.length) return [];
    return [`${printable(need)} (${job.finished} of ${job.tasks.length} finished)`];
  });
}
