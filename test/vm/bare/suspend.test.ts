import { expect, test } from 'vitest';
import { runJobs } from '../../support/cli.js';
import { ofKind, outcomes, preemptions } from '../../support/journal-view.js';
import { describeCgroup } from '../support/guard.js';
import { countingOomKills, expectNothingLeft } from '../support/host-health.js';
import { alloc, type Job } from '../support/jobs.js';

const KEYS: Job = { memory: '50M', cpus: 0, profile: 'none', preemptible: 'low' };

/** Two that grow side by side to more than there is, the older one a little ahead. */
const JOBS = { older: alloc(470, 15, 1, KEYS), newer: alloc(470, 15, 1, KEYS) };

describeCgroup('two that grow beyond what there is', () => {
  expectNothingLeft();

  test('lose no work where the newer one may be frozen', async () => {
    const [run, kills] = await countingOomKills(() =>
      runJobs({
        memory: { budget: '1000M' },
        defaults: { on_pressure: ['suspend', 'preempt'] },
        jobs: JOBS,
      }),
    );
    expect(run.exitCode, run.story).toBe(0);
    expect(kills).toBe(0);
    expect(outcomes(run.events)).toEqual({ older: 'succeeded', newer: 'succeeded' });
    expect(preemptions(run.events), run.story).toEqual([]);
    expect(ofKind(run.events, 'attempt-admitted')).toHaveLength(2);
    const frozen = ofKind(run.events, 'attempt-suspended');
    expect(
      frozen.map(({ task }) => task),
      run.story,
    ).toEqual(['newer']);
    const ended = ofKind(run.events, 'attempt-ended').find(({ task }) => task === 'newer');
    expect(ended?.frozenMs).toBeGreaterThan(1000);
  });

  test('one of them is stopped where what is frozen is too much for the other', async () => {
    const jobs = { older: alloc(700, 15, 1, KEYS), newer: alloc(700, 15, 1, KEYS) };
    const [run, kills] = await countingOomKills(() =>
      runJobs({
        memory: { budget: '1000M' },
        defaults: { on_pressure: ['suspend', 'preempt'] },
        jobs,
      }),
    );
    expect(run.exitCode, run.story).toBe(0);
    expect(kills).toBe(0);
    expect(ofKind(run.events, 'attempt-suspended')[0]?.task).toBe('newer');
    const [first] = preemptions(run.events);
    expect(first?.task, run.story).toBe('newer');
    expect(outcomes(run.events)).toEqual({ older: 'succeeded', newer: 'succeeded' });
  });
});
