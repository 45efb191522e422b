import { describe, expect, test } from 'vitest';
import { cpusToCount, predictCpus } from '../../../../src/core/learning/cpus.js';
import { forecastOf } from '../../../../src/core/learning/forecast.js';
import { learn, learnAll, mergeProfiles } from '../../../../src/core/learning/learn.js';
import { predictPeak } from '../../../../src/core/learning/predict.js';
import {
  completedRuns,
  emptyProfile,
  largestPeak,
  lowerBound,
  RING_RUNS,
} from '../../../../src/core/learning/profile.js';
import {
  CURVE_BINS,
  type ProfileStrategy,
  type RunSample,
} from '../../../../src/core/learning/types.js';
import { MiB } from '../../../../src/util/bytes.js';
import { completed, stopped } from './samples.js';

const learned = (samples: readonly RunSample[]) => learnAll(emptyProfile(), samples);
const peaks = (...mib: number[]) => learned(mib.map((peak, at) => completed(at, peak)));

describe('what is kept', () => {
  test('the newest runs, and how many there were', () => {
    const profile = learned(Array.from({ length: 250 }, (_, at) => completed(at, 1_000 - at)));
    expect(completedRuns(profile)).toBe(RING_RUNS);
    expect(profile.learned).toBe(250);
    expect(largestPeak(profile)).toBe(950 * MiB);
  });

  test('runs lie in the order in which they ended, however they come', () => {
    const inOrder = learned([1, 2, 3, 4].map((at) => completed(at, 100 * at)));
    const late = learnAll(learned([completed(2, 200), completed(4, 400)]), [
      completed(3, 300),
      completed(1, 100),
    ]);
    expect(late).toEqual(inOrder);
  });
});

describe('a group that changes', () => {
  const unseen = (minute: number) => completed(minute, 16, { tier: 'procfs', durationMs: 5 });
  const seen = (minute: number, mib: number) =>
    completed(minute, mib, { tier: 'procfs', curve: Array<number>(CURVE_BINS).fill(mib * MiB) });

  test('is learned anew from the first of three runs that go beyond what is known', () => {
    const profile = learned([1, 1, 16, 24, 36].map((mib, at) => seen(at, mib)));
    expect(completedRuns(profile)).toBe(3);
    expect(profile.learned).toBe(5);
  });

  test('has not done so where the peaks of short runs were never seen', () => {
    const busyHost = [seen(1, 1), seen(2, 1), ...[3, 4, 5, 6, 7].map(unseen)];
    expect(completedRuns(learned(busyHost))).toBe(7);
    const before = Array.from({ length: 30 }, (_, at) => seen(at, 1));
    const after = [31, 32, 33, 34, 35, 36].map(unseen);
    expect(completedRuns(learned([...before, ...after]))).toBe(36);
  });
});

describe('a stopped run', () => {
  test('raises the floor and is no sample', () => {
    const profile = learn(peaks(100, 110, 105), stopped(5, 500));
    expect(completedRuns(profile)).toBe(3);
    expect(lowerBound(profile)).toBe(500 * MiB);
    expect(predictPeak(profile, 'expected-cost')?.bytes).toBeGreaterThanOrEqual(500 * MiB);
    expect(predictPeak(profile, 'p50')?.bytes).toBeLessThan(120 * MiB);
  });

  test('is explained by a later run that went as far', () => {
    const profile = learn(peaks(100, 110, 105), stopped(5, 500));
    expect(lowerBound(learn(profile, completed(6, 110)))).toBe(500 * MiB);
    expect(lowerBound(learn(profile, completed(6, 520)))).toBe(0);
  });

  test('says nothing of a run with a smaller input', () => {
    const profile = learned([stopped(5, 500, { inputBytes: 1_000 })]);
    expect(lowerBound(profile, 999)).toBe(0);
    expect(lowerBound(profile, 1_000)).toBe(500 * MiB);
    expect(lowerBound(profile)).toBe(500 * MiB);
  });

  test('of which alone a group is known is no prediction', () => {
    expect(predictPeak(learned([stopped(1, 500)]), 'expected-cost')).toBeUndefined();
  });
});

describe('statistics', () => {
  const profile = peaks(100, 400, 200, 200, 300);

  test.each<[ProfileStrategy, number, number]>([
    ['avg', 238, 245],
    ['p50', 200, 211],
    ['p95', 400, 421],
    ['peak', 400, 400],
  ])('%s lies between %i and %i MiB', (strategy, least, most) => {
    const { bytes, samples, rule } = predictPeak(profile, strategy) ?? { bytes: 0 };
    expect(bytes / MiB).toBeGreaterThanOrEqual(least);
    expect(bytes / MiB).toBeLessThanOrEqual(most);
    expect({ samples, rule }).toEqual({ samples: 5, rule: strategy });
  });

  test('none predicts nothing', () => {
    expect(predictPeak(profile, 'none')).toBeUndefined();
  });
});

