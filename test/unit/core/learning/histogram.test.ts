import { describe, expect, test } from 'vitest';
import {
  addSample,
  EMPTY_HISTOGRAM,
  lowerEdge,
  meanBytes,
  mergeHistograms,
  percentile,
  type Histogram,
} from '../../../../src/core/learning/histogram.js';
import { MiB } from '../../../../src/util/bytes.js';

const DAY_MS = 86_400_000;

function of(values: readonly number[], atMs = 0): Histogram {
  return values.reduce((histogram, value) => addSample(histogram, value, atMs), EMPTY_HISTOGRAM);
}

describe('buckets', () => {
  test.each([
    [0, 0],
    [1, MiB],
    [2, 2.05 * MiB],
    [3, 3.1525 * MiB],
  ])('bucket %i begins at %d bytes', (index, edge) => {
    expect(lowerEdge(index)).toBeCloseTo(edge, 3);
  });

  test('a value on an edge belongs into the bucket that begins there', () => {
    for (const index of [0, 1, 7, 60, 150]) {
      const at = of([lowerEdge(index)]).buckets;
      expect(at).toEqual([[index, 1]]);
    }
  });
});

describe('a percentile', () => {
  test('is the upper edge of its bucket', () => {
    const histogram = of([0.5 * MiB, 1.5 * MiB, 2.5 * MiB]);
    expect(percentile(histogram, 0.01)).toBe(lowerEdge(1));
    expect(percentile(histogram, 0.5)).toBe(lowerEdge(2));
    expect(percentile(histogram, 1)).toBe(lowerEdge(3));
  });

  test('of nothing is not known, nor is the mean', () => {
    expect(percentile(EMPTY_HISTOGRAM, 0.5)).toBeUndefined();
    expect(meanBytes(EMPTY_HISTOGRAM)).toBeUndefined();
  });
});

describe('the past fades', () => {
  test('by half every thirty samples', () => {
    const histogram = of([10 * MiB, ...Array.from({ length: 30 }, () => 100 * MiB)]);
    const [[, oldest] = [0, 0]] = histogram.buckets;
    expect(oldest).toBeCloseTo(0.5);
  });

  test('by half every fourteen days', () => {
    const histogram = addSample(of([10 * MiB]), 100 * MiB, 14 * DAY_MS);
    const [[, older] = [0, 0], [, newer] = [0, 0]] = histogram.buckets;
    expect(older / newer).toBeCloseTo(0.5 * 2 ** (-1 / 30));
  });

  test('the median follows a group that has changed', () => {
    const histogram = of([...repeat(200, 10 * MiB), ...repeat(40, 100 * MiB)]);
    expect(percentile(histogram, 0.5)).toBeGreaterThan(100 * MiB);
  });

  test('a sample that comes late weighs what it would weigh by now', () => {
    const inTime = addSample(of([10 * MiB], 0), 100 * MiB, 14 * DAY_MS);
    const late = addSample(of([100 * MiB], 14 * DAY_MS), 10 * MiB, 0);
    expect((meanBytes(late) ?? 0) / (meanBytes(inTime) ?? 1)).toBeCloseTo(1, 1);
    expect(late.newestMs).toBe(14 * DAY_MS);
  });

  test('what weighs next to nothing is forgotten', () => {
    const histogram = of([10 * MiB, ...repeat(500, 100 * MiB)]);
    expect(histogram.buckets).toHaveLength(1);
  });
});

test('merged, both count as of the newer one', () => {
  const merged = mergeHistograms(of([10 * MiB], 0), of([30 * MiB], 14 * DAY_MS));
  expect(merged.weight).toBeCloseTo(1.5);
  expect(meanBytes(merged)).toBeCloseTo((5 * MiB + 30 * MiB) / 1.5);
  expect(merged.newestMs).toBe(14 * DAY_MS);
});

function repeat(times: number, value: number): number[] {
  return Array.from({ length: times }, () => value);
}
