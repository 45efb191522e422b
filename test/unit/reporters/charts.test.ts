import { Chalk } from 'chalk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bandBar, bar, bucketsOf } from '../../../src/reporters/charts.js';

const plain = new Chalk({ level: 0 });

describe('a bar', () => {
  it.each([
    [10, 10, '██████████'],
    [5, 10, '█████'],
    [0.01, 10, '█'],
    [0, 10, ''],
    [0, 0, ''],
  ])('of %d of %d', (value, most, expected) => {
    expect(bar(value, most, 10)).toBe(expected);
  });
});

describe('a mean with its band', () => {
  it('is told apart without colour', () => {
    expect(bandBar({ low: 4, mean: 6, high: 9 }, 10, 10, plain)).toBe('████▓▓▒▒▒');
    expect(bandBar({ low: 6, mean: 6, high: 6 }, 6, 10, plain)).toBe('██████████');
    expect(bandBar({ low: 0, mean: 0, high: 0 }, 0, 10, plain)).toBe('');
  });
});

describe('a histogram', () => {
  it('has buckets of one round width, empty ones between them too', () => {
    expect(bucketsOf([3, 5, 21], 1, 12)).toEqual([
      { from: 2, to: 4, count: 1 },
      { from: 4, to: 6, count: 1 },
      ...[6, 8, 10, 12, 14, 16, 18].map((from) => ({ from, to: from + 2, count: 0 })),
      { from: 20, to: 22, count: 1 },
    ]);
    expect(bucketsOf([], 1, 12)).toEqual([]);
    expect(bucketsOf([0], 1, 12)).toEqual([{ from: 0, to: 1, count: 1 }]);
  });

  it('counts every value once, in few buckets that hold it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 2 ** 45 }), { minLength: 1 }), (values) => {
        const buckets = bucketsOf(values, 1024, 12);
        expect(buckets.length).toBeLessThanOrEqual(12);
        for (const { from, to, count } of buckets)
          expect(count).toBe(values.filter((value) => value >= from && value < to).length);
        expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
      }),
    );
  });
});
