import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { MEMSCHED, startJobs } from '../../support/cli.js';
import { ofKind, outcomes } from '../../support/journal-view.js';
import { program } from '../../support/programs.js';
import { tempDir } from '../../support/temp-dir.js';
import { describeCgroup } from '../support/guard.js';
import { expectNothingLeft } from '../support/host-health.js';
import { alloc, times } from '../support/jobs.js';
import { until } from '../support/until.js';

describeCgroup('signals to memsched', () => {
  expectNothingLeft();

  test('SIGTERM: tasks hear SIGTERM, have their grace, and the exit code is 143', async () => {
    const cwd = tempDir();
    const polite = `trap 'echo heard > heard; exit 0' TERM; touch ready; while :; do sleep 0.1; done`;
    const jobs = {
      polite: { run: polite },
      plain: alloc(50, 0, 300),
      queued: alloc(50, 0, 1, { needs: ['plain'] }),
    };
    const live = startJobs({ jobs }, [], { cwd });
    await until('both run', () => ofKind(live.events(), 'attempt-launched').length === 2);
    await until('the polite one listens', () => existsSync(join(cwd, 'ready')));
    live.kill('SIGTERM');
    const run = await live.finished;
    expect(run.exitCode, run.story).toBe(143);
    expect(readFileSync(join(cwd, 'heard'), 'utf8')).toBe('heard\n');
    expect(outcomes(run.events)['plain'], run.story).toBe('canceled');
    expect(ofKind(run.events, 'attempt-launched')).toHaveLength(2);
    expect(ofKind(run.events, 'run-ended')[0]?.stoppedBy).toBe('SIGTERM');
  });

  test('a second signal kills what would not go, at once', async () => {
    const cwd = tempDir();
    const ready = join(cwd, 'ready');
    const stubborn = [program('ignore-sigterm'), '--hold', '300', '--ready', ready];
    const jobs = { stubborn: { run: stubborn, on_preempt: { grace: '2m' } } };
    const live = startJobs({ jobs }, [], { cwd });
    await until('it ignores signals', () => existsSync(ready));
    live.kill('SIGINT');
    await until('the first was heard', () => ofKind(live.events(), 'stop-requested').length === 1);
    live.kill('SIGINT');
    const run = await live.finished;
    expect(run.exitCode, run.story).toBe(130);
    expect(ofKind(run.events, 'attempt-killed')[0]?.because, run.story).toBe('second-signal');
  });

  test('SIGHUP does no harm', async () => {
    const live = startJobs({ jobs: { steady: alloc(50, 0, 5) } });
    await until('it runs', () => ofKind(live.events(), 'attempt-launched').length === 1);
    live.kill('SIGHUP');
    const run = await live.finished;
    expect(run.exitCode, run.story).toBe(0);
    expect(outcomes(run.events)).toEqual({ steady: 'succeeded' });
  });

  test('a reader that closes stdout early does no harm', async () => {
    const cwd = tempDir();
    const job = { run: `${program('counter-file')} ran` };
    writeFileSync(
      join(cwd, 'jobs.yaml'),
      JSON.stringify({ version: 1, jobs: times(10, 'n', job) }),
    );
    const line = `"$0" "$1" run jobs.yaml --json | head -n 1; echo "\${PIPESTATUS[*]}"`;
    const { stdout } = await execa('bash', ['-c', line, process.execPath, MEMSCHED], {
      cwd,
      env: { XDG_STATE_HOME: tempDir() },
    });
    expect(stdout.split('\n').at(-1)).toBe('0 0');
    expect(readFileSync(join(cwd, 'ran'), 'utf8').trimEnd().split('\n')).toHaveLength(10);
  });
});
