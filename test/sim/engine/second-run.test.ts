import { describe, expect, test } from 'vitest';
import { violations } from '../checkers/all.js';
import type { Recording } from '../recording.js';
import { learnedFrom } from '../scenario.js';
import { calmSetupFor } from '../seeds.js';
import { simulate } from '../simulate.js';

const SEEDS = 300;

/** What a run cost beside its work: attempts that were preempted, or killed by the kernel for want of memory elsewhere. */
function costsOf({ supervisor, oomKills }: Recording): { preemptions: number; oomKills: number } {
  return {
    preemptions: supervisor.state.counts.preemptions,
    oomKills: oomKills.tree + oomKills.host,
  };
}

describe('the second run of the same jobs, with what the first has learned', () => {
  test(`preempts less, over ${SEEDS} seeds in sum, and keeps every promise`, () => {
    const sums = {
      first: { preemptions: 0, oomKills: 0 },
      second: { preemptions: 0, oomKills: 0 },
    };
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const setup = calmSetupFor(seed);
      const first = simulate(setup);
      const second = simulate({ ...setup, priors: learnedFrom(first) });
      for (const [name, run] of Object.entries({ first, second })) {
        expect(violations(run), `calmSetupFor(${seed}), ${name} run`).toEqual([]);
        const costs = costsOf(run);
        const sum = sums[name as keyof typeof sums];
        sum.preemptions += costs.preemptions;
        sum.oomKills += costs.oomKills;
      }
    }
    console.table(sums);
    // Of nothing there can be no less.
    expect(sums.first.preemptions).toBeGreaterThan(100);
    expect(sums.second.preemptions).toBeLessThan(sums.first.preemptions);
  });
});
