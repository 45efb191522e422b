import type { CompletedRun } from './types.js';

/** What the completed runs of a group were like, each counting the same. */
export interface RunStatistics {
  readonly runs: number;
  readonly meanPeakBytes: number;
  readonly p50PeakBytes: number;
  readonly p95PeakBytes: number;
  readonly largestPeakBytes: number;
  readonly meanDurationMs: number;
  readonly longestDurationMs: number;
}

/** Undefined when there are none. */
export function statisticsOf(runs: readonly CompletedRun[]): RunStatistics | undefined {
  if (runs.length === 0) return undefined;
  const peaks = runs.map(({ peakBytes }) => peakBytes).sort((a, b) => a - b);
  const durations = runs.map(({ durationMs }) => durationMs);
  return {
    runs: runs.length,
    meanPeakBytes: meanOf(peaks),
    p50PeakBytes: rank(peaks, 0.5),
    p95PeakBytes: rank(peaks, 0.95),
    largestPeakBytes: rank(peaks, 1),
    meanDurationMs: meanOf(durations),
    longestDurationMs: durations.reduce((most, ms) => Math.max(most, ms), 0),
  };
}

/** The smallest value that a share `q` of all does not exceed. */
function rank(ascending: readonly number[], q: number): number {
  return ascending[Math.ceil(q * ascending.length) - 1] ?? 0;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
