import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { MiB } from '../../../src/util/bytes.js';
import { runJobs, startJobs } from '../../support/cli.js';
import { endings, ofKind, outcomes, verdicts } from '../../support/journal-view.js';
import { program } from '../../support/programs.js';
import { tempDir } from '../../support/temp-dir.js';
import { describeCgroup } from '../support/guard.js';
import { countingOomKills, expectNothingLeft } from '../support/host-health.js';
import { until } from '../support/until.js';

const DEADLINE_MS = 240_000;

describeCgroup('hostile tasks, the slow cases', () => {
  expectNothingLeft();

  test('one that waits in the kernel and cannot be killed is told as stuck; the run ends when it does', async () => {
    const mount = join(tempDir(), 'mute');
    mkdirSync(mount);
    const cwd = tempDir();
    const mute = spawn(program('mute-fuse'), [mount, join(cwd, 'mounted')], { stdio: 'ignore' });
    onTestFinished(() => {
      mute.kill('SIGKILL');
      execFileSync('umount', ['-l', mount]);
    });
    await until('it is mounted', () => existsSync(join(cwd, 'mounted')));
    const jobs = {
      stuck: { run: ['cat', join(mount, 'file')], timeout: '2s', on_preempt: { grace: '1s' } },
      other: { run: 'sleep 3' },
    };
    const live = startJobs({ jobs }, [], { cwd });
    await until('it is told', () => ofKind(live.events(), 'attempt-stuck').length > 0, DEADLINE_MS);
    const { pid } = ofKind(live.events(), 'attempt-launched').find(({ task }) => task === 'stuck')!;
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) D /);
    expect(outcomes(live.events())['other']).toBe('succeeded');
    mute.kill('SIGKILL');
    const run = await live.finished;
    expect(outcomes(run.events), run.story).toEqual({ stuck: 'timed-out', other: 'succeeded' });
    expect(run.stderr).toMatch(/stuck +stuck: lives on .* after SIGKILL/);
  });

  test('a thousand at once: all are watched, all succeed', async () => {
    const rows = Array.from({ length: 1000 }, (_, at) => at);
    const jobs = { many: { matrix: { n: rows }, run: ['sleep', '60'], cpus: 0, memory: '100K' } };
    const [run, kills] = await countingOomKills(() =>
      runJobs({ jobs, memory: { overcommit: 2 } }, ['--quiet'], { timeoutMs: DEADLINE_MS }),
    );
    expect(run.exitCode, run.story).toBe(0);
    expect(kills).toBe(0);
    let live = 0;
    let most = 0;
    for (const { kind } of run.events) {
      if (kind === 'attempt-launched') most = Math.max(most, (live += 1));
      if (kind === 'attempt-ended') live -= 1;
    }
    expect(most).toBeGreaterThan(900);
  });

  test('what is written into shared memory faster than anybody looks stays within the tree', async () => {
    const fill = [program('fill-tmpfs'), '/dev/shm', '500', '2'];
    const keys = { memory: '100M', cpus: 0, preemptible: 'high' };
    const jobs = { shm: { matrix: { n: [1, 2, 3, 4] }, run: fill, ...keys } };
    const [run, kills] = await countingOomKills(() =>
      runJobs({ jobs, interval: '2s', memory: { budget: '1200M' } }, [], {
        timeoutMs: DEADLINE_MS,
      }),
    );
    expect(run.exitCode, run.story).toBe(0);
    expect(kills).toBe(0);
    for (const n of [1, 2, 3, 4]) {
      expect(verdicts(run.events, `shm.${n}`).at(-1), run.story).toBe('exit');
      expect(endings(run.events, `shm.${n}`).at(-1)?.peakBytes).toBeGreaterThan(450 * MiB);
    }
  });

  test('ten thousand tasks in one jobfile', async () => {
    const rows = (name: string) => Array.from({ length: 100 }, (_, at) => `${name}${at}`);
    const jobs = { many: { matrix: { a: rows('a'), b: rows('b') }, run: ['true'], cpus: 0 } };
    const run = await runJobs({ jobs }, ['--quiet', '--no-profile'], { timeoutMs: DEADLINE_MS });
    expect(run.exitCode, run.story.slice(0, 2000)).toBe(0);
    expect(ofKind(run.events, 'run-ended')[0]?.outcomes).toEqual({ succeeded: 10_000 });
  });
});
