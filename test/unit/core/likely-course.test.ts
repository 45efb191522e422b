import { describe, expect, test } from 'vitest';
import {
  CURVE_BINS,
  type CourseRun,
  type CurveForecast,
} from '../../../src/core/learning/types.js';
import { likelyStretches } from '../../../src/core/likely-course.js';
import { STARTS_MS } from '../../../src/core/stretches.js';
import { MiB } from '../../../src/util/bytes.js';

const S = 1000;

/** A run of `s` seconds with that many MiB in each of its bins, or that much throughout. */
function run(s: number, mib: number | readonly number[], share = 1): CourseRun {
  const bins = typeof mib === 'number' ? Array<number>(CURVE_BINS).fill(mib) : mib;
  return { curve: bins.map((each) => each * MiB), durationMs: s * S, share };
}

function courseOf(...runs: readonly CourseRun[]): CurveForecast {
  const total = runs.reduce((sum, { share }) => sum + share, 0);
  return {
    meanBytes: Array<number>(CURVE_BINS).fill(0),
    varianceBytes2: Array<number>(CURVE_BINS).fill(9),
    maxBytes: Array<number>(CURVE_BINS).fill(0),
    durationMs: 16 * S,
    samples: runs.length,
    runs: runs.map((each) => ({ ...each, share: each.share / total })),
  };
}

/** The first half at the one, the second half at the other. */
const step = (low: number, high: number): number[] =>
  Array.from({ length: CURVE_BINS }, (_, bin) => (bin < CURVE_BINS / 2 ? low : high));

/** Mean and deviation so many milliseconds from now, MiB. */
function ahead(course: CurveForecast, elapsedMs: number, usedMib: number | undefined, inMs = 0) {
  const bytes = usedMib === undefined ? undefined : usedMib * MiB;
  const { meanBytes, varianceBytes2 } = likelyStretches(course, elapsedMs, bytes);
  const at = STARTS_MS.findLastIndex((startMs) => startMs <= inMs);
  return {
    mean: (meanBytes[at] ?? 0) / MiB,
    deviation: Math.sqrt(varianceBytes2[at] ?? 0) / MiB,
  };
}

describe('a task that ran before', () => {
  const group = courseOf(
    ...[100, 400].flatMap((mib) => [run(16, mib), run(16, mib), run(16, mib)]),
  );
  const own = { ...courseOf(run(16, step(50, 200))), offShare: 0.05, otherwise: group };

  test('is expected to go as it went', () => {
    expect(ahead(own, 0, undefined, 12 * S).mean).toBeCloseTo(200);
    const { mean, deviation } = ahead(own, 2 * S, 50, 10 * S);
    expect(mean).toBeCloseTo(200);
    expect(deviation).toBeCloseTo(0.05 * 200);
  });

  test('goes by its group once it is like none of its runs', () => {
    expect(ahead(own, 2 * S, 390, 10 * S).mean).toBeGreaterThan(390);
    expect(ahead(own, 2 * S, 390, 10 * S)).toEqual(ahead(group, 2 * S, 390, 10 * S));
  });

  test('goes by its group once it has run longer than ever', () => {
    const longer = { ...own, otherwise: courseOf(run(60, 300), run(60, 300)) };
    expect(ahead(longer, 20 * S, 200, 10 * S).mean).toBeCloseTo(300);
  });
});

describe('a task of two kinds', () => {
  const course = courseOf(...[80, 80, 80, 480].flatMap((mib) => [run(16, mib), run(16, mib)]));

  test('may be either before it has begun', () => {
    const { mean, deviation } = ahead(course, 0, undefined, 4 * S);
    expect(mean).toBeCloseTo(180);
    expect(deviation).toBeGreaterThan(170);
  });

  test('is the one it looks like once it is under way', () => {
    const small = ahead(course, 2 * S, 80, 4 * S);
    expect(small.mean).toBeLessThan(85);
    expect(small.deviation).toBeLessThan(60);
    const large = ahead(course, 2 * S, 470, 4 * S);
    expect(large.mean).toBeGreaterThan(450);
  });

  test('is never quite certain to be it', () => {
    expect(ahead(course, 2 * S, 80, 4 * S).deviation).toBeGreaterThan(0.05 * 80);
  });

  test('counts with what it uses where that is more than any', () => {
    expect(ahead(course, 2 * S, 700).mean).toBe(700);
  });
});

test('what a task has used so far tells of what comes: the higher the start, the higher the peak', () => {
  const course = courseOf(...[100, 120, 140, 160, 180].map((mib) => run(16, step(mib, 3 * mib))));
  const { mean, deviation } = ahead(course, 4 * S, 100, 6 * S);
  expect(mean).toBeLessThan(330);
  expect(deviation).toBeLessThan(ahead(course, 0, undefined, 10 * S).deviation);
});

test('runs of other lengths are asked at the same age, not at the same part of their life', () => {
  const course = courseOf(run(8, step(10, 100)), run(32, step(10, 100)));
  // After 6 s the short one is at its peak, the long one is not.
  expect(ahead(course, 6 * S, 100).mean).toBeGreaterThan(95);
  expect(ahead(course, 6 * S, 10).mean).toBeLessThan(15);
});

test('those that were over by that age tell nothing', () => {
  const course = courseOf(run(4, 500), run(16, 50), run(16, 50));
  expect(ahead(course, 5 * S, undefined).mean).toBe(50);
});

test('the chance that it is over by then is taken for less use', () => {
  const course = courseOf(run(4, 100), run(16, 100), run(16, 100), run(16, 100));
  expect(ahead(course, 0, undefined, 10 * S).mean).toBeCloseTo(75);
});

test('ends where the longest did', () => {
  const { meanBytes } = likelyStretches(courseOf(run(4, 100), run(8, 100)), 2 * S, 100 * MiB);
  const lastMs = STARTS_MS[meanBytes.length - 1] ?? 0;
  expect(lastMs).toBeLessThan(6 * S);
  expect(STARTS_MS[meanBytes.length]).toBeGreaterThanOrEqual(6 * S);
});

test('one that runs longer than all may go on as it is for ever', () => {
  const { meanBytes, varianceBytes2 } = likelyStretches(
    courseOf(run(4, 10), run(8, 10)),
    9 * S,
    70,
  );
  expect(new Set(meanBytes)).toEqual(new Set([70]));
  expect(meanBytes).toHaveLength(STARTS_MS.length);
  expect(varianceBytes2[0]).toBe(9);
});

test('few runs are believed less than many that differ as much', () => {
  const two = ahead(courseOf(run(16, 90), run(16, 110)), 0, undefined);
  const many = Array.from({ length: 10 }, () => [run(16, 90), run(16, 110)]).flat();
  const twenty = ahead(courseOf(...many), 0, undefined);
  expect(two.mean).toBeCloseTo(twenty.mean);
  expect(two.deviation).toBeGreaterThan(1.4 * twenty.deviation);
});

test('misses no peak between two looks, however short it is', () => {
  for (let peakAt = 0; peakAt < CURVE_BINS; peakAt += 1) {
    const bins = Array.from({ length: CURVE_BINS }, (_, bin) => (bin === peakAt ? 100 : 10));
    const { meanBytes } = likelyStretches(courseOf(run(16, bins), run(16, bins)), 0, undefined);
    expect(Math.max(...meanBytes) / MiB, `peak in bin ${peakAt}`).toBeCloseTo(100);
  }
});
