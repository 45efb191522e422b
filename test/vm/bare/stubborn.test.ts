import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runJobs, startJobs } from '../../support/cli.js';
import { ofKind, outcomes, verdicts } from '../../support/journal-view.js';
import { program } from '../../support/programs.js';
import { tempDir } from '../../support/temp-dir.js';
import { describeCgroup } from '../support/guard.js';
import { countingOomKills, expectNothingLeft } from '../support/host-health.js';
import { allocAfter, stubbornUntilStopped } from '../support/jobs.js';
import { until } from '../support/until.js';

describeCgroup('tasks that do not want to go', () => {
  expectNothingLeft();

  test('one that ignores SIGTERM is killed after its grace, runs again and succeeds', async () => {
    const jobs = {
      stubborn: stubbornUntilStopped(500, {
        memory: '100M',
        cpus: 0,
        preemptible: 'always',
        on_preempt: { grace: '1s' },
      }),
      // Together they cross the line of preemption (900 MiB) and stay below the critical one (950 MiB).
      grower: allocAfter(
        1,
        [
          [5, 407],
          [15, 407],
        ],
        { memory: '100M', cpus: 0 },
      ),
    };
    const [run, kills] = await countingOomKills(() =>
      runJobs({ memory: { budget: '1000M' }, jobs }),
    );
    expect(run.exitCode, run.story).toBe(0);
    expect(kills).toBe(0);
    expect(verdicts(run.events, 'stubborn'), run.story).toEqual(['preempted', 'exit']);
    const [killed] = ofKind(run.events, 'attempt-killed');
    expect(killed, run.story).toMatchObject({ task: 'stubborn', because: 'grace-over' });
    expect(killed?.afterMs).toBeGreaterThanOrEqual(1_000);
    expect(outcomes(run.events)).toEqual({ stubborn: 'succeeded', grower: 'succeeded' });
  });

  test('a tree of 200 processes goes as one when its time is up', async () => {
    const cwd = tempDir();
    const ready = join(cwd, 'ready');
    const tree = [program('fork-tree'), '--count', '200', '--hold', '300', '--ready', ready];
    const run = await runJobs({ jobs: { tree: { run: tree, timeout: '40s' } } }, [], { cwd });
    expect(existsSync(ready), `the tree stood in time; ${run.story}`).toBe(true);
    expect(run.exitCode, run.story).toBe(1);
    expect(verdicts(run.events, 'tree')).toEqual(['timed-out']);
    expect(outcomes(run.events)).toEqual({ tree: 'timed-out' });
  });

  test('a daemon that leaves its session is found and ended with its task, which succeeds', async () => {
    const cwd = tempDir();
    const ready = join(cwd, 'ready');
    const daemon = [program('daemonize'), '--mib', '50', '--hold', '300', '--clean-env'];
    const jobs = { daemon: { run: [...daemon, '--ready', ready] } };
    const run = await runJobs({ jobs }, [], { cwd });
    expect(existsSync(ready), 'the daemon was up').toBe(true);
    expect(run.exitCode, run.story).toBe(0);
    expect(outcomes(run.events)).toEqual({ daemon: 'succeeded' });
    const [stopping] = ofKind(run.events, 'attempt-stopping');
    expect(stopping?.reason.kind, run.story).toBe('left-behind');
  });

  test('one that is killed from outside fails, and the verdict names the signal', async () => {
    const jobs = { innocent: { run: [program('alloc'), '--mib', '20', '--hold', '300'] } };
    const live = startJobs({ jobs });
    await until('it runs', () => ofKind(live.events(), 'attempt-launched').length === 1);
    process.kill(ofKind(live.events(), 'attempt-launched')[0]!.pid, 'SIGKILL');
    const run = await live.finished;
    expect(run.exitCode, run.story).toBe(1);
    const [ended] = ofKind(run.events, 'attempt-ended');
    expect(ended?.verdict).toEqual({ kind: 'external-signal', signal: 'SIGKILL' });
    expect(outcomes(run.events)).toEqual({ innocent: 'failed' });
  });
});
