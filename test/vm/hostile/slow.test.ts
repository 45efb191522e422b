import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { MiB } from '../../../src/util/bytes.js';
import { runFolder, runJobs, startJobs, type LiveCli } from '../../support/cli.js';
import { endings, ofKind, outcomes, verdicts } from '../../support/journal-view.js';
import { program } from '../../support/programs.js';
import { tempDir } from '../../support/temp-dir.js';
import { describeCgroup } from '../support/guard.js';
import { countingOomKills, expectNothingLeft } from '../support/host-health.js';
import { mountTmpfs } from '../support/tmpfs.js';
import { until } from '../support/until.js';

const DEADLINE_MS = 240_000;
/** For very many tasks: the guest is emulated, and where it shares its host with others it starts a few a second. */
const MANY_DEADLINE_MS = 30 * 60_000;
const PATIENCE = { timeout: MANY_DEADLINE_MS + 60_000 };
const PATIENCE_OF_CLI = { timeoutMs: MANY_DEADLINE_MS };

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

  test('a thousand at once: all are watched, all succeed', PATIENCE, async () => {
    const gate = join(tempDir(), 'gate');
    const open = await closeGate(gate);
    const rows = Array.from({ length: 1000 }, (_, at) => at);
    const run = ['flock', '--shared', '--no-fork', gate, 'true'];
    // What has no limit is expected to need 16 MiB, however little was declared.
    const jobs = { many: { matrix: { n: rows }, run, cpus: 0, memory: { limit: '2500K' } } };
    const [end, kills] = await countingOomKills(async () => {
      const live = startJobs({ jobs, memory: { overcommit: 2 } }, ['--quiet'], PATIENCE_OF_CLI);
      await until('all wait', () => areAllUp(live, rows.length), MANY_DEADLINE_MS);
      open();
      return live.finished;
    });
    expect(end.exitCode, end.story).toBe(0);
    expect(kills).toBe(0);
    let live = 0;
    let most = 0;
    for (const { kind } of end.events) {
      if (kind === 'attempt-launched') most = Math.max(most, (live += 1));
      if (kind === 'attempt-ended') live -= 1;
    }
    expect(most).toBe(rows.length);
    for (const ended of ofKind(end.events, 'attempt-ended'))
      expect(ended.peakBytes, ended.task).toBeGreaterThan(0);
  });

  test('what is written into shared memory faster than anybody looks stays within the tree', async () => {
    const fill = [program('fill-tmpfs'), '--unlinked', mountTmpfs('3G'), '500', '2'];
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

  test('ten thousand tasks in one jobfile', PATIENCE, async () => {
    const rows = (name: string) => Array.from({ length: 100 }, (_, at) => `${name}${at}`);
    const jobs = { many: { matrix: { a: rows('a'), b: rows('b') }, run: ['true'], cpus: 0 } };
    const run = await runJobs({ jobs }, ['--quiet', '--no-profile'], PATIENCE_OF_CLI);
    expect(run.exitCode, run.story.slice(0, 2000)).toBe(0);
    expect(ofKind(run.events, 'run-ended')[0]?.outcomes).toEqual({ succeeded: 10_000 });
  });
});

/**
 * Takes a lock that others then wait for (flock(1)), without end and without polling.
 *
 * @returns lets them all go on.
 */
async function closeGate(path: string): Promise<() => void> {
  const keeper = spawn('flock', [path, 'sh', '-c', 'echo closed; cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    keeper.kill('SIGKILL');
  });
  await once(keeper.stdout, 'data');
  return () => {
    keeper.stdin.end();
  };
}

/** The journal of so many is long: it is read when there are as many logs. */
function areAllUp(live: LiveCli, count: number): boolean {
  const logs = join(runFolder(live.stateHome) ?? live.stateHome, 'logs');
  if (!existsSync(logs)) return false;
  const begun = readdirSync(logs).filter((name) => name.endsWith('.out')).length;
  return begun === count && ofKind(live.events(), 'attempt-launched').length === count;
}
