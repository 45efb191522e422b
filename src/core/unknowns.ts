import type { Control } from './control.js';
import { claimOf } from './estimate.js';
import { completedRuns, largestPeak } from './learning/profile.js';
import type { LiveAttempt, RunState, TaskRecord } from './run-state.js';
import { liveAttemptOf } from './tick.js';

/** Fewer runs say nothing of how far they differ. */
const TELLING_RUNS = 3;

/**
 * What part of all that is claimed may surprise: claimed by tasks of groups of which few runs are known, that have
 * gone beyond what their group ever used, or they themselves where that is what they go by, or that nothing could stop. What was only declared was never measured.
 *
 * @returns 0 to 1; 1 when nobody runs.
 */
export function unknownShareOf(state: RunState, control: Control, tMs: number): number {
  let unknownBytes = 0;
  let allBytes = 0;
  for (const record of state.live.values()) {
    const attempt = liveAttemptOf(record);
    if (attempt === undefined) continue;
    const { id, preemptible } = record.spec;
    const bytes = claimOf(attempt, control.memory.get(id), preemptible, tMs);
    allBytes += bytes;
    if (isUnknown(record, attempt, control)) unknownBytes += bytes;
  }
  return allBytes === 0 ? 1 : unknownBytes / allBytes;
}

function isUnknown(
  { spec }: TaskRecord,
  { estimate }: LiveAttempt,
  { knowledge, memory }: Control,
): boolean {
  if (spec.preemptible === 0 || spec.profile === 'none') return true;
  const profile = knowledge.groups.get(spec.group);
  if (profile === undefined || completedRuns(profile) < TELLING_RUNS) return true;
  const most = estimate.source === 'same-task' ? estimate.bytes : largestPeak(profile);
  return (memory.get(spec.id)?.usedBytes ?? 0) > most;
}
