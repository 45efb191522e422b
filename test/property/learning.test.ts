import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { curveOf, newRecorder, noteUse } from '../../src/core/learning/curve.js';
import { forecastOf } from '../../src/core/learning/forecast.js';
import { addSample, EMPTY_HISTOGRAM, percentile } from '../../src/core/learning/histogram.js';
import { learn, learnAll, mergeProfiles } from '../../src/core/learning/learn.js';
import { predictPeak } from '../../src/core/learning/predict.js';
import {
  completedRuns,
  emptyProfile,
  largestPeak,
  lowerBound,
  RING_BOUNDS,
  RING_RUNS,
  type GroupProfile,
} from '../../src/core/learning/profile.js';
import {
  CURVE_BINS,
  type CensoredRun,
  type CompletedRun,
  type ProfileStrategy,
  type RunSample,
} from '../../src/core/learning/types.js';
import { MiB } from '../../src/util/bytes.js';

const STRATEGIES: readonly ProfileStrategy[] = [
  'avg',
  'p50',
  'p95',
  'peak',
  'expected-cost',
  'curve',
];

const bytes = fc
  .oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 2 ** 24 }))
  .map((kib) => kib * 1024);
const seen = {
  peakBytes: bytes,
  durationMs: fc.integer({ min: 0, max: 1e8 }),
  endedAtMs: fc.integer({ min: 1.6e12, max: 1.7e12 }),
  tier: fc.constantFrom('cgroup' as const, 'hybrid' as const, 'procfs' as const),
};
const inputBytes = fc.option(fc.nat(2 ** 40), { nil: undefined });
const task = fc.option(fc.nat(5), { nil: undefined });

/** A record without the fields that are not there: stored profiles have no `undefined`. */
function withoutNothing<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}

const completed = fc
  .record({
    kind: fc.constant('completed' as const),
    ...seen,
    cpuMs: fc.nat(1e8),
    inputBytes,
    task,
    shape: fc.option(fc.array(fc.nat(100), { minLength: CURVE_BINS, maxLength: CURVE_BINS }), {
      nil: undefined,
    }),
  })
  .map(({ shape, ...run }): CompletedRun => {
    const curve = shape?.map((percent) => (percent / 100) * run.peakBytes);
    return withoutNothing({ ...run, curve }) as CompletedRun;
  });
const stopped = fc
  .record({ kind: fc.constant('lower-bound' as const), ...seen, inputBytes, task })
  .map((run) => withoutNothing(run) as CensoredRun);
const samples = fc.array(
  fc.oneof({ arbitrary: completed, weight: 5 }, { arbitrary: stopped, weight: 1 }),
  {
    maxLength: 60,
  },
);

const learned = (all: readonly RunSample[]): GroupProfile => learnAll(emptyProfile(), all);

function shuffled<T>(items: readonly T[], keys: readonly number[]): T[] {
  return items
    .map((item, at) => ({ item, key: keys[at % keys.length] ?? 0, at }))
    .sort((a, b) => a.key - b.key || b.at - a.at)
    .map(({ item }) => item);
}

const keys = fc.array(fc.nat(1000), { minLength: 1, maxLength: 60 });

