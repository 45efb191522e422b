import { ascending, quantile } from './statistics.js';
import type { CompletedRun } from './types.js';

/** Of so many of the newest runs the order of peaks is compared with that of durations. */
const COMPARED_RUNS = 40;
/** Fewer say nothing. */
const COMPARED_FROM = 3;
/** Above this (Kendall's tau, -1 to 1) long runs are taken to need more. */
const LONG_NEED_MORE_FROM = 0.5;
/** All runs lie within so many median durations: those that began with them and last longer have not ended yet. */
const FIRST_WAVE_DURATIONS = 2;

/**
 * True while the largest peak is still to come: long runs need more than short ones, and of those that began together
 * only the short ones have ended.
 *
 * @param runs - completed, oldest first.
 */
export function areLongRunsMissing(runs: readonly CompletedRun[]): boolean {
  if (runs.length < COMPARED_FROM) return false;
  const durations = ascending(runs.map(({ durationMs }) => durationMs));
  const firstStartMs = Math.min(...runs.map(({ endedAtMs, durationMs }) => endedAtMs - durationMs));
  const spanMs = (runs.at(-1)?.endedAtMs ?? 0) - firstStartMs;
  return (
    spanMs < FIRST_WAVE_DURATIONS * quantile(durations, 0.5) &&
    agreement(runs.slice(-COMPARED_RUNS)) > LONG_NEED_MORE_FROM
  );
}

/** Kendall's tau of duration and peak: the share of pairs in the same order less the share in the opposite one. */
function agreement(runs: readonly CompletedRun[]): number {
  let balance = 0;
  let pairs = 0;
  for (const [at, run] of runs.entries()) {
    for (const other of runs.slice(0, at)) {
      const sign =
        Math.sign(run.durationMs - other.durationMs) * Math.sign(run.peakBytes - other.peakBytes);
      balance += sign;
      pairs += Math.abs(sign);
    }
  }
  return pairs === 0 ? 0 : balance / pairs;
}
