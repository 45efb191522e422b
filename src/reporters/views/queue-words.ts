import { inOrder } from '../../core/queue.js';
import type { RunState, TaskRecord } from '../../core/run-state.js';
import { formatDuration } from '../../util/duration.js';
import { printable } from '../../util/printable.js';
import { counted, waitWords } from '../words.js';

/** Why the task that is next in line does not run; undefined when nobody waits. */
export function headOfQueueWords(state: RunState, nowMs: number): string | undefined {
  const head = firstReady(state, nowMs);
  return head === undefined ? undefined : `${printable(head.spec.id)} ${ownWaitWords(head, nowMs)}`;
}

/** The first in line, past those that still sit out a back-off if there is another. */
function firstReady(state: RunState, nowMs: number): TaskRecord | undefined {
  let first: TaskRecord | undefined;
  for (const record of inOrder(state.queue, () => true)) {
    if (record.phase.kind === 'queued' && record.phase.notBeforeMs <= nowMs) return record;
    first ??= record;
  }
  return first;
}

function ownWaitWords(record: TaskRecord, nowMs: number): string {
  const { phase, waits } = record;
  if (phase.kind === 'queued' && phase.notBeforeMs > nowMs) {
    return Number.isFinite(phase.notBeforeMs)
      ? `waits out its back-off, ${formatDuration(phase.notBeforeMs - nowMs)} more`
      : 'is being put back';
  }
  return waits === undefined ? 'is about to start' : waitWords(waits, nowMs);
}

/**
 * Why a queued task does not run now: needs that are not finished, its back-off, what the head of the queue waits for,
 * or how many are ahead of it.
 */
export function whyQueued(record: TaskRecord, state: RunState, nowMs: number): string {
  const needs = unfinishedNeeds(record, state);
  if (needs.length > 0) return `needs ${needs.join(', ')}`;
  let ahead = 0;
  for (const other of inOrder(state.queue, () => true)) {
    if (other === record) break;
    ahead += 1;
  }
  const own = ownWaitWords(record, nowMs);
  if (
    ahead === 0 ||
    record.waits !== undefined ||
    (record.phase.kind === 'queued' && record.phase.notBeforeMs > nowMs)
  ) {
    return ahead === 0 ? own : `${own}; ${counted(ahead, 'task')} ahead of it`;
  }
  const head = headOfQueueWords(state, nowMs);
  return `${counted(ahead, 'task')} ahead of it${head === undefined ? '' : `; the first, ${head}`}`;
}

function unfinishedNeeds(record: TaskRecord, state: RunState): string[] {
  return record.spec.needs.flatMap((need) => {
    const job = state.jobs.get(need);
    if (job === undefined || job.finished >= job.tasks.length) return [];
    return [`${printable(need)} (${job.finished} of ${job.tasks.length} finished)`];
  });
}
