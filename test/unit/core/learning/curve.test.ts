import { describe, expect, test } from 'vitest';
import { curveOf, newRecorder, noteUse } from '../../../../src/core/learning/curve.js';
import { CURVE_BINS } from '../../../../src/core/learning/types.js';

/** The curve of a run that was looked at every `everyMs` and used `useAt(elapsed / duration)`. */
function record(durationMs: number, everyMs: number, useAt: (share: number) => number) {
  const recorder = newRecorder();
  let peak = 0;
  for (let at = 0; at < durationMs; at += everyMs) {
    const bytes = useAt(at / durationMs);
    peak = Math.max(peak, bytes);
    noteUse(recorder, at, bytes);
  }
  return { recorder, curve: curveOf(recorder, durationMs, peak) };
}

describe('the curve of a run', () => {
  test.each([
    ['a second', 1_000, 10],
    ['an hour', 3_600_000, 1_000],
    ['ten days', 864_000_000, 60_000],
  ])('holds the most of each part: a ramp over %s', (_, durationMs, everyMs) => {
    const { recorder, curve } = record(durationMs, everyMs, (share) => 1_000 * share);
    expect(recorder.mostBytes.length).toBeLessThanOrEqual(64);
    expect(curve).toHaveLength(CURVE_BINS);
    for (const [bin, most] of (curve ?? []).entries()) {
      // A part of the recorder may reach over an end of its bin: by at most a quarter of a bin.
      expect(most).toBeGreaterThan((1_000 * (bin + 0.7)) / CURVE_BINS);
      expect(most).toBeLessThanOrEqual((1_000 * (bin + 1.26)) / CURVE_BINS);
    }
  });

  test('shows a peak where it was', () => {
    const { curve } = record(160_000, 1_000, (share) => (share >= 0.5 && share < 0.56 ? 900 : 100));
    expect(curve?.[8]).toBe(900);
    expect(curve?.filter((most) => most === 900).length).toBeLessThanOrEqual(2);
    expect(curve?.filter((most) => most === 100).length).toBeGreaterThanOrEqual(14);
  });

  test('a part without a look holds what was seen before it, the first what was seen first', () => {
    const recorder = newRecorder();
    noteUse(recorder, 500, 10);
    noteUse(recorder, 950, 30);
    const curve = curveOf(recorder, 1_600, 30);
    expect(curve).toEqual([...Array<number>(9).fill(10), ...Array<number>(7).fill(30)]);
  });

  test('a peak between two looks is put where most was seen', () => {
    const recorder = newRecorder();
    for (const [at, bytes] of [
      [0, 10],
      [800, 60],
      [1_500, 20],
    ] as const)
      noteUse(recorder, at, bytes);
    const curve = curveOf(recorder, 1_600, 99) ?? [];
    expect(curve[0]).toBe(10);
    expect(Math.max(...curve)).toBe(99);
    expect(curve.at(-1)).toBe(20);
  });

  test('is not known of a run that nobody has looked at', () => {
    expect(curveOf(newRecorder(), 5, 4_096)).toBeUndefined();
  });
});
