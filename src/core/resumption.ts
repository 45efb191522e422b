import { dropCheckpoints, sendAsk } from './checkpoint.js';
import { isGuess } from './estimate.js';
import { isUndecided } from './job-progress.js';
import { requeueOrFinish } from './next-attempt.js';
import type { TaskRecord } from './run-state.js';
import { stop, stopLateComer } from './stopping.js';
import { settleFrost } from './suspension.js';
import { emit, liveAttemptOf, type Tick } from './tick.js';

/**
 * Ends what the supervisor before had begun. It may have died between any two of its events, and between an event and
 * the deed that belongs to it: what follows from an end, what is to be asked of an attempt and what the user wanted is
 * decided and done now. Doing it twice does no harm.
 */
export function settle(tick: Tick): void {
  for (const record of tick.state.tasks.values()) {
    if (isUndecided(record)) decideNext(tick, record);
    else if (record.phase.kind === 'queued') cancelIfTold(tick, record);
    else if (record.phase.kind === 'finished') dropCheckpoints(tick, record);
    else askAgain(tick, record);
  }
}

function decideNext(tick: Tick, record: TaskRecord): void {
  const last = record.past.at(-1);
  if (last === undefined) return;
  const { verdict, peakBytes, estimate } = last;
  const estimateBytes = isGuess(estimate) ? 0 : estimate.bytes;
  requeueOrFinish(tick, record, { verdict, peakBytes, estimateBytes });
}

function cancelIfTold(tick: Tick, record: TaskRecord): void {
  if (record.cancels === 0) return;
  const skipped = { kind: 'canceled', of: 'task' } as const;
  emit(tick, { kind: 'task-finished', task: record.spec.id, outcome: 'canceled', skipped });
}

function askAgain(tick: Tick, record: TaskRecord): void {
  const attempt = liveAttemptOf(record);
  if (attempt?.exited !== undefined) return;
  if (record.phase.kind === 'stopping') {
    tick.control.askedBefore.add(record.spec.id);
    if (attempt?.launched !== undefined) stopLateComer(tick, record);
  } else if (record.cancels > 0) {
    stop(tick, record, { kind: 'canceled', of: 'task' }, record.spec.onPreempt.graceMs);
  } else {
    // The command that was saving its work was ended when the run was taken over.
    if (attempt?.saving?.by.kind === 'run') sendAsk(tick, record);
    settleFrost(tick, record, attempt);
  }
}
