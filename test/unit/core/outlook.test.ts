import { describe, expect, test } from 'vitest';
import { learnFrom } from '../../../src/core/knowledge.js';
import { CURVE_BINS } from '../../../src/core/learning/types.js';
import { outlookOfNext } from '../../../src/core/outlook.js';
import type { Estimate } from '../../../src/core/reasons.js';
import type { PreemptibleLevel } from '../../../src/core/task-spec.js';
import { MiB } from '../../../src/util/bytes.js';
import { plainTask } from '../../sim/specs.js';
import { Loop } from './loop.js';

const ESTIMATE: Estimate = { source: 'profile', bytes: 400 * MiB, samples: 12, rule: 'peak' };

/** The course of a task whose group used these many MiB, flat, in its runs. */
function courseOf(peaksMib: readonly number[], preemptible: PreemptibleLevel) {
  const loop = new Loop([plainTask('a', { profile: 'curve', preemptible })]);
  const { knowledge } = loop.control;
  for (const [at, mib] of peaksMib.entries()) {
    const peakBytes = mib * MiB;
    learnFrom(knowledge, 'a', {
      kind: 'completed',
      peakBytes,
      durationMs: 60_000,
      cpuMs: 60_000,
      endedAtMs: at * 60_000,
      tier: 'cgroup',
      curve: Array<number>(CURVE_BINS).fill(peakBytes),
    });
  }
  const outlook = outlookOfNext(loop.record('a'), ESTIMATE, knowledge);
  if (outlook.kind !== 'course') throw new TypeError('a course is known');
  return outlook.course;
}

const FEW = [90, 100, 110];
const MANY = [...FEW, ...FEW, ...FEW, ...FEW];

describe('what a task is expected to use over its time', () => {
  test('one that nobody may stop, of whose group many runs are known, counts with three deviations for one', () => {
    const stoppable = courseOf(MANY, 1);
    const unstoppable = courseOf(MANY, 0);
    expect(stoppable.varianceBytes2[0]).toBeGreaterThan(0);
    expect(unstoppable.varianceBytes2[0]).toBeCloseTo(9 * (stoppable.varianceBytes2[0] ?? 0), -3);
    expect(unstoppable.meanBytes).toEqual(stoppable.meanBytes);
  });

  test('of whose group few are known, with the worst of them, drawn up to its estimate', () => {
    const { meanBytes, varianceBytes2 } = courseOf(FEW, 0);
    expect(Math.max(...meanBytes)).toBeCloseTo(ESTIMATE.bytes, -3);
    expect(Math.max(...varianceBytes2)).toBe(0);
  });

  test('one that may be stopped counts with what is likely, few runs or many', () => {
    expect(courseOf(FEW, 1).meanBytes[0]).toBeLessThan(115 * MiB);
  });
});
