import { describe, expect, test } from 'vitest';
import { violations } from './checkers/all.js';
import { setupFor } from './seeds.js';
import { simulate } from './simulate.js';

/** `SIM_SEED=k` runs that seed alone; `SIM_SEEDS=n` the first n. */
const ONLY = process.env['SIM_SEED'];
const SEEDS = Number(process.env['SIM_SEEDS'] ?? 250);
/** Seeds in one test: a failure names its seed, not its block. */
const BLOCK = 50;

function check(seed: number): void {
  expect(violations(simulate(setupFor(seed))), `SIM_SEED=${seed} shows it again`).toEqual([]);
}

describe('the engine keeps its promises whatever the host does', () => {
  if (ONLY !== undefined) {
    test(`seed ${ONLY}`, () => {
      check(Number(ONLY));
    });
    return;
  }
  for (let from = 1; from <= SEEDS; from += BLOCK) {
    const to = Math.min(from + BLOCK - 1, SEEDS);
    test(`seeds ${from} to ${to}`, () => {
      for (let seed = from; seed <= to; seed += 1) check(seed);
    });
  }
});

describe('the simulator', () => {
  test.each([7, 21, 42])('runs seed %i the same way twice', (seed) => {
    expect(simulate(setupFor(seed)).events).toEqual(simulate(setupFor(seed)).events);
  });

  test('runs other seeds in other ways', () => {
    expect(simulate(setupFor(1)).events).not.toEqual(simulate(setupFor(2)).events);
  });
});