describe('a prediction', () => {
  test('is a number of bytes, or nothing while no run has completed', () => {
    fc.assert(
      fc.property(samples, inputBytes, (all, input) => {
        const profile = learned(all);
        for (const strategy of STRATEGIES) {
          const prediction = predictPeak(profile, strategy, { inputBytes: input });
          if (completedRuns(profile) === 0) expect(prediction).toBeUndefined();
          else expect(prediction?.bytes).toSatisfy(Number.isSafeInteger);
          expect(prediction?.bytes ?? 0).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  test('is never below what a stopped run had reached that nothing has explained since', () => {
    fc.assert(
      fc.property(samples, inputBytes, (all, input) => {
        const profile = learned(all);
        fc.pre(completedRuns(profile) > 0);
        for (const strategy of ['expected-cost', 'curve'] as const) {
          const { bytes: expected } = predictPeak(profile, strategy, { inputBytes: input }) ?? {
            bytes: -1,
          };
          expect(expected).toBeGreaterThanOrEqual(lowerBound(profile, input));
        }
        expect(predictPeak(profile, 'peak')?.bytes).toBeGreaterThanOrEqual(lowerBound(profile));
      }),
    );
  });

  test('a stopped run raises it, or changes nothing', () => {
    fc.assert(
      fc.property(samples, stopped, (all, bound) => {
        const before = learned(all);
        fc.pre(completedRuns(before) > 0);
        const after = learn(before, bound);
        // One more bound may push out the oldest of many.
        fc.pre(before.bounds.length < RING_BOUNDS);
        for (const strategy of STRATEGIES) {
          const was = predictPeak(before, strategy)?.bytes ?? 0;
          const is = predictPeak(after, strategy)?.bytes ?? 0;
          expect(is).toBe(strategy === 'peak' || is !== was ? Math.max(was, is) : was);
          if (is !== was) expect(is).toBe(Math.ceil(lowerBound(after)));
        }
      }),
    );
  });

  test('of a statistic, or from few runs, never falls when a larger run completes', () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 0, max: 2 ** 30 }), (all, more) => {
        const before = learned(all);
        const newest = before.runs.at(-1);
        fc.pre(newest !== undefined);
        const larger = learn(before, {
          ...newest,
          peakBytes: Math.max(largestPeak(before), lowerBound(before)) + more,
          endedAtMs: newest.endedAtMs + 1,
        });
        const strategies: ProfileStrategy[] = ['avg', 'p50', 'p95', 'peak'];
        if (completedRuns(larger) < 3) strategies.push('expected-cost');
        for (const strategy of strategies) {
          const was = predictPeak(before, strategy)?.bytes ?? 0;
          // The mean is a quotient of sums: it may be off by one byte in the last place.
          expect(predictPeak(larger, strategy)?.bytes).toBeGreaterThanOrEqual(was - 1);
        }
      }),
    );
  });

  test('by the size of the input stays near what was seen', () => {
    fc.assert(
      fc.property(
        fc.array(completed, { minLength: 1, maxLength: 60 }),
        fc.nat(2 ** 41),
        (runs, input) => {
          const profile = learned(runs);
          const { bytes: expected } = predictPeak(profile, 'expected-cost', {
            inputBytes: input,
          }) ?? { bytes: 0 };
          expect(expected).toBeLessThanOrEqual(Math.ceil(2.02 * largestPeak(profile)));
        },
      ),
    );
  });
});

describe('a profile', () => {
  test('comes back from JSON as it was, and says the same', () => {
    fc.assert(
      fc.property(samples, inputBytes, (all, input) => {
        const profile = learned(all);
        const back = JSON.parse(JSON.stringify(profile)) as GroupProfile;
        expect(back).toEqual(profile);
        for (const strategy of STRATEGIES)
          expect(predictPeak(back, strategy, { inputBytes: input })).toEqual(
            predictPeak(profile, strategy, { inputBytes: input }),
          );
        expect(forecastOf(back, { inputBytes: input })).toEqual(
          forecastOf(profile, { inputBytes: input }),
        );
      }),
    );
  });

  test('does not depend on the order in which samples are handed over', () => {
    fc.assert(
      fc.property(samples, keys, (all, order) => {
        expect(learned(shuffled(all, order))).toEqual(learned(all));
      }),
    );
  });

  test('nor on what came late, while nothing has been dropped', () => {
    fc.assert(
      fc.property(samples, samples, (first, late) => {
        const whole = learned([...first, ...late]);
        const both = learnAll(learned(first), late);
        const kept = [...first, ...late].filter(({ kind }) => kind === 'completed').length;
        fc.pre(both.runs.length === kept && whole.runs.length === kept);
        // Bounds that were explained before others came are gone for good.
        expect({ ...whole, bounds: [] }).toEqual({ ...both, bounds: [] });
      }),
    );
  });

  test('merged with another is the same either way round, and with itself is itself', () => {
    fc.assert(
      fc.property(samples, samples, samples, (a, b, shared) => {
        const left = learned([...a, ...shared]);
        const right = learned([...b, ...shared]);
        expect(mergeProfiles(left, right)).toEqual(mergeProfiles(right, left));
        expect(mergeProfiles(left, left)).toEqual(left);
        expect(mergeProfiles(left, emptyProfile())).toEqual(left);
      }),
    );
  });

  test('has a bound, however much is learned', () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 12 }), (all, times) => {
        let profile = emptyProfile();
        let completedSamples = 0;
        for (let round = 0; round < times; round += 1)
          for (const sample of all) {
            profile = learn(profile, { ...sample, endedAtMs: sample.endedAtMs + round * 1e12 });
            completedSamples += sample.kind === 'completed' ? 1 : 0;
          }
        expect(profile.runs.length).toBeLessThanOrEqual(RING_RUNS);
        expect(profile.bounds.length).toBeLessThanOrEqual(RING_BOUNDS);
        expect(profile.learned).toBe(completedSamples);
        const ends = profile.runs.map(({ endedAtMs }) => endedAtMs);
        expect(ends).toEqual([...ends].sort((a, b) => a - b));
        expect(JSON.stringify(profile).length).toBeLessThan(150_000);
      }),
      { numRuns: 30 },
    );
  });
});

