import { isPeakSeen } from './peak-seen.js';
import { ascending, quantile } from './statistics.js';
import type { CompletedRun } from './types.js';

/** So many overruns in a row are no accident. */
const OVERRUNS = 3;
/** Nor are so many peaks in a row outside of where nine of ten used to lie, */
const OUTSIDE = 5;
const USUAL = [0.05, 0.95] as const;
/** by more than this factor: a smaller change is not worth forgetting anything for. */
const MARGIN = 1.05;
/** What is usual takes so many runs to know. */
const USUAL_FROM = 20;

/**
 * How many of the newest runs are left to learn from when the group has changed with the first of them; undefined while
 * it has not.
 *
 * @param runs - completed, oldest first.
 * @param overruns - so many of the newest went beyond what was expected of them.
 */
export function runsSinceChange(
  runs: readonly CompletedRun[],
  overruns: number,
): number | undefined {
  if (overruns >= OVERRUNS && runs.length > OVERRUNS) return OVERRUNS;
  const before = runs.slice(0, -OUTSIDE);
  const newest = runs.slice(-OUTSIDE);
  if (before.length < USUAL_FROM) return undefined;
  const peaks = outside(before, newest, seenPeakOf);
  // Unusual inputs explain unusual peaks: the group is what it was.
  const inputs = outside(before, newest, ({ inputBytes }) => inputBytes);
  return peaks && !inputs ? OUTSIDE : undefined;
}

/** What stands for a peak that nobody saw is the same for all groups, and tells no change of this one. */
function seenPeakOf(run: CompletedRun): number | undefined {
  return isPeakSeen(run) ? run.peakBytes : undefined;
}

/** True when the values of all of the newest lie outside of what was usual before. */
function outside(
  before: readonly CompletedRun[],
  newest: readonly CompletedRun[],
  valueOf: (run: CompletedRun) => number | undefined,
): boolean {
  const sorted = ascending(before.map(valueOf).filter((value) => value !== undefined));
  const [low, high] = USUAL.map((q) => quantile(sorted, q));
  return newest.every((run) => {
    const value = valueOf(run);
    if (value === undefined || low === undefined || high === undefined) return false;
    return value < low / MARGIN || value > high * MARGIN;
  });
}
