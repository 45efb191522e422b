import { expect } from 'vitest';
import { runJobs, type FinishedCli } from '../../support/cli.js';
import { outcomes } from '../../support/journal-view.js';
import { countingOomKills } from './host-health.js';
import { alloc, type Job } from './jobs.js';

const KEYS: Job = { memory: '50M', cpus: 0, profile: 'none', preemptible: 'low' };

/**
 * Runs two tasks that grow side by side to `mib` each, which a budget of 1000 MiB does not hold, the one called `older` a
 * little ahead. Both may be frozen, then stopped. Expects that both succeed without an OOM kill.
 */
export async function runTwoThatGrow(mib: number): Promise<FinishedCli> {
  const [run, kills] = await countingOomKills(() =>
    runJobs({
      memory: { budget: '1000M' },
      defaults: { on_pressure: ['suspend', 'preempt'] },
      jobs: { older: alloc(mib, 15, 1, KEYS), newer: alloc(mib, 15, 1, KEYS) },
    }),
  );
  expect(run.exitCode, run.story).toBe(0);
  expect(kills).toBe(0);
  expect(outcomes(run.events)).toEqual({ older: 'succeeded', newer: 'succeeded' });
  return run;
}
