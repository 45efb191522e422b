import { EMPTY_HISTOGRAM, type Histogram } from './histogram.js';
import { largestOf } from './statistics.js';
import type { CensoredRun, CompletedRun } from './types.js';

/** Of the shape of {@link GroupProfile} as it is stored. */
export const PROFILE_VERSION = 2;
/** Completed runs that are kept of a group. */
export const RING_RUNS = 200;
/** Stopped runs that are kept of a group. */
export const RING_BOUNDS = 16;

/**
 * All that is remembered of a group of tasks, as plain data: `JSON.stringify` and `JSON.parse` give the same profile
 * back. Never changed: learning makes a new one.
 */
export interface GroupProfile {
  /** Completed runs, by the time they ended, oldest first; the newest {@link RING_RUNS} at most. */
  readonly runs: readonly CompletedRun[];
  /** Stopped runs that no completed run of the same task has explained since, oldest first; {@link RING_BOUNDS} at most. */
  readonly bounds: readonly CensoredRun[];
  /** Completed runs that were ever learned, those included that have been dropped. */
  readonly learned: number;
  /** Peaks of completed runs. */
  readonly peaks: Histogram;
  /** What the rules would have cost on runs of which nothing but the group was known beforehand. */
  readonly costs: RuleCosts;
  /** The same where the size of the input was known. */
  readonly inputCosts: RuleCosts;
  /** So many of the newest completed runs in a row went beyond what `expected-cost` had said. */
  readonly overruns: number;
}

/** By the name of the rule. */
export type RuleCosts = Readonly<Record<string, RuleCost>>;

/** What a rule has cost: both numbers decay alike, so that their ratio is a mean over the newer runs. */
export interface RuleCost {
  /** Bytes times milliseconds. */
  readonly byteMs: number;
  /** Runs it was charged for. */
  readonly runs: number;
}

/** What is known of the next run besides its group. */
export interface RunFacts {
  /** Size of its `stdin` and `inputs:`. */
  readonly inputBytes?: number | undefined;
}

/** A profile of which nothing is known. */
export function emptyProfile(): GroupProfile {
  return {
    runs: [],
    bounds: [],
    learned: 0,
    peaks: EMPTY_HISTOGRAM,
    costs: {},
    inputCosts: {},
    overruns: 0,
  };
}

/** Completed runs that count. */
export function completedRuns({ runs }: GroupProfile): number {
  return runs.length;
}

const largest = new WeakMap<GroupProfile, number>();

/** The highest peak of the completed runs that count, bytes; 0 when there are none. */
export function largestPeak(profile: GroupProfile): number {
  let most = largest.get(profile);
  if (most === undefined) {
    most = largestOf(profile.runs.map(({ peakBytes }) => peakBytes));
    largest.set(profile, most);
  }
  return most;
}

/**
 * The next run must be expected to need at least this, bytes; 0 when nothing says so: the most that a stopped run had
 * reached, unless a run that has completed since has explained it.
 *
 * @param inputBytes - size of the next run's input; a stopped run with a larger one then says nothing of it.
 */
export function lowerBound(profile: GroupProfile, inputBytes?: number): number {
  let most = 0;
  for (const bound of unexplainedBounds(profile)) {
    const isLarger = (bound.inputBytes ?? 0) > (inputBytes ?? Infinity);
    if (!isLarger && bound.peakBytes > most) most = bound.peakBytes;
  }
  return most;
}

/** True when the completed run went as far as the stopped one, with no larger an input, later. */
export function explains(bound: CensoredRun, run: CompletedRun): boolean {
  return (
    run.endedAtMs >= bound.endedAtMs &&
    run.peakBytes >= bound.peakBytes &&
    (run.inputBytes ?? 0) <= (bound.inputBytes ?? Infinity)
  );
}

const unexplained = new WeakMap<GroupProfile, readonly CensoredRun[]>();

/** As far as the group is concerned any of its tasks may explain what another was stopped at. */
function unexplainedBounds(profile: GroupProfile): readonly CensoredRun[] {
  let bounds = unexplained.get(profile);
  if (bounds === undefined) {
    bounds = profile.bounds.filter((bound) => !profile.runs.some((run) => explains(bound, run)));
    unexplained.set(profile, bounds);
  }
  return bounds;
}
