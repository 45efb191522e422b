import type { RunState, TaskRecord } from '../../core/run-state.js';
import { skipWords, verdictWords } from '../words.js';

/** The highest peak of the task's attempts, bytes; 0 before one has ended. */
export function peakOf({ past }: TaskRecord): number {
  return past.reduce((most, { peakBytes }) => Math.max(most, peakBytes), 0);
}

/** How long its attempts ran altogether, milliseconds, a live one as far as the journal goes. */
export function timeOf({ past, phase }: TaskRecord, state: RunState): number {
  const endedMs = past.reduce((sum, { ranMs }) => sum + ranMs, 0);
  if (!('attempt' in phase)) return endedMs;
  return endedMs + Math.max(0, (state.lastSample?.tMs ?? 0) - phase.attempt.admittedAtMs);
}

/** Why the task stands where it stands: what ended its last attempt, or why it was never run. */
export function endOfTaskWords({ past, phase }: TaskRecord): string {
  if (phase.kind === 'finished' && phase.skipped !== undefined) return skipWords(phase.skipped);
  const last = past.at(-1);
  return last === undefined ? 'did not run' : verdictWords(last.verdict);
}
