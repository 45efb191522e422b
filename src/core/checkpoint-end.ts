import { isIdle } from './checkpoint-answers.js';
import { savedAgo, unsavedMs, willDo } from './checkpoint.js';
import type { Verdict } from './outcome.js';
import type { TaskRecord } from './run-state.js';
import { liveAttemptOf, type Tick } from './tick.js';
import type { CheckpointEnd } from './verdict.js';

/** What is known of a task's checkpoints when its attempt is over; undefined where it keeps none. */
export function checkpointEnd(tick: Tick, record: TaskRecord): CheckpointEnd | undefined {
  const { checkpoint } = record.spec;
  if (checkpoint === undefined) return undefined;
  const { phase, saved } = record;
  const stop = phase.kind === 'stopping' ? phase.stop : undefined;
  // How old it was when its end was decided: dying takes time, too.
  const savedAgoMs = savedAgo(record, stop?.sinceMs ?? tick.tMs);
  const isNew =
    stop?.hasSaved === true ||
    (saved !== undefined && stop !== undefined && saved.atMs >= stop.decidedMs);
  const hasBegun = liveAttemptOf(record)?.launched !== undefined;
  return {
    exitCode: checkpoint.exitCode,
    times: record.checkpointExits + 1,
    idleTimes: isIdle(tick, record) ? record.idleExits + 1 : 0,
    isMissing:
      checkpoint.isRequired === true && hasBegun && !isNew && !willDo(checkpoint, savedAgoMs),
    endedFirst: stop?.endedFirst === true,
    ...(savedAgoMs === undefined ? {} : { savedAgoMs }),
  };
}

/** What the next attempt has to do again; undefined where an end threw nothing away that anyone wants back. */
export function workLost(
  record: TaskRecord,
  verdict: Verdict,
  ranMs: number,
  endMs: number,
): number | undefined {
  switch (verdict.kind) {
    case 'preempted':
    case 'checkpoint-missing':
    case 'bystander':
    case 'lost':
      return Math.round(unsavedMs(record, ranMs, endMs));
    case 'checkpointed':
      return verdict.idleTimes === 0 ? 0 : Math.round(unsavedMs(record, ranMs, endMs));
    default:
      return undefined;
  }
}
