import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAddress, storyAddress } from '../../../src/reporters/report/page/address.js';
import { lanesOf } from '../../../src/reporters/report/page/lanes.js';
import { byteLabel, nearest, thinned } from '../../../src/reporters/report/page/scales.js';
import { REST, stackOf } from '../../../src/reporters/report/page/stack.js';
import { Thinned } from '../../../src/reporters/report/series.js';
import { GiB, MiB } from '../../../src/util/bytes.js';

describe('lanes', () => {
  const stays = fc
    .array(
      fc.record({ fromMs: fc.nat(1000), lengthMs: fc.nat(300) }).map(({ fromMs, lengthMs }) => ({
        fromMs,
        toMs: fromMs + lengthMs,
      })),
      { maxLength: 60 },
    )
    .map((all) => all.sort((a, b) => a.fromMs - b.fromMs));

  test('nobody overlaps in a lane, and there are no more lanes than run at once', () => {
    fc.assert(
      fc.property(stays, (all) => {
        const { lanes, count } = lanesOf(all);
        all.forEach((a, at) => {
          all.slice(at + 1).forEach((b, offset) => {
            if (lanes[at] === lanes[at + 1 + offset])
              expect(b.fromMs).toBeGreaterThanOrEqual(a.toMs);
          });
        });
        // The sweep: whoever begins takes a lane only when all others are taken.
        const most = all.reduce((max, { fromMs }, at) => {
          const before = all.slice(0, at).filter(({ toMs }) => toMs > fromMs).length;
          return Math.max(max, before + 1);
        }, 0);
        expect(count).toBe(most);
      }),
    );
  });
});

describe('the stack', () => {
  const attempts = [
    { admittedMs: 500, endedMs: 2500 },
    { admittedMs: 1000, endedMs: 4000 },
  ];
  const series = {
    stepMs: 100,
    tMs: [1000, 2000, 3000],
    usedBytes: [100, 300, 500],
    users: [
      [0, 100],
      [0, 100, 1, 200],
      [1, 250],
    ],
  };

  test('an attempt ends when it ended, and what lies on it comes down then', () => {
    const [first, second] = stackOf(series, attempts, (attempt) => attempt);
    expect(first?.key).toBe(0);
    expect(first?.tMs.at(-1)).toBe(2500);
    expect(first?.high.slice(-2)).toEqual([100, 0]);
    expect(second?.tMs).toEqual([1000, 2000, 2500, 2500, 3000]);
    expect(second?.low.slice(-3)).toEqual([100, 0, 0]);
  });

  test('what nobody listed accounts for lies on top', () => {
    const bands = stackOf(series, attempts, (attempt) => attempt);
    const rest = bands.at(-1)!;
    expect(rest.key).toBe(REST);
    expect(rest.high.at(-1)).toBe(500);
    expect(rest.low.at(-1)).toBe(250);
  });

  test('by job, the bands of its attempts are one', () => {
    const bands = stackOf(series, attempts, () => 0);
    expect(bands.map(({ key }) => key)).toEqual([0, REST]);
    expect(Math.max(...bands[0]!.high)).toBe(325);
  });
});

describe('scales', () => {
  test.each([
    [0, '0'],
    [768 * MiB, '768M'],
    [GiB, '1G'],
    [1.25 * GiB, '1.25G'],
    [48 * GiB, '48G'],
  ])('%d bytes are %s on an axis', (bytes, label) => {
    expect(byteLabel(bytes)).toBe(label);
  });

  test('the nearest time', () => {
    expect(nearest([], 5)).toBeUndefined();
    expect([0, 4, 6, 14, 99].map((ms) => nearest([0, 10, 20], ms))).toEqual([0, 0, 1, 1, 2]);
  });

  test('a table keeps the largest of each stretch', () => {
    const values = Array.from({ length: 1000 }, (_, at) => (at === 777 ? 5 : at % 3));
    const places = thinned(values.length, (a, b) => values[a]! > values[b]!, 50);
    expect(places).toHaveLength(50);
    expect(places).toContain(777);
  });

  test('a series is never longer than allowed, stays in order, and keeps its largest', () => {
    const points = fc.array(fc.record({ tMs: fc.nat(1_000_000), bytes: fc.nat(1000) }), {
      minLength: 1,
      maxLength: 300,
    });
    fc.assert(
      fc.property(points, (all) => {
        const series = new Thinned<{ tMs: number; bytes: number }>(
          (a, b) => (b.bytes > a.bytes ? b : a),
          16,
        );
        const sorted = [...all].sort((a, b) => a.tMs - b.tMs);
        for (const point of sorted) series.add(point);
        expect(series.points.length).toBeLessThanOrEqual(16);
        expect(Math.max(...series.points.map(({ bytes }) => bytes))).toBe(
          Math.max(...all.map(({ bytes }) => bytes)),
        );
        const times = series.points.map(({ tMs }) => tMs);
        expect(times).toEqual([...times].sort((a, b) => a - b));
      }),
    );
  });
});

test('addresses of stories', () => {
  expect(parseAddress(storyAddress(12))).toEqual({ task: 12 });
  expect(parseAddress(storyAddress(12, 3))).toEqual({ task: 12, attempt: 3 });
  expect(parseAddress('#tasks')).toBeUndefined();
  expect(parseAddress('#task-1"><script>')).toBeUndefined();
});
