import { describe, expect, test } from 'vitest';
import { costOf, nextRung } from '../../../../src/core/learning/ladder.js';
import { CURVE_BINS } from '../../../../src/core/learning/types.js';
import { MiB } from '../../../../src/util/bytes.js';
import { completed } from './samples.js';

describe('the next rung', () => {
  test.each([
    ['goes beyond the largest ever seen', 100, 400, 440],
    ['and by a quarter at least', 380, 400, 475],
    ['and twice as far where even the largest was too little', 400, 400, 800],
    ['also where nothing was seen', 100, 0, 200],
  ])('%s', (_, bytes, largest, next) => {
    expect(nextRung(bytes, largest)).toBeCloseTo(next);
  });
});

describe('what an estimate costs', () => {
  const minute = 60_000;
  const run = completed(1, 100);

  test('what is set aside and not used, over the duration', () => {
    expect(costOf(130 * MiB, run, 100 * MiB, 8)).toBe(30 * MiB * minute);
    expect(costOf(100 * MiB, run, 100 * MiB, 8)).toBe(0);
  });

  test('a failed attempt counts so many times, and what the retry sets aside in vain', () => {
    // 80 fails; 110 % of the largest before it, 90, does not reach it either, but 125 % of 80 does.
    expect(costOf(80 * MiB, run, 90 * MiB, 8)).toBe(8 * 80 * MiB * minute);
    // 40 fails, so does 80, but not 160.
    expect(costOf(40 * MiB, run, 0, 2)).toBe((2 * (40 + 80) + 60) * MiB * minute);
  });

  test('less is lost the sooner it shows, but never less than a quarter', () => {
    const curve = Array.from({ length: CURVE_BINS }, (_, bin) => (bin < 8 ? 50 : 100) * MiB);
    const half = costOf(80 * MiB, { ...run, curve }, 90 * MiB, 8);
    expect(half).toBe(8 * 80 * MiB * minute * (8.5 / CURVE_BINS));
    const atOnce = costOf(80 * MiB, { ...run, curve: curve.map(() => 100 * MiB) }, 90 * MiB, 8);
    expect(atOnce).toBe(8 * 80 * MiB * minute * 0.25);
  });

  test('nothing set aside at all still ends', () => {
    expect(costOf(0, run, 0, 8)).toBeGreaterThan(0);
  });
});
