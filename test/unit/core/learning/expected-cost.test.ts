import { describe, expect, test } from 'vitest';
import { learn, learnAll } from '../../../../src/core/learning/learn.js';
import { predictPeak } from '../../../../src/core/learning/predict.js';
import { emptyProfile, type GroupProfile } from '../../../../src/core/learning/profile.js';
import { CURVE_BINS, type RunSample } from '../../../../src/core/learning/types.js';
import { MiB } from '../../../../src/util/bytes.js';
import { completed, stopped } from './samples.js';

const learned = (samples: readonly RunSample[]) => learnAll(emptyProfile(), samples);
const peaks = (...mib: number[]) => learned(mib.map((peak, at) => completed(at, peak)));

function estimate(profile: GroupProfile, inputBytes?: number): number {
  return (predictPeak(profile, 'expected-cost', { inputBytes })?.bytes ?? 0) / MiB;
}

/** `count` values that lie evenly from `low` to `high`, in a fixed order that is not theirs. */
function mixed(count: number, low: number, high: number): number[] {
  return Array.from(
    { length: count },
    (_, at) => low + ((high - low) * ((at * 7) % count)) / count,
  );
}

describe('with few runs', () => {
  test.each([
    [[100], 130],
    [[100, 60], 130],
  ])('%j: the largest and three tenths', (mib, expected) => {
    expect(estimate(peaks(...mib))).toBeCloseTo(expected);
  });

  test('a lone run is named with its rule', () => {
    expect(predictPeak(peaks(100), 'expected-cost')).toEqual({
      bytes: 130 * MiB,
      samples: 1,
      rule: 'max × 1.3',
    });
  });
});

describe('the rule that costs least', () => {
  test('is tight for a group that always needs the same', () => {
    const bytes = estimate(peaks(...mixed(40, 99, 100)));
    expect(bytes).toBeGreaterThanOrEqual(100);
    expect(bytes).toBeLessThan(103);
  });

  test('leaves a lone outlier to its fate', () => {
    const profile = peaks(...mixed(40, 99, 100), 2_000, ...mixed(60, 99, 100));
    expect(estimate(profile)).toBeLessThan(130);
  });

  test('covers a peak that comes every few runs', () => {
    const profile = peaks(...Array.from({ length: 60 }, (_, at) => (at % 4 === 0 ? 300 : 100)));
    expect(estimate(profile)).toBeGreaterThanOrEqual(300);
  });

  test('dares more where going beyond shows at once than where it shows at the end', () => {
    const heavy = (at: number): boolean => at % 6 === 0;
    const group = (early: boolean) =>
      learned(
        Array.from({ length: 90 }, (_, at) => {
          const mib = heavy(at) ? 200 : 100;
          const curve = Array.from({ length: CURVE_BINS }, (_unused, bin) =>
            early || bin === CURVE_BINS - 1 ? mib * MiB : 10 * MiB,
          );
          return completed(at, mib, { curve });
        }),
      );
    expect(estimate(group(true))).toBeLessThan(150);
    expect(estimate(group(false))).toBeGreaterThanOrEqual(200);
  });

  test('waits for the long runs while of those that began together only the short ones have ended', () => {
    const together = (durations: readonly number[]) =>
      learned(
        durations.map((minutes, at) =>
          // All began in minute 0.
          completed(minutes, 100 + 10 * at, { durationMs: minutes * 60_000 }),
        ),
      );
    const growing = predictPeak(together([10, 11, 12, 13, 14]), 'expected-cost');
    expect(growing?.rule).toBe('max + spread');
    expect((growing?.bytes ?? 0) / MiB).toBeCloseTo(140 + 40);
  });

  test('is worked out once for a profile', () => {
    const profile = peaks(...mixed(40, 50, 100));
    expect(predictPeak(profile, 'expected-cost')).toBe(predictPeak(profile, 'expected-cost'));
    expect(predictPeak(profile, 'curve')).toBe(predictPeak(profile, 'expected-cost'));
  });
});

