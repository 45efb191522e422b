import { describe, expect, test } from 'vitest';
import { areaOf, checkCourse, stepsOf } from '../../../../src/core/rehearsal/course.js';

const course = (curve: readonly number[], durationMs = 1000, cpus = 1) => ({
  curve,
  durationMs,
  cpus,
});

describe('a course in steps', () => {
  test('rises evenly within the part in which it rises, and falls at once', () => {
    expect(stepsOf(course([100, 300, 50], 300), 100)).toEqual([
      { bytes: 100, ms: 100 },
      { bytes: 200, ms: 50 },
      { bytes: 300, ms: 50 },
      { bytes: 50, ms: 100 },
    ]);
  });

  test('lasts as long and reaches as high as the course, however fine it is', () => {
    for (const riseBytes of [1, 7, 100, 1e9]) {
      const steps = stepsOf(course([10, 90, 40, 95, 0]), riseBytes);
      expect(steps.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(1000);
      expect(Math.max(...steps.map(({ bytes }) => bytes))).toBe(95);
      const rises = steps.map(({ bytes }, at) => bytes - (steps[at - 1]?.bytes ?? 0));
      expect(Math.max(...rises)).toBeLessThanOrEqual(riseBytes + 1e-9);
    }
  });

  test('has an area', () => {
    expect(areaOf(stepsOf(course([100, 300, 50], 300), 100))).toBe(40_000);
    expect(areaOf([])).toBe(0);
  });
});

describe('a course that no machine could follow is refused', () => {
  test.each([
    ['without a part', course([])],
    ['that uses less than nothing', course([1, -1])],
    ['that uses no number', course([1, NaN])],
    ['that takes negative time', course([1], -1)],
    ['that takes for ever', course([1], Infinity)],
    ['that gives processors back', course([1], 1, -1)],
  ])('%s', (_, bad) => {
    expect(() => {
      checkCourse(bad);
    }).toThrow();
  });

  test('others are not', () => {
    expect(() => {
      checkCourse(course([0, 5], 0, 0));
    }).not.toThrow();
  });
});
