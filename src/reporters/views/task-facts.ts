import type { AttemptSample } from '../../core/observation.js';
import type { RunState, TaskRecord } from '../../core/run-state.js';
import { skipWords, verdictWords } from '../words.js';

/** The highest peak of the task's attempts, bytes, of a live one as far as the last look; 0 before any was looked at. */
export function peakOf(record: TaskRecord, state: RunState): number {
  const sample = lastSampleOf(record, state);
  return Math.max(pastPeakOf(record), sample === undefined ? 0 : peakSeen(sample));
}

/** The highest peak of the attempts that are over, bytes; 0 before the first. */
export function pastPeakOf({ past }: TaskRecord): number {
  return past.reduce((most, { peakBytes }) => Math.max(most, peakBytes), 0);
}

/** What its live attempt used at the last look; undefined when it has none, or it is newer. */
export function lastSampleOf(
  { spec, phase }: TaskRecord,
  { lastSample }: RunState,
): AttemptSample | undefined {
  if (!('attempt' in phase)) return undefined;
  const { number } = phase.attempt;
  return lastSample?.attempts.find(({ task, attempt }) => task === spec.id && attempt === number);
}

/** The most it used so far: a tier that looks at peaks less often than at use may not know of the latest yet. */
export function peakSeen({ usedBytes, peakBytes }: AttemptSample): number {
  return Math.max(usedBytes, peakBytes);
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
