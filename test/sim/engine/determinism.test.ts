import { describe, expect, test } from 'vitest';
import { NO_FAULTS } from '../faults.js';
import type { Recording } from '../recording.js';
import { setupFor } from '../seeds.js';
import { simulate } from '../simulate.js';

/** Everything that is recorded of a run, but for the supervisor itself. */
function allOf({ supervisor, setup, ...rest }: Recording): object {
  return { ...rest, seed: setup.seed, state: supervisor.state };
}

const SOME_SEEDS = Array.from({ length: 30 }, (_, at) => 7 + 41 * at);

describe('a simulated run', () => {
  test.each(SOME_SEEDS)('of seed %i goes the same way twice, to the last byte', (seed) => {
    expect(allOf(simulate(setupFor(seed)))).toEqual(allOf(simulate(setupFor(seed))));
  });

  test('goes other ways with other seeds', () => {
    const stories = new Set(
      SOME_SEEDS.map((seed) => JSON.stringify(simulate(setupFor(seed)).events)),
    );
    expect(stories.size).toBe(SOME_SEEDS.length);
  });

  test.each(SOME_SEEDS)('of seed %i goes the same way when the wall clock is set', (seed) => {
    const setup = setupFor(seed);
    const faults = setup.faults ?? NO_FAULTS;
    const calm = simulate({ ...setup, faults: { ...faults, wallJumps: [] } });
    const wallJumps = [100, 1500, 4000].map((atMs, at) => ({
      atMs,
      byMs: (at % 2 === 0 ? 1 : -1) * 86_400_000,
    }));
    const jumpy = simulate({ ...setup, faults: { ...faults, wallJumps } });
    expect(jumpy.events).toEqual(calm.events);
  });
});