describe('a group that has changed', () => {
  /** Runs that differ by a hundredth at the most, one a minute. */
  const stretch = (
    count: number,
    fromMinute: number,
    mib: number,
    wobble: readonly number[],
  ): CompletedRun[] =>
    Array.from({ length: count }, (_, at) => ({
      kind: 'completed',
      peakBytes: Math.round(mib * MiB * (1 + (wobble[at % wobble.length] ?? 0) / 10_000)),
      durationMs: 60_000,
      cpuMs: 60_000,
      endedAtMs: 1.7e12 + 60_000 * (fromMinute + at),
      tier: 'cgroup',
    }));
  const wobbles = fc.array(fc.nat(100), { minLength: 3, maxLength: 12 });

  test('is expected to need what it needs now, after five runs at the latest', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 25, max: 220 }),
        wobbles,
        fc.oneof(
          fc.double({ min: 1.2, max: 9, noNaN: true }),
          fc.double({ min: 0.1, max: 0.7, noNaN: true }),
        ),
        (before, wobble, factor) => {
          const now = 400 * factor;
          const profile = learned([
            ...stretch(before, 0, 400, wobble),
            ...stretch(5, before, now, wobble),
          ]);
          expect(completedRuns(profile)).toBeLessThanOrEqual(5);
          const { bytes: expected } = predictPeak(profile, 'expected-cost') ?? { bytes: 0 };
          expect(expected).toBeGreaterThanOrEqual(now * MiB);
          expect(expected).toBeLessThanOrEqual(1.4 * now * MiB);
        },
      ),
    );
  });

  test('one that has not is never forgotten', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: RING_RUNS }), wobbles, (count, wobble) => {
        expect(completedRuns(learned(stretch(count, 0, 400, wobble)))).toBe(count);
      }),
    );
  });
});

describe('a histogram', () => {
  test('gives percentiles that are too high by a bucket at the most, and never too low', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (values, q) => {
          const histogram = values.reduce(
            (all, value) => addSample(all, value, 0),
            EMPTY_HISTOGRAM,
          );
          const weighed = values
            .map((value, at) => ({ value, weight: 2 ** ((at + 1 - values.length) / 30) }))
            .sort((a, b) => a.value - b.value);
          const total = weighed.reduce((sum, { weight }) => sum + weight, 0);
          // The sums are made in another order: a share right at the edge may fall on either side.
          const exact = (share: number): number => {
            let reached = 0;
            for (const { value, weight } of weighed) {
              reached += weight;
              if (reached >= share * total) return value;
            }
            return weighed.at(-1)?.value ?? 0;
          };
          const got = percentile(histogram, q) ?? -1;
          expect(got).toBeGreaterThanOrEqual(exact(q - 1e-9));
          expect(got).toBeLessThanOrEqual(1.05 * exact(q + 1e-9) + MiB + 1);
        },
      ),
    );
  });
});

describe('a curve', () => {
  test('has its bins, none above the peak and one at it, however a run was looked at', () => {
    const look = fc.record({ afterMs: fc.integer({ min: 0, max: 1e7 }), bytes: fc.nat(2 ** 40) });
    fc.assert(
      fc.property(
        fc.array(look, { minLength: 1, maxLength: 300 }),
        fc.nat(1e6),
        fc.nat(1e9),
        (looks, rest, more) => {
          const recorder = newRecorder();
          let elapsedMs = 0;
          for (const { afterMs, bytes: used } of looks) {
            elapsedMs += afterMs;
            noteUse(recorder, elapsedMs, used);
          }
          const peakBytes = Math.max(...looks.map(({ bytes: used }) => used)) + more;
          const curve = curveOf(recorder, elapsedMs + rest + 1, peakBytes);
          expect(recorder.mostBytes.length).toBeLessThanOrEqual(64);
          expect(curve).toHaveLength(CURVE_BINS);
          expect(Math.max(...(curve ?? []))).toBe(peakBytes);
          expect(Math.min(...(curve ?? []))).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });
});