describe('processors', () => {
  test('the median of what the runs kept busy, the longer the heavier', () => {
    const profile = learned([
      completed(1, 10, { durationMs: 60_000, cpuMs: 120_000 }),
      completed(2, 10, { durationMs: 60_000, cpuMs: 132_000 }),
      completed(3, 10, { durationMs: 60_000, cpuMs: 126_000 }),
      completed(4, 10, { durationMs: 10, cpuMs: 0 }),
      completed(5, 10, { durationMs: 10, cpuMs: 0 }),
      completed(6, 10, { durationMs: 10, cpuMs: 0 }),
    ]);
    expect(predictCpus(profile)).toBeCloseTo(2.1);
  });

  test('are not known of tasks that take no time: what little they used is what starting them cost', () => {
    const runs = Array.from({ length: 30 }, (_, at) =>
      completed(at, 10, { durationMs: 1, cpuMs: 2 }),
    );
    expect(predictCpus(learned(runs))).toBeUndefined();
  });

  test('are not known of a group without runs', () => {
    expect(predictCpus(emptyProfile())).toBeUndefined();
    expect(cpusToCount(emptyProfile())).toBe(1);
  });

  test.each([
    ['one run of a busy host', 1, { durationMs: 250, cpuMs: 2 }, 1],
    ['many such runs', 30, { durationMs: 400, cpuMs: 2 }, 1],
    ['two sleepers', 2, { durationMs: 60_000, cpuMs: 60 }, 1],
    ['three sleepers', 3, { durationMs: 60_000, cpuMs: 60 }, 0.001],
    ['three that worked for a quarter of their time', 3, { durationMs: 400, cpuMs: 100 }, 0.25],
    ['one that kept several busy', 1, { durationMs: 250, cpuMs: 1000 }, 4],
  ])('that %s kept busy count as more than is known', (_, count, times, cpus) => {
    const runs = Array.from({ length: count }, (_run, at) => completed(at, 10, times));
    expect(cpusToCount(learned(runs))).toBeCloseTo(cpus);
  });
});

describe('a forecast', () => {
  const flat = (mib: number) => Array<number>(CURVE_BINS).fill(mib * MiB);

  test('is the mean and the spread of the curves', () => {
    const profile = learned(
      [100, 100, 100].map((mib, at) => completed(at, mib, { curve: flat(mib) })),
    );
    const { meanBytes, varianceBytes2, durationMs, samples } = forecastOf(profile) ?? {};
    expect(meanBytes).toEqual(flat(100));
    expect(varianceBytes2).toEqual(Array<number>(CURVE_BINS).fill(0));
    expect(durationMs).toBeCloseTo(60_000);
    expect(samples).toBe(3);
    const spread = learn(profile, completed(9, 200, { curve: flat(200) }));
    expect(forecastOf(spread)?.varianceBytes2[3]).toBeGreaterThan((40 * MiB) ** 2);
  });

  test('needs a curve', () => {
    expect(forecastOf(learned([completed(3, 100)]))).toBeUndefined();
  });

  test('takes one or two curves for less certain, in use and in time', () => {
    const peakInBin3 = flat(100).map((bytes, bin) => (bin === 3 ? 2 * bytes : bytes));
    const profile = learned([1, 2].map((at) => completed(at, 200, { curve: peakInBin3 })));
    const { meanBytes = [], varianceBytes2 = [], maxBytes } = forecastOf(profile) ?? {};
    expect(meanBytes.map((mean) => Math.round(mean / MiB)).slice(0, 7)).toEqual([
      100, 100, 200, 200, 200, 100, 100,
    ]);
    expect(maxBytes).toEqual(meanBytes);
    expect(Math.sqrt(varianceBytes2[3] ?? 0)).toBeCloseTo(0.1 * 200 * MiB);
  });

  test('asks the runs with the most similar inputs', () => {
    const runs = Array.from({ length: 40 }, (_, at) =>
      completed(at, at + 1, { curve: flat(at + 1), inputBytes: (at + 1) * 1_000 }),
    );
    const mean = forecastOf(learned(runs), { inputBytes: 8_000 })?.meanBytes[0] ?? 0;
    expect(mean / MiB).toBeGreaterThan(4);
    expect(mean / MiB).toBeLessThan(14);
  });
});

describe('merging', () => {
  test('knows each run once', () => {
    const a = learned([1, 2, 3, 4].map((at) => completed(at, 100 * at)));
    const b = learned([3, 4, 5].map((at) => completed(at, 100 * at)));
    const both = learned([1, 2, 3, 4, 5].map((at) => completed(at, 100 * at)));
    expect(mergeProfiles(a, b)).toEqual(both);
    expect(mergeProfiles(b, a)).toEqual(both);
    expect(mergeProfiles(a, a)).toEqual(a);
  });
});
