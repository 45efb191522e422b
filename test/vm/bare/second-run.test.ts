import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runJobs, type FinishedCli } from '../../support/cli.js';
import { outcomes, preemptions } from '../../support/journal-view.js';
import { program } from '../../support/programs.js';
import { tempDir } from '../../support/temp-dir.js';
import { unevenTasks } from '../../support/uneven.js';
import { describeCgroup } from '../support/guard.js';
import { countingOomKills, expectNothingLeft } from '../support/host-health.js';

const TASKS = unevenTasks();
const JOBS = {
  memory: { budget: '720M' },
  defaults: {
    preemptible: 'low',
    // They mostly sleep, and emulation makes the rest dear: memory alone is to decide.
    cpus: 0,
    // alloc would start itself again to set this.
    env: { MALLOC_MMAP_THRESHOLD_: '65536' },
  },
  jobs: Object.fromEntries(
    TASKS.map(({ name, corners, requestMib }) => [
      name,
      {
        run: [program('alloc'), '--curve', corners.map((at) => at.join(':')).join(',')],
        ...(requestMib === undefined ? {} : { memory: `${String(requestMib)}M` }),
      },
    ]),
  ),
};

function figures(name: string, { events, wallMs }: FinishedCli): string {
  const end = events.find(({ kind }) => kind === 'run-ended');
  const makespan = `makespan ${((end?.tMs ?? NaN) / 1000).toFixed(1)} s`;
  const count = `${String(preemptions(events).length)} preemptions`;
  return `${name}: ${makespan}, wall ${(wallMs / 1000).toFixed(1)} s, ${count}`;
}

describeCgroup('forty tasks with uneven curves', () => {
  expectNothingLeft();

  test('preempt less in their second run, with what the first has shown', async () => {
    const profiles = ['--profile-file', join(tempDir(), 'profiles.json')];
    const [runs, oomKills] = await countingOomKills(async () => [
      await runJobs(JOBS, profiles),
      await runJobs(JOBS, profiles),
    ]);
    const [first, second] = runs as [FinishedCli, FinishedCli];
    console.log(`${figures('first run', first)}\n${figures('second run', second)}`);
    expect(oomKills).toBe(0);
    for (const { events, exitCode, story } of runs) {
      expect(exitCode, story).toBe(0);
      expect(Object.values(outcomes(events))).toEqual(TASKS.map(() => 'succeeded'));
    }
    expect(preemptions(first.events).length, first.story).toBeGreaterThan(0);
    expect(preemptions(second.events).length, second.story).toBeLessThan(
      preemptions(first.events).length,
    );
  }, 600_000);
});
