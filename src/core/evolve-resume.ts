import { assert, present } from '../util/assert.js';
import type { RunResumed } from './events.js';
import { unpaused } from './evolve-conduct.js';
import { recountJobs } from './job-progress.js';
import { dequeue } from './queue.js';
import type { RunState, TaskRecord } from './run-state.js';

/** What was measured and decided of the run as a whole is as nothing; its tasks stand where they stood. */
export function followResume(state: RunState, event: RunResumed): void {
  const started = present(state.started, 'what is resumed has started');
  assert(state.source.kind === 'none', 'a run is resumed only when all its tasks are in its plan');
  const { pid, bootId, tier, memsched } = event;
  state.started = { ...started, pid, bootId, tier, memsched };
  if (state.ended !== undefined || state.stop !== undefined || state.halted !== undefined)
    beginAgain(state, event.tMs);
  state.resumes += 1;
  state.level = 'open';
  state.budget = undefined;
  state.lastSample = undefined;
  state.stop = undefined;
  state.halted = undefined;
  state.ended = undefined;
  state.grown.length = 0;
  for (const record of state.live.values()) takeOver(record, event.tMs);
}

/**
 * While nobody supervised it, its time to save its work and to end did not run; that it stood still was a measurement, and
 * is made anew.
 */
function takeOver(record: TaskRecord, tMs: number): void {
  const { phase } = record;
  assert('attempt' in phase, `task ${record.spec.id} has a live attempt`);
  const { saving } = phase.attempt;
  const attempt = {
    ...unpaused(phase.attempt),
    ...(saving === undefined ? {} : { saving: { ...saving, sinceMs: tMs } }),
  };
  if (phase.kind !== 'stopping' || phase.stop.killedAtMs !== undefined)
    record.phase = { ...phase, attempt };
  else record.phase = { ...phase, attempt, stop: { ...phase.stop, sinceMs: tMs } };
}

/** Whatever has not succeeded is to run again, with all its chances. */
function beginAgain(state: RunState, tMs: number): void {
  for (const record of state.tasks.values()) {
    dequeue(state.queue, record);
    if (record.phase.kind !== 'finished' || record.phase.outcome === 'succeeded') continue;
    record.phase = { kind: 'queued', sinceMs: tMs, notBeforeMs: 0 };
    record.preemptions = 0;
    record.bystanderKills = 0;
    record.retries = 0;
    record.checkpointExits = 0;
    record.idleExits = 0;
    record.cancels = 0;
    record.isHeld = false;
    state.unfinished += 1;
  }
  state.isHeld = false;
  state.unmeasured.clear();
  state.doomed.clear();
  recountJobs(state);
}
