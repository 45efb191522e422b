import { expectedCost } from './expected-cost.js';
import { meanBytes, percentile } from './histogram.js';
import {
  completedRuns,
  largestPeak,
  lowerBound,
  type GroupProfile,
  type RunFacts,
} from './profile.js';
import type { PeakPrediction, ProfileStrategy } from './types.js';

/**
 * What the group's next run is expected to reach at its peak.
 *
 * `avg`, `p50`, `p95` and `peak` are what they say, without a margin; only `peak` and `expected-cost` (which `curve`
 * shares) are never below the {@link lowerBound}.
 *
 * @returns undefined for `none`, and while no run of the group has completed.
 */
export function predictPeak(
  profile: GroupProfile,
  strategy: ProfileStrategy,
  facts: RunFacts = {},
): PeakPrediction | undefined {
  const samples = completedRuns(profile);
  if (samples === 0 || strategy === 'none') return undefined;
  if (strategy === 'expected-cost' || strategy === 'curve') return expectedCost(profile, facts);
  const bytes = Math.ceil(statisticOf(profile, strategy));
  return { bytes, samples, rule: strategy };
}

function statisticOf(profile: GroupProfile, strategy: 'avg' | 'p50' | 'p95' | 'peak'): number {
  switch (strategy) {
    case 'avg':
      return meanBytes(profile.peaks) ?? 0;
    case 'p50':
      return percentile(profile.peaks, 0.5) ?? 0;
    case 'p95':
      return percentile(profile.peaks, 0.95) ?? 0;
    case 'peak':
      return Math.max(largestPeak(profile), lowerBound(profile));
  }
}
