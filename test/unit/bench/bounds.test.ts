import { describe, expect, test } from 'vitest';
import { atPeak, boundsOf, highestOf, type BoundJob } from '../../../bench/packing/bounds.js';

/** A job of steps `[bytes, ms]`. */
function job(
  steps: readonly (readonly [number, number])[],
  change: Partial<BoundJob> = {},
): BoundJob {
  return {
    steps: steps.map(([bytes, ms]) => ({ bytes, ms })),
    cpus: 1,
    arrivalMs: 0,
    needs: [],
    ...change,
  };
}

const machine = { memoryBytes: 100, cpus: 2 };
const times = (count: number, one: BoundJob): BoundJob[] =>
  Array.from({ length: count }, () => one);

describe('lower bounds', () => {
  test('area and cores: everything side by side without a gap', () => {
    const { area, cores } = boundsOf(
      times(
        10,
        job([
          [50, 10],
          [30, 20],
        ]),
      ),
      machine,
    );
    expect(area).toBe((10 * (50 * 10 + 30 * 20)) / 100);
    expect(cores).toBe((10 * 30) / 2);
  });

  test('the longest job, and processors without end', () => {
    const { longest, cores } = boundsOf(
      [
        job([[1, 70]]),
        job([
          [1, 5],
          [2, 5],
        ]),
      ],
      { ...machine, cpus: Infinity },
    );
    expect(longest).toBe(70);
    expect(cores).toBe(0);
  });

  test('the critical path goes through needs, and starts with an arrival', () => {
    const jobs = [
      job([[1, 10]], { arrivalMs: 100 }),
      job([[1, 20]], { needs: [0] }),
      job([[1, 1]], { needs: [0, 3] }),
      job([[1, 130]]),
    ];
    expect(boundsOf(jobs, machine).criticalPath).toBe(131);
    expect(boundsOf(jobs.slice(0, 2), machine).criticalPath).toBe(130);
  });

  test('needs in a circle are refused', () => {
    expect(() =>
      boundsOf([job([[1, 1]], { needs: [1] }), job([[1, 1]], { needs: [0] })], machine),
    ).toThrow(RangeError);
  });

  test('bands: of uses above half one at a time, above a third two, and so on', () => {
    expect(boundsOf(times(6, job([[51, 10]])), machine).bands).toBe(60);
    expect(boundsOf(times(6, job([[34, 10]])), machine).bands).toBe(30);
    expect(boundsOf(times(6, job([[50, 10]])), machine).bands).toBe(30);
    expect(boundsOf(times(6, job([[10, 10]])), machine).bands).toBe(0);
  });

  test('pairs: what is nearly all leaves room for nothing that is not small', () => {
    const jobs = [...times(3, job([[80, 10]])), ...times(4, job([[30, 10]]))];
    const { area, bands, pairs } = boundsOf(jobs, machine);
    expect(area).toBe(36);
    expect(bands).toBe(30);
    // Each large one counts as all of the memory; a small one fits beside none of them.
    expect(pairs).toBeCloseTo(30 + 12);
  });

  test('arrivals: what comes late cannot be done before', () => {
    const late = times(10, job([[50, 10]], { arrivalMs: 1000 }));
    const bounds = boundsOf([job([[50, 10]]), ...late], machine);
    expect(bounds.arrivals).toBe(1000 + 50);
    expect(highestOf(bounds)).toBe(1050);
  });

  test('the highest counts', () => {
    const bounds = boundsOf(times(4, job([[60, 10]])), machine);
    expect(highestOf(bounds)).toBe(40);
  });

  test('set aside at their peaks, jobs take more', () => {
    const jobs = times(
      10,
      job([
        [20, 90],
        [80, 10],
      ]),
    );
    expect(boundsOf(jobs, machine).area).toBe(260);
    expect(highestOf(boundsOf(atPeak(jobs), machine))).toBe(1000);
  });

  test('of nothing are nothing', () => {
    expect(highestOf(boundsOf([], machine))).toBe(0);
  });
});
