import { assert, present } from '../util/assert.js';
import type { CheckpointAsked, CheckpointMade, CheckpointMissed } from './events.js';
import { frozenMsOf } from './frozen.js';
import type { RunState } from './run-state.js';

// What a task has saved, as a part of the state: changed by `evolve` alone, by way of this.

/** An attempt was asked to save its work, has saved it, or will not. */
export function followCheckpoint(
  state: RunState,
  event: CheckpointAsked | CheckpointMade | CheckpointMissed,
): void {
  const record = present(state.tasks.get(event.task), `task ${event.task} was planned`);
  const { phase } = record;
  assert('attempt' in phase, `task ${event.task} lives when something is said of its checkpoints`);
  const { attempt } = phase;
  const { checkpoints } = state.counts;
  const { tMs } = event;
  if (event.kind === 'checkpoint-asked') {
    const { timeoutMs, by } = event;
    assert(
      attempt.saving === undefined,
      `task ${event.task} is asked for one checkpoint at a time`,
    );
    checkpoints.asked += 1;
    const saving = { sinceMs: tMs, timeoutMs, by };
    record.phase = { ...phase, attempt: { ...attempt, saving, savingAskedMs: tMs } };
    return;
  }
  if (event.kind === 'checkpoint-made') {
    checkpoints.made += 1;
    const frozenMs = frozenMsOf(phase, event.savedMs);
    record.saved = { atMs: event.savedMs, attempt: event.attempt, frozenMs };
  } else {
    checkpoints.missed += 1;
  }
  const wasSaving = attempt.saving !== undefined;
  const next = { ...attempt, saving: undefined };
  if (phase.kind !== 'stopping') {
    record.phase = { ...phase, attempt: next };
    return;
  }
  const endedFirst = event.kind === 'checkpoint-missed' && event.because.kind === 'ended';
  // Its time to end begins now.
  const stop = {
    ...phase.stop,
    ...(wasSaving ? { sinceMs: tMs } : {}),
    ...(endedFirst ? { endedFirst: true as const } : {}),
    ...(wasSaving && event.kind === 'checkpoint-made' ? { hasSaved: true as const } : {}),
  };
  record.phase = { ...phase, attempt: next, stop };
}
