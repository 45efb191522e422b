import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  INPUT_RULES,
  inputViewOf,
  questionOf,
  questionWithout,
} from '../../../../src/core/learning/input-rules.js';
import {
  PLAIN_RULES,
  summariesWithoutOne,
  summaryOf,
} from '../../../../src/core/learning/rules.js';
import { MiB } from '../../../../src/util/bytes.js';

const peak = fc.integer({ min: 1, max: 50 }).map((mib) => mib * MiB);
const similarPeak = fc.integer({ min: 30, max: 50 }).map((mib) => mib * MiB);

describe('what would have been known without one of the runs', () => {
  test('is what the others alone say', () => {
    fc.assert(
      fc.property(fc.array(peak, { minLength: 2, maxLength: 40 }), (peaks) => {
        const expected = peaks.map((_, at) => summaryOf(peaks.toSpliced(at, 1)));
        expect(summariesWithoutOne(peaks)).toEqual(expected);
      }),
    );
  });

  test('holds for inputs, too: lines, neighbours and the most that is believed', () => {
    const points = fc.array(
      fc.record({ inputBytes: fc.integer({ min: 1, max: 1e9 }), peakBytes: similarPeak }),
      { minLength: 6, maxLength: 30 },
    );
    fc.assert(
      fc.property(points, fc.nat(), (all, pick) => {
        const at = pick % all.length;
        const view = inputViewOf(all);
        const others = inputViewOf(all.toSpliced(at, 1));
        fc.pre(view !== undefined && others !== undefined);
        const left = questionWithout(view, at);
        const anew = questionOf(others, all[at]?.inputBytes ?? 0);
        expect(left.nearestPeaks).toEqual(anew.nearestPeaks);
        expect(left.mostBytes).toBe(anew.mostBytes);
        const [line] = left.fitted;
        const [lineAnew] = anew.fitted;
        // A line that does not rise is none, and none is believed below half of the smallest peak.
        const isBelieved = (bytes: number): boolean => bytes > 26 * MiB;
        fc.pre(line !== undefined && isBelieved(line.bytes));
        fc.pre(lineAnew !== undefined && isBelieved(lineAnew.bytes));
        expect(line.bytes / lineAnew.bytes).toBeCloseTo(1, 6);
      }),
    );
  });

  test('no two rules share a name', () => {
    const names = [...PLAIN_RULES, ...INPUT_RULES].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
