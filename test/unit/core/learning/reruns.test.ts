import { describe, expect, test } from 'vitest';
import { learnAll } from '../../../../src/core/learning/learn.js';
import { ownForecastOf } from '../../../../src/core/learning/own-forecast.js';
import { emptyProfile } from '../../../../src/core/learning/profile.js';
import { lastRunOf, ownPastOf, rerunsOf } from '../../../../src/core/learning/reruns.js';
import { CURVE_BINS, type CompletedRun } from '../../../../src/core/learning/types.js';
import { MiB } from '../../../../src/util/bytes.js';
import { completed } from './samples.js';

const flat = (mib: number) => Array<number>(CURVE_BINS).fill(mib * MiB);

/** Peaks in MiB of so many runs of all tasks: a row for each run, a column for each task. */
function profileOf(
  rows: readonly (readonly number[])[],
  more: (task: number, row: number) => Partial<CompletedRun> = () => ({}),
) {
  const runs = rows.flatMap((peaks, row) =>
    peaks.map((mib, task) =>
      completed(row * peaks.length + task, mib, { task, curve: flat(mib), ...more(task, row) }),
    ),
  );
  return learnAll(emptyProfile(), runs);
}

const peaksOf = (profile: ReturnType<typeof profileOf>, task: number, inputBytes?: number) =>
  ownPastOf(profile, task, inputBytes)?.runs.map(({ peakBytes }) => peakBytes / MiB);

/** In no order that looks like a group that grows. */
const APART = [400, 800, 100, 200];

describe('the own past of a task', () => {
  test('is its earlier run where tasks differ', () => {
    const profile = profileOf([APART]);
    expect(peaksOf(profile, 2)).toEqual([100]);
    expect(peaksOf(profile, 9)).toBeUndefined();
    expect(rerunsOf(profile)).toBeUndefined();
  });

  test('is the newest three runs of many', () => {
    const rows = [1, 1.01, 1.02, 1.03].map((factor) => APART.map((mib) => factor * mib));
    expect(peaksOf(profileOf(rows), 2)).toEqual([101, 102, 103]);
  });

  test('says nothing where all tasks are alike', () => {
    expect(peaksOf(profileOf([[300, 305, 302, 301]]), 0)).toBeUndefined();
  });

  test('says something where they need alike but take longer or shorter', () => {
    const lasting = (task: number) => ({ durationMs: 1000 * 4 ** task });
    expect(peaksOf(profileOf([[300, 300, 300, 300]], lasting), 0)).toEqual([300]);
  });

  test('excuses a peak that is beyond its group and not beyond itself', () => {
    const profile = profileOf([[...APART, 810, 805, 790]]);
    const overrunsOf = (task: number) =>
      learnAll(profile, [completed(90, 900, { task, curve: flat(900) })]).overruns;
    expect(overrunsOf(4)).toBe(0);
    expect(overrunsOf(99)).toBe(1);
  });

  test('says nothing where tasks need something else each time, however alike they last', () => {
    const rows = [APART, APART.toReversed(), [800, 100, 200, 400], [200, 400, 800, 100]];
    const lasting = (task: number) => ({ durationMs: 1000 * 4 ** task });
    expect(peaksOf(profileOf(rows, lasting), 0)).toBeUndefined();
  });

  test('says nothing where rows are other work each time', () => {
    const rows = [APART, APART.toReversed(), [800, 100, 200, 400], [200, 400, 800, 100]];
    const profile = profileOf(rows);
    expect(rerunsOf(profile)?.peakDeviation).toBeGreaterThan(0.5);
    expect(peaksOf(profile, 0)).toBeUndefined();
  });

  test('is that with an input of the same size', () => {
    const profile = profileOf([APART], () => ({ inputBytes: 1000 }));
    expect(peaksOf(profile, 1, 1050)).toEqual([800]);
    expect(peaksOf(profile, 1, 5000)).toBeUndefined();
    expect(peaksOf(profile, 1)).toBeUndefined();
  });

  test('leaves out runs of which the peak cannot have been seen', () => {
    const profile = profileOf([APART], () => ({ tier: 'procfs', durationMs: 50 }));
    expect(peaksOf(profile, 1)).toBeUndefined();
  });

  test('knows how far reruns differ, and assumes little before it does', () => {
    const rows = [APART, ...Array<number[]>(5).fill(APART.map((mib) => 1.2 * mib))];
    const { pairs, peakDeviation } = rerunsOf(profileOf(rows)) ?? {};
    expect(pairs).toBe(20);
    // Four of the pairs differ by ln 1.2, three that are assumed by 5 %.
    expect(peakDeviation).toBeCloseTo(Math.sqrt((4 * Math.log(1.2) ** 2 + 3 * 0.05 ** 2) / 23), 3);
  });

  test('is the last run for a rehearsal, whatever it tells', () => {
    expect(lastRunOf(profileOf([[300, 300]]), 1)?.peakBytes).toBe(300 * MiB);
  });
});

describe('the forecast by it', () => {
  test('is the same for the same question, and has the group beside it', () => {
    const profile = profileOf([APART]);
    const own = ownPastOf(profile, 1, undefined)!;
    expect(ownPastOf(profile, 1, undefined)).toBe(own);
    const forecast = ownForecastOf(profile, own, {})!;
    expect(ownForecastOf(profile, own, {})).toBe(forecast);
    expect(Math.max(...forecast.maxBytes)).toBe(800 * MiB);
    expect(forecast.runs.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    expect(new Set(forecast.runs.map(({ durationMs }) => Math.round(durationMs))).size).toBe(4);
    expect(forecast.otherwise?.runs).toHaveLength(4);
    expect(forecast.otherwise?.otherwise).toBeUndefined();
  });

  test('is none without a curve', () => {
    const profile = profileOf([APART], () => ({ curve: undefined as never }));
    expect(ownForecastOf(profile, ownPastOf(profile, 0, undefined)!, {})).toBeUndefined();
  });
});
