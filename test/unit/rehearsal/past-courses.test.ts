import { describe, expect, test } from 'vitest';
import { learnAll } from '../../../src/core/learning/learn.js';
import { emptyProfile } from '../../../src/core/learning/profile.js';
import { CURVE_BINS, type CompletedRun } from '../../../src/core/learning/types.js';
import { meanDurationMs, pastCourses } from '../../../src/core/rehearsal/past-courses.js';
import { plainTask } from '../../sim/specs.js';

const run = (at: number, change: Partial<CompletedRun> = {}): CompletedRun => ({
  kind: 'completed',
  peakBytes: 100 * at,
  durationMs: 1000 * at,
  cpuMs: 500 * at,
  endedAtMs: at,
  tier: 'cgroup',
  ...change,
});
const curve = Array<number>(CURVE_BINS).fill(7);
const priors = new Map([
  ['known', learnAll(emptyProfile(), [run(1), run(2), run(3, { curve })])],
  ['slower', learnAll(emptyProfile(), [run(10)])],
]);
const assumption = { bytes: 50, durationMs: 60_000 };
const named = (id: string, group: string) => plainTask(id, { group });

describe('courses as earlier runs had them', () => {
  const tasks = ['a', 'b', 'c', 'd'].map((id) => named(id, 'known'));

  test('go round the past runs, the newest first', () => {
    const courseOf = pastCourses(tasks, priors, assumption);
    expect(tasks.map(({ id }) => courseOf(id).durationMs)).toEqual([3000, 2000, 1000, 3000]);
    expect(courseOf('a').curve).toEqual(curve);
    expect(courseOf('b').curve).toEqual([200]);
    expect(courseOf('a').cpus).toBeCloseTo(0.5);
  });

  test('are assumed where there were none, by what is declared if anything is', () => {
    const declared = plainTask('x', {
      memory: { requestBytes: 80, grow: { kind: 'none' } },
      cpus: 2,
    });
    const courseOf = pastCourses([declared, plainTask('y')], priors, assumption);
    expect(courseOf('x')).toEqual({ curve: [80], durationMs: 60_000, cpus: 2 });
    expect(courseOf('y')).toEqual({ curve: [50], durationMs: 60_000, cpus: 1 });
  });

  test('tell how long such tasks take', () => {
    expect(meanDurationMs([named('a', 'known'), named('b', 'slower')], priors)).toBe(6000);
    expect(meanDurationMs([plainTask('y')], priors)).toBeUndefined();
  });
});
