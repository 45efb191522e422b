import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tier } from '../../../src/core/events.js';
import { growthOf, isComparable } from '../../../src/core/growth-gate.js';
import { learnAll } from '../../../src/core/learning/learn.js';
import { emptyProfile, type GroupProfile } from '../../../src/core/learning/profile.js';
import type { CompletedRun } from '../../../src/core/learning/types.js';
import { evolve } from '../../../src/core/evolve.js';
import { MiB } from '../../../src/util/bytes.js';
import { plainTask } from '../../sim/specs.js';
import { started } from '../journal/events.js';
import { completed } from './learning/samples.js';
import { Loop, of } from './loop.js';

/** Peaks in MiB, of tasks `t0`, `t1`, … */
const finished = (...mib: number[]) =>
  mib.map((size, at) => ({ task: `t${at}`, peakBytes: size * MiB }));
const stored = (...mib: number[]) => mib.map((size) => size * MiB);
const grew = (now: number[], before: number[], limitPct = 20) =>
  growthOf(finished(...now), stored(...before), limitPct);

describe('a group', () => {
  it('that needs more than before has grown, and it is told from what to what', () => {
    expect(grew([600], [400, 390, 380])).toEqual({
      task: 't0',
      beforeBytes: 400 * MiB,
      nowBytes: 600 * MiB,
      growthPct: 50,
      limitPct: 20,
      samples: 3,
    });
  });

  it.each([
    ['within the limit', [480], [400, 390, 380]],
    ['smaller than before', [100], [400, 390, 380]],
    ['compared with fewer than three runs', [4000], [400, 390]],
    ['that did not run', [], [400, 390, 380]],
    ['grown by less than noise', [15], [1, 1, 1]],
  ])('%s has not', (_, now, before) => {
    expect(grew(now, before)).toBeUndefined();
  });

  it('with one task that is always the heaviest is judged by that one', () => {
    const rows = [100, 110, 105, 800];
    expect(grew([100, 110, 105, 1200], rows)).toMatchObject({ task: 't3', growthPct: 50 });
    expect(grew([100, 110, 105, 1200], [...rows, ...rows])).toMatchObject({ growthPct: 50 });
    expect(grew(rows, rows)).toBeUndefined();
    expect(grew(rows, [...rows, ...rows])).toBeUndefined();
  });

  it('is not judged by one attempt when others should have come near it', () => {
    expect(grew([400, 390, 1200], [400, 390, 380])).toBeUndefined();
    expect(grew([400, 1300, 1200], [400, 390, 380])).toMatchObject({ task: 't2', growthPct: 200 });
  });

  it('is not measured by one accident that is stored', () => {
    expect(grew([600], [400, 390, 2000])).toMatchObject({ beforeBytes: 400 * MiB });
    expect(grew([600, 610, 620], [400, 390, 380, 395, 385, 2000])).toMatchObject({
      beforeBytes: 400 * MiB,
    });
    // Three stored runs of a run with three tasks: the largest may well be the heavy one of the three.
    expect(grew([400, 390, 2000], [400, 390, 2000])).toBeUndefined();
  });

  it('of which nothing was measured before grows all the same', () => {
    expect(grew([100], [0, 0, 0])?.growthPct).toBe(10_000);
  });
});

const alike = fc.integer({ min: 1000, max: 1150 });

describe('one outlier', () => {
  it('in a run of equals changes nothing', () => {
    fc.assert(
      fc.property(
        fc.array(alike, { minLength: 3, maxLength: 40 }),
        fc.array(alike, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.nat(),
        (before, now, outlier, at) => {
          const others = now.toSpliced(at % now.length, 0, outlier);
          expect(grew(others, before)).toBeUndefined();
        },
      ),
    );
  });

  it('that is stored hides no growth, once there are enough runs beside it', () => {
    fc.assert(
      fc.property(
        fc.array(alike, { minLength: 6, maxLength: 40 }),
        fc.array(alike, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        (before, now, outlier) => {
          const doubled = now.map((size) => size * 2);
          expect(grew(doubled, [...before, outlier])).toBeDefined();
        },
      ),
    );
  });
});

function profileOf(mib: readonly number[], tier: Tier = 'cgroup'): GroupProfile {
  return learnAll(
    emptyProfile(),
    mib.map((size, at) => completed(at, size, { tier })),
  );
}

describe('at the end of a run', () => {
  function run(stored: GroupProfile, limitPct: number | undefined) {
    const limit = limitPct === undefined ? {} : { maxGrowthPct: limitPct };
    const loop = new Loop([plainTask('a', { group: 'g' })], limit, new Map([['g', stored]]));
    evolve(loop.state, { ...started, tier: 'cgroup' });
    loop.tick();
    loop.launchAll();
    return loop.end('a', { kind: 'code', code: 0 }, { peakBytes: 600 * MiB });
  }

  it('a grown group is told before the run ends, and remembered', () => {
    const end = run(profileOf([400, 390, 380]), 20);
    expect(end.events.slice(-2)).toMatchObject([
      { kind: 'group-grew', group: 'g', task: 'a', growthPct: 50 },
      { kind: 'run-ended' },
    ]);
  });

  it.each([
    ['without a limit', profileOf([400, 390, 380]), undefined],
    ['with room', profileOf([400, 390, 380]), 60],
    ['against another tier', profileOf([400, 390, 380], 'procfs'), 20],
    ['against nothing', emptyProfile(), 20],
  ])('%s nothing is told', (_, stored, limitPct) => {
    expect(of(run(stored, limitPct), 'group-grew')).toEqual([]);
  });

  it('what was too short to be seen is compared with nothing, stored or now', () => {
    const curve = Array<number>(16).fill(MiB);
    const sized = (durationMs: number, more: Partial<CompletedRun> = {}): GroupProfile =>
      learnAll(
        emptyProfile(),
        [1, 2, 3].map((size) => completed(size, size, { tier: 'procfs', durationMs, ...more })),
      );
    expect(isComparable(sized(150, { curve }), 'procfs')).toBe(false);
    expect(isComparable(sized(4000), 'procfs')).toBe(false);
    expect(isComparable(sized(4000, { curve }), 'procfs')).toBe(true);
    const grown = (ranMs: number): string[] => {
      const loop = new Loop(
        [plainTask('a', { group: 'g' })],
        { maxGrowthPct: 20 },
        new Map([['g', sized(4000, { curve })]]),
      );
      evolve(loop.state, { ...started, tier: 'procfs' });
      loop.tick();
      loop.launchAll({ use: { a: 600 * MiB } });
      const facts = [loop.exited('a'), loop.emptied('a', { peakBytes: 600 * MiB })];
      return of(loop.tick({ afterMs: ranMs, facts }), 'group-grew').map(({ group }) => group);
    };
    expect(grown(150)).toEqual([]);
    expect(grown(250)).toEqual(['g']);
  });

  it('it is known beforehand whether there is something to compare with', () => {
    expect(isComparable(profileOf([1, 2, 3]), 'cgroup')).toBe(true);
    expect(isComparable(profileOf([1, 2]), 'cgroup')).toBe(false);
    expect(isComparable(profileOf([1, 2, 3], 'procfs'), 'cgroup')).toBe(false);
    expect(isComparable(undefined, 'cgroup')).toBe(false);
  });
});
