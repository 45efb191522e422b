import { ranMsOf } from './frozen.js';
import { CURVE_BINS } from './learning/types.js';
import { queueLength } from './queue.js';
import type { RunState, TaskRecord } from './run-state.js';

/** The longest that a look is put off. */
const REST_MAX_MS = 2000;

/**
 * For how long the next look may be put off while memory does not move: nobody waits for a turn or for a time, and all
 * that runs just runs. Tasks that stand still are not worth ten looks a second.
 *
 * @returns milliseconds, the interval or more; 0 while there is something to be decided.
 */
export function restMsOf(state: RunState, tMs: number, intervalMs: number): number {
  const { level, queue, stop, halted, unmeasured, live } = state;
  if (level !== 'open' || stop !== undefined || halted !== undefined) return 0;
  if (live.size === 0 || unmeasured.size > 0 || queueLength(queue) > queue.held.size) return 0;
  let restMs = REST_MAX_MS;
  if (restMs < intervalMs) return 0;
  for (const record of live.values()) {
    restMs = Math.min(restMs, restOf(record, tMs));
    if (restMs < intervalMs) return 0;
  }
  return restMs;
}

/** What is learned of a task is a look for each part of its time at least: of a young one many are due. */
function restOf(record: TaskRecord, tMs: number): number {
  const { phase, spec } = record;
  if (phase.kind !== 'running' || phase.attempt.exited !== undefined) return 0;
  // Its folder is looked at more often.
  if (spec.checkpoint !== undefined) return 0;
  const ranMs = ranMsOf(phase, tMs);
  return Math.min(ranMs / CURVE_BINS, (spec.timeoutMs ?? Infinity) - ranMs);
}
