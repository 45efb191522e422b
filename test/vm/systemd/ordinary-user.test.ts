import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runCli, runJobs, startJobs } from '../../support/cli.js';
import { ofKind, outcomes, preemptions, verdicts } from '../../support/journal-view.js';
import { program } from '../../support/programs.js';
import { tempDir } from '../../support/temp-dir.js';
import { doctor, finding } from '../support/doctor.js';
import { describeUserSession } from '../support/guard.js';
import { countingOomKills, expectNothingLeft } from '../support/host-health.js';
import { alloc, allocAfter, allocUntilStopped } from '../support/jobs.js';
import { until } from '../support/until.js';

const DEMO = fileURLToPath(new URL('../../../fixtures/jobfiles/demo.yaml', import.meta.url));

describeUserSession('an ordinary user who has logged in', () => {
  expectNothingLeft();

  test('has no rights that matter here', () => {
    expect(process.getuid?.()).not.toBe(0);
    expect(readFileSync('/proc/self/status', 'utf8')).toMatch(/^CapEff:\s*0+$/m);
  });

  test('runs the demo in the cgroup tier, with nothing set up', async () => {
    const [run, kills] = await countingOomKills(() => runCli(['run', DEMO]));
    expect(run.exitCode, run.story).toBe(0);
    expect(kills).toBe(0);
    expect(ofKind(run.events, 'run-started')[0]?.tier, run.story).toBe('cgroup');
    expect(new Set(Object.values(outcomes(run.events)))).toEqual(new Set(['succeeded']));
  });

  test('is told by the doctor that a relaunch gives the cgroup tier', async () => {
    const report = await doctor();
    expect(report).toMatchObject({ tier: 'cgroup', relaunch: true });
    expect(finding(report, 'systemd').state).toBe('ok');
  });

  test('has limits, verdicts and growth in the delegated tree', async () => {
    const memory = { request: '60M', limit: '80M', grow: 2, max: '400M' };
    const run = await runJobs({ jobs: { hungry: alloc(120, 0, 1, { memory }) } }, [
      '--require-cgroup',
    ]);
    expect(run.exitCode, run.story).toBe(0);
    expect(verdicts(run.events, 'hungry'), run.story).toEqual(['own-limit', 'exit']);
  });

  test('has preemption in the delegated tree', async () => {
    const keys = { memory: '50M', cpus: 0 };
    const jobs = {
      soft: allocUntilStopped(300, { ...keys, preemptible: 'high' }),
      grower: allocAfter(
        1,
        [
          [6, 250],
          [8, 250],
        ],
        keys,
      ),
    };
    const [run, kills] = await countingOomKills(() =>
      runJobs({ memory: { budget: '600M' }, jobs }),
    );
    expect(run.exitCode, run.story).toBe(0);
    expect(kills).toBe(0);
    expect(
      preemptions(run.events).map(({ task }) => task),
      run.story,
    ).toEqual(['soft']);
  });

  test('stops a relaunched run with one SIGTERM: tasks have their grace, the exit code is 143', async () => {
    const cwd = tempDir();
    const polite = `trap 'echo heard > heard; exit 0' TERM; touch ready; while :; do sleep 0.1; done`;
    const live = startJobs({ jobs: { polite: { run: polite } } }, [], { cwd });
    await until('the task listens', () => existsSync(join(cwd, 'ready')));
    live.kill('SIGTERM');
    const run = await live.finished;
    expect(run.exitCode, run.story).toBe(143);
    expect(readFileSync(join(cwd, 'heard'), 'utf8')).toBe('heard\n');
    expect(ofKind(run.events, 'stop-requested')).toHaveLength(1);
  });

  test('can choose the procfs tier, which ends a daemon all the same', async () => {
    const daemon = [program('daemonize'), '--mib', '20', '--hold', '300'];
    const run = await runJobs({ jobs: { daemon: { run: daemon } } }, ['--tier', 'procfs']);
    expect(run.exitCode, run.story).toBe(0);
    expect(ofKind(run.events, 'run-started')[0]?.tier).toBe('procfs');
    expect(outcomes(run.events)).toEqual({ daemon: 'succeeded' });
  });
});
