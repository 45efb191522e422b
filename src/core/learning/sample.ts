import { unreachable } from '../../util/assert.js';
import type { AttemptEnded, Tier } from '../events.js';
import type { Verdict } from '../outcome.js';
import { isPeakSeen, SMALLEST_ESTIMATE_BYTES } from './peak-seen.js';
import type { RunSample } from './types.js';

/** How an attempt's signal speaks when someone wanted it gone; others are how a program crashes. */
const ASKED_TO_END: readonly string[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];

/**
 * What an attempt that is over shows of its group: a run to the end is a sample; one that was stopped or killed only
 * shows that the peak is not lower; one that failed by itself shows nothing, as it may have given up half-way, or used
 * more than any that goes well. One that was over before its peak could be seen makes its group known, as many short
 * tasks must not stay unknown for ever, but with no less than any task is set aside, and without a curve.
 *
 * @param endedAtMs - wall clock, milliseconds since 1970.
 * @param task - which of its group it was.
 */
export function sampleOf(
  ended: Pick<AttemptEnded, 'verdict' | 'peakBytes' | 'ranMs' | 'cpuMs' | 'curve' | 'inputBytes'>,
  tier: Tier,
  endedAtMs: number,
  task?: number,
): RunSample | undefined {
  const { verdict, peakBytes, ranMs, cpuMs, curve, inputBytes } = ended;
  const seen = {
    peakBytes,
    // Means of processors divide by it.
    durationMs: Math.max(1, ranMs),
    endedAtMs,
    tier,
    ...(inputBytes === undefined ? {} : { inputBytes }),
    ...(task === undefined ? {} : { task }),
  };
  switch (showing(verdict)) {
    case 'all':
      if (!isPeakSeen({ tier, durationMs: ranMs, curve }))
        return {
          kind: 'completed',
          ...seen,
          peakBytes: Math.max(peakBytes, SMALLEST_ESTIMATE_BYTES),
          cpuMs,
        };
      return { kind: 'completed', ...seen, cpuMs, ...(curve === undefined ? {} : { curve }) };
    case 'lower-bound':
      return peakBytes > 0 ? { kind: 'lower-bound', ...seen } : undefined;
    case 'nothing':
      return undefined;
  }
}

function showing(verdict: Verdict): 'all' | 'lower-bound' | 'nothing' {
  switch (verdict.kind) {
    case 'exit':
      return verdict.code === 0 ? 'all' : 'nothing';
    case 'preempted':
    case 'checkpoint-missing':
    case 'checkpointed':
    case 'own-limit':
    case 'bystander':
    case 'over-budget':
    case 'timed-out':
    case 'canceled':
    case 'lost':
      return 'lower-bound';
    case 'external-signal':
      return ASKED_TO_END.includes(verdict.signal) ? 'lower-bound' : 'nothing';
    case 'could-not-start':
    case 'over-pids':
      return 'nothing';
    default:
      return unreachable(verdict);
  }
}
