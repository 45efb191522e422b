import { describe, expect, test } from 'vitest';
import {
  addOutlook,
  emptyForecast,
  expectedPeak,
  wouldFit,
  type Outlook,
} from '../../../src/core/forecast.js';
import { CURVE_BINS, type CurveForecast } from '../../../src/core/learning/types.js';

/** A course of 16 s: one bin a second. */
function course(meanBytes: readonly number[], sigmaBytes = 0): CurveForecast {
  return {
    meanBytes,
    varianceBytes2: meanBytes.map(() => sigmaBytes ** 2),
    maxBytes: meanBytes,
    durationMs: CURVE_BINS * 1000,
    samples: 5,
    runs: [],
  };
}

const flat = (bytes: number): number[] => Array<number>(CURVE_BINS).fill(bytes);
/** Low, but for one second at its end. */
const LATE_PEAK = [...flat(10).slice(1), 100];

function running(meanBytes: readonly number[], elapsedMs = 0, usedBytes?: number): Outlook {
  return {
    kind: 'course',
    course: course(meanBytes),
    elapsedMs,
    ...(usedBytes === undefined ? {} : { usedBytes }),
  };
}

function forecastOf(...outlooks: readonly Outlook[]) {
  const forecast = emptyForecast();
  for (const outlook of outlooks) addOutlook(forecast, outlook);
  return forecast;
}

describe('the forecast', () => {
  test('of levels is their sum, at any time', () => {
    const forecast = forecastOf({ kind: 'level', bytes: 30 }, { kind: 'level', bytes: 50 });
    expect(expectedPeak(forecast, 2)).toBe(80);
    expect(wouldFit(forecast, { kind: 'level', bytes: 20 }, 100, 2)).toMatchObject({ fits: true });
    expect(wouldFit(forecast, { kind: 'level', bytes: 21 }, 100, 2)).toMatchObject({
      fits: false,
      peakBytes: 101,
    });
  });

  test('lets peaks that do not meet share the same room', () => {
    // The running one is 12 s into its life: its peak comes in 3 s, the other's in 15.
    const forecast = forecastOf(running(LATE_PEAK, 12_000, 10));
    expect(wouldFit(forecast, running(LATE_PEAK), 120, 0)).toMatchObject({ fits: true });
    // Side by side they peak together.
    const together = forecastOf(running(LATE_PEAK, 0, 10));
    const { fits, inMs } = wouldFit(together, running(LATE_PEAK), 120, 0);
    expect(fits).toBe(false);
    expect(inMs).toBeGreaterThan(10_000);
    expect(inMs).toBeLessThanOrEqual(15_000);
  });

  test('misses no peak between two looks, however short it is', () => {
    for (let peakAt = 0; peakAt < CURVE_BINS; peakAt += 1) {
      const means = flat(10).map((bytes, at) => (at === peakAt ? 100 : bytes));
      expect(expectedPeak(forecastOf(running(means)), 0), `peak in bin ${peakAt}`).toBe(100);
    }
  });

  test('forgets what is past', () => {
    const early = [100, ...flat(10).slice(1)];
    expect(expectedPeak(forecastOf(running(early, 1000, 10)), 0)).toBe(10);
  });

  test('ends with the task', () => {
    const forecast = forecastOf(running(flat(100), 15_500, 100));
    const short: Outlook = running(LATE_PEAK);
    // Its own peak comes long after the running one is gone.
    expect(wouldFit(forecast, short, 110, 0)).toMatchObject({ fits: true });
    expect(wouldFit(forecast, { kind: 'level', bytes: 11 }, 110, 0)).toMatchObject({ fits: false });
  });

  test('carries on what a task uses beyond its course', () => {
    expect(expectedPeak(forecastOf(running(LATE_PEAK, 0, 30)), 0)).toBe(120);
  });

  test('counts an overdue task as it is, for ever', () => {
    const forecast = forecastOf(running(LATE_PEAK, 20_000, 70));
    expect(expectedPeak(forecast, 0)).toBe(70);
    expect(wouldFit(forecast, running(LATE_PEAK), 169, 0)).toMatchObject({ fits: false });
    expect(wouldFit(forecast, running(LATE_PEAK), 170, 0)).toMatchObject({ fits: true });
  });

  test('adds variances, not deviations: many uncertain tasks are less so together', () => {
    const uncertain: Outlook = { kind: 'course', course: course(flat(10), 4), elapsedMs: 0 };
    const four = forecastOf(uncertain, uncertain, uncertain, uncertain);
    expect(expectedPeak(four, 2)).toBe(40 + 2 * 8);
    expect(wouldFit(four, uncertain, 50 + Math.ceil(2 * Math.sqrt(5 * 16)), 2).fits).toBe(true);
    expect(wouldFit(four, uncertain, 50 + 2 * 8, 2).fits).toBe(false);
  });
});
