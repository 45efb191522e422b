import {
  completedRuns,
  largestPeak,
  lowerBound,
  type GroupProfile,
  type RunFacts,
} from './profile.js';
import type { PeakPrediction } from './types.js';

/** With so few peaks the next is likely to be higher: P(next > max of n) = 1 / (n + 1), whatever the distribution. */
const FEW_RUNS = 3;
const FEW_RUNS_MARGIN = 1.3;
const MARGIN = 1.15;

/** What the rule that would have cost least so far says of the next run. */
export function expectedCost(profile: GroupProfile, { inputBytes }: RunFacts): PeakPrediction {
  const samples = completedRuns(profile);
  const margin = samples < FEW_RUNS ? FEW_RUNS_MARGIN : MARGIN;
  return {
    bytes: Math.ceil(Math.max(margin * largestPeak(profile), lowerBound(profile, inputBytes))),
    samples,
    rule: `max × ${margin}`,
  };
}
