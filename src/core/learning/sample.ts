import type { AttemptEnded, Tier } from '../events.js';
import type { RunSample } from './types.js';

/**
 * What an attempt that is over shows of its group: a run to the end is a sample; one that was stopped or killed only
 * shows that the peak is not lower; one that failed by itself shows nothing, as it may have given up half-way.
 *
 * @param endedAtMs - wall clock, milliseconds since 1970.
 */
export function sampleOf(
  ended: Pick<AttemptEnded, 'verdict' | 'peakBytes' | 'ranMs' | 'cpuMs' | 'curve' | 'inputBytes'>,
  tier: Tier,
  endedAtMs: number,
): RunSample | undefined {
  const { verdict, peakBytes, ranMs: durationMs, cpuMs, curve, inputBytes } = ended;
  const common = {
    peakBytes,
    durationMs,
    endedAtMs,
    tier,
    ...(inputBytes === undefined ? {} : { inputBytes }),
  };
  switch (verdict.kind) {
    case 'exit':
      if (verdict.code !== 0) return undefined;
      return { kind: 'completed', ...common, cpuMs, ...(curve === undefined ? {} : { curve }) };
    case 'could-not-start':
      return undefined;
    default:
      return { kind: 'lower-bound', ...common };
  }
}