describe('a group that has changed', () => {
  test('to more is learned anew after three runs', () => {
    const profile = learned([
      ...mixed(40, 95, 100).map((mib, at) => completed(at, mib)),
      ...[300, 305, 310].map((mib, at) => completed(40 + at, mib)),
    ]);
    expect(profile.runs.map(({ peakBytes }) => peakBytes / MiB)).toEqual([300, 305, 310]);
    expect(profile.learned).toBe(43);
    expect(estimate(profile)).toBeGreaterThanOrEqual(310);
    expect(predictPeak(profile, 'p50')?.bytes).toBeGreaterThan(300 * MiB);
  });

  test('to less, after five', () => {
    const before = mixed(40, 295, 300).map((mib, at) => completed(at, mib));
    const after = [100, 101, 99, 100, 102].map((mib, at) => completed(40 + at, mib));
    expect(estimate(learned([...before, ...after.slice(0, 4)]))).toBeGreaterThan(250);
    expect(estimate(learned([...before, ...after]))).toBeLessThan(150);
  });

  test('has not when a single run is out of the ordinary', () => {
    const before = mixed(40, 95, 100).map((mib, at) => completed(at, mib));
    const profile = learned([...before, completed(40, 300), completed(41, 300)]);
    expect(profile.runs).toHaveLength(42);
    expect(learn(profile, completed(42, 97)).runs).toHaveLength(43);
  });

  test('has not when smaller peaks come of smaller inputs', () => {
    const before = mixed(40, 200, 300).map((mib, at) =>
      completed(at, mib, { inputBytes: mib * 1e6 }),
    );
    const small = [50, 51, 49, 52, 50].map((mib, at) =>
      completed(40 + at, mib, { inputBytes: mib * 1e6 }),
    );
    expect(learned([...before, ...small]).runs).toHaveLength(45);
    const unexplained = small.map((run) => ({ ...run, inputBytes: 250e6 }));
    expect(learned([...before, ...unexplained]).runs).toHaveLength(5);
  });
});

describe('the size of the input', () => {
  /** 50 MiB and 2 MiB for each MB of input. */
  const byInput = (count: number) =>
    learned(
      mixed(count, 10, 100).map((mb, at) => completed(at, 50 + 2 * mb, { inputBytes: mb * 1e6 })),
    );

  test.each([15, 40, 90])('tells the peak of an input of %i MB', (mb) => {
    const profile = byInput(40);
    const truth = 50 + 2 * mb;
    expect(estimate(profile, mb * 1e6)).toBeGreaterThan(truth);
    expect(estimate(profile, mb * 1e6)).toBeLessThan(1.12 * truth);
    expect(estimate(profile)).toBeGreaterThanOrEqual(240);
  });

  test('is followed beyond what was seen in proportion, and never beyond twice the largest peak', () => {
    const profile = byInput(40);
    const largest = Math.max(...profile.runs.map(({ peakBytes }) => peakBytes)) / MiB;
    expect(estimate(profile, 120e6)).toBeGreaterThan(50 + 2 * 120);
    expect(estimate(profile, 120e6)).toBeLessThan(1.1 * 1.25 * largest);
    expect(estimate(profile, 1e12)).toBeCloseTo(2 * largest, 0);
  });

  test('says nothing where all inputs are alike, or none is known', () => {
    const alike = learned(
      mixed(40, 50, 100).map((mib, at) => completed(at, mib, { inputBytes: 7 })),
    );
    expect(estimate(alike, 7)).toBe(estimate(alike));
    const unknown = peaks(...mixed(40, 50, 100));
    expect(estimate(unknown, 1e9)).toBe(estimate(unknown));
  });

  test('is not followed where the peak has nothing to do with it', () => {
    const profile = learned(
      mixed(60, 99, 100).map((mib, at) =>
        completed(at, mib, { inputBytes: 1e6 * (1 + ((at * 11) % 60)) }),
      ),
    );
    expect(estimate(profile, 1e6)).toBeLessThan(112);
    expect(estimate(profile, 60e6)).toBeLessThan(112);
  });
});

describe('what a stopped run had reached', () => {
  const profile = learn(peaks(...mixed(40, 99, 100)), stopped(50, 170));

  test('is the least that is expected, and named', () => {
    expect(predictPeak(profile, 'expected-cost')).toEqual({
      bytes: 170 * MiB,
      samples: 40,
      rule: 'seen in a stopped run',
    });
  });

  test('no longer counts once another run has gone as far', () => {
    const { rule } = predictPeak(learn(profile, completed(51, 171)), 'expected-cost') ?? {};
    expect(rule).not.toBe('seen in a stopped run');
  });
});
