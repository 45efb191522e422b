import type { CensoredRun, CompletedRun } from '../../../../src/core/learning/types.js';
import { MiB } from '../../../../src/util/bytes.js';

/** Ends of runs are counted from here, one a minute. */
const EPOCH_MS = 1_700_000_000_000;
const MINUTE_MS = 60_000;

/** A run of a minute that completed `minute` minutes after a fixed time with this peak. */
export function completed(
  minute: number,
  peakMiB: number,
  more: Partial<CompletedRun> = {},
): CompletedRun {
  return {
    kind: 'completed',
    peakBytes: peakMiB * MiB,
    durationMs: MINUTE_MS,
    cpuMs: MINUTE_MS,
    endedAtMs: EPOCH_MS + minute * MINUTE_MS,
    tier: 'cgroup',
    ...more,
  };
}

/** A run that was stopped at this peak. */
export function stopped(
  minute: number,
  peakMiB: number,
  more: Partial<CensoredRun> = {},
): CensoredRun {
  return {
    kind: 'lower-bound',
    peakBytes: peakMiB * MiB,
    durationMs: MINUTE_MS / 2,
    endedAtMs: EPOCH_MS + minute * MINUTE_MS,
    tier: 'cgroup',
    ...more,
  };
}
