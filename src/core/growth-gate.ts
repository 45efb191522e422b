import { MiB } from '../util/bytes.js';
import type { GroupGrew, Tier } from './events.js';
import { isLongEnough, isPeakSeen } from './learning/peak-seen.js';
import type { GroupProfile } from './learning/profile.js';
import type { Priors } from './knowledge.js';
import type { RunState, TaskRecord } from './run-state.js';
import type { TaskId } from './task-spec.js';

/** From so many stored runs on a group has a size that can grow. */
export const STORED_RUNS_MIN = 3;
/** Growth by less is noise: a shell, a library more, the granularity of sampling. */
const SMALLEST_GROWTH_BYTES = 16 * MiB;
/** A lone largest run is an accident once so many times as many runs are stored as this run had. */
const STORED_PER_RUN = 2;

/** An attempt of this run that succeeded. */
export interface FinishedPeak {
  readonly task: TaskId;
  readonly peakBytes: number;
}

/** A group that needs more than it used to. */
export type Growth = Omit<GroupGrew, 'kind' | 'tMs' | 'group'>;

/**
 * The groups of a run whose peaks grew by more than `limitPct` against what was stored before it.
 *
 * @param stored - by group, as it was before the run.
 */
export function grownGroups(
  state: RunState,
  stored: Priors,
  limitPct: number,
): readonly Omit<GroupGrew, 'kind' | 'tMs'>[] {
  return [...finishedByGroup(state)].flatMap(([group, finished]) => {
    const before = comparablePeaks(stored.get(group), state.started?.tier);
    const growth = growthOf(finished, before, limitPct);
    return growth === undefined ? [] : [{ group, ...growth }];
  });
}

/** Whether enough is stored of a group that a run in this tier can be compared with it. */
export function isComparable(stored: GroupProfile | undefined, tier: Tier): boolean {
  return comparablePeaks(stored, tier).length >= STORED_RUNS_MIN;
}

/**
 * Whether a group grew, and by how much: the largest peak of this run against the largest stored one. One outlier
 * decides nothing, on neither side:
 *
 * - A stored peak that stands alone above the next by more than the limit is left out, once twice as many runs are
 *   stored as this run had: a task that is always the heaviest of its group would have shown twice by then.
 * - The second largest peak of this run counts instead of the largest, where going by the stored runs at least two of
 *   its attempts should have come near the largest (within the limit).
 *
 * @param storedPeaks - completed runs measured in the same tier, as another one counts other things as memory, and long
 *   enough for their peaks to be seen. Fewer than {@link STORED_RUNS_MIN} say nothing.
 */
export function growthOf(
  finished: readonly FinishedPeak[],
  storedPeaks: readonly number[],
  limitPct: number,
): Growth | undefined {
  if (storedPeaks.length < STORED_RUNS_MIN) return undefined;
  const factor = 1 + limitPct / 100;
  const stored = storedPeaks.toSorted((a, b) => b - a);
  const beforeBytes = sizeBefore(stored, finished.length, factor);
  const decisive = decisivePeak(finished, stored, beforeBytes / factor);
  if (decisive === undefined) return undefined;
  const { task, peakBytes: nowBytes } = decisive;
  const grewBytes = nowBytes - beforeBytes;
  if (nowBytes <= beforeBytes * factor || grewBytes < SMALLEST_GROWTH_BYTES) return undefined;
  const growthPct = Math.round((1000 * grewBytes) / Math.max(beforeBytes, MiB)) / 10;
  return { task, beforeBytes, nowBytes, growthPct, limitPct, samples: stored.length };
}

/** @param stored - largest first. */
function sizeBefore(stored: readonly number[], runsNow: number, factor: number): number {
  const [largest = 0, second = 0] = stored;
  const isAccident = largest > second * factor && stored.length >= STORED_PER_RUN * runsNow;
  return isAccident ? second : largest;
}

/** @param nearBytes - a stored peak from here on is near the largest. */
function decisivePeak(
  finished: readonly FinishedPeak[],
  stored: readonly number[],
  nearBytes: number,
): FinishedPeak | undefined {
  const [largest, second] = finished.toSorted((a, b) => b.peakBytes - a.peakBytes);
  const near = stored.filter((peak) => peak >= nearBytes).length;
  const expectedNear = (finished.length * near) / stored.length;
  return expectedNear >= 2 ? second : largest;
}

function comparablePeaks(stored: GroupProfile | undefined, tier: Tier | undefined): number[] {
  const runs = stored?.runs ?? [];
  return runs
    .filter((run) => run.tier === tier && isPeakSeen(run))
    .map(({ peakBytes }) => peakBytes);
}

function finishedByGroup(state: RunState): Map<string, FinishedPeak[]> {
  const groups = new Map<string, FinishedPeak[]>();
  const tier = state.started?.tier ?? 'procfs';
  for (const record of state.tasks.values()) {
    const finished = finishedPeak(record, tier);
    if (finished === undefined) continue;
    const { group } = record.spec;
    const others = groups.get(group);
    if (others === undefined) groups.set(group, [finished]);
    else others.push(finished);
  }
  return groups;
}

function finishedPeak({ spec, phase, past }: TaskRecord, tier: Tier): FinishedPeak | undefined {
  const last = past.at(-1);
  if (last === undefined || phase.kind !== 'finished' || phase.outcome !== 'succeeded')
    return undefined;
  if (!isLongEnough(tier, last.ranMs)) return undefined;
  return { task: spec.id, peakBytes: last.peakBytes };
}
