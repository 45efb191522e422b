import { describe, expect, test } from 'vitest';
import { emptyForecast, wouldFit, type Outlook } from '../../../src/core/forecast.js';
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
  return outlook;
}

const FEW = [90, 100, 110];
const MANY = [...FEW, ...FEW, ...FEW, ...FEW];

describe('what a task is expected to use over its time', () => {
  test('one that nobody may stop, of whose group many runs are known, counts with three deviations for one', () => {
    const stoppable = courseOf(MANY, 1);
    const unstoppable = courseOf(MANY, 0);
    const deviation = (outlook: Outlook): number => {
      const none = wouldFit(emptyForecast(), outlook, Infinity, 0).peakBytes;
      return wouldFit(emptyForecast(), outlook, Infinity, 1).peakBytes - none;
    };
    expect(deviation(stoppable)).toBeGreaterThan(MiB);
    expect(deviation(unstoppable)).toBeCloseTo(3 * deviation(stoppable), -1);
    expect(unstoppable.course).toEqual(stoppable.course);
  });

  test('of whose group few are known, with the worst of them, drawn up to its estimate', () => {
    const { meanBytes, varianceBytes2, runs } = courseOf(FEW, 0).course;
    expect(Math.max(...meanBytes)).toBeCloseTo(ESTIMATE.bytes, -3);
    expect(Math.max(...varianceBytes2)).toBe(0);
    expect(runs).toEqual([]);
  });

  test('one that may be stopped counts with what is likely, few runs or many', () => {
    expect(courseOf(FEW, 1).course.meanBytes[0]).toBeLessThan(115 * MiB);
  });
});
