import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runCli, runJobs, startJobs } from '../../support/cli.js';
import { endings, ofKind, outcomes } from '../../support/journal-view.js';
import { tempDir } from '../../support/temp-dir.js';
import { CGROUP_MOUNT } from '../support/cgroup.js';
import { describeCgroup } from '../support/guard.js';
import { countingOomKills, expectNothingLeft } from '../support/host-health.js';
import { mountTmpfs } from '../support/tmpfs.js';
import { until } from '../support/until.js';

const NUMBERS = [1, 2, 3, 4, 5, 6, 7, 8];

describeCgroup('hostile tasks', () => {
  expectNothingLeft();

  test('a fork bomb is held by pids.max, ended and told; the host and its neighbour stay well', async () => {
    const jobs = {
      // Each process starts two more, and none of them ever ends.
      bomb: { run: 'bomb() { bomb & bomb & wait; }; bomb' },
      neighbour: { run: 'sleep 4; for n in 1 2 3; do /bin/true; done', cpus: 0 },
    };
    const [run, kills] = await countingOomKills(() => runJobs({ max_pids: 400, jobs }));
    expect(kills).toBe(0);
    expect(outcomes(run.events), run.story).toEqual({ bomb: 'failed', neighbour: 'succeeded' });
    const [ended] = endings(run.events, 'bomb');
    expect(ended?.verdict, run.story).toMatchObject({ kind: 'over-pids', maxPids: 400 });
    // The kernel kept it: nobody ever saw more.
    for (const { pids } of ofKind(run.events, 'pids-reached'))
      expect(pids).toBeLessThanOrEqual(400);
    expect(run.stderr).not.toContain('max_pids is enforced at samples only');
  });

  test('one that moves to another cgroup is put back and told; what it left out there is ended with it', async () => {
    const cwd = tempDir();
    // The child goes first: it is out there for certain when the main process is missed.
    const run = `sleep 600 > child 2>&1 & echo $! > child.pid
for pid in $! $$; do echo $pid > ${CGROUP_MOUNT}/cgroup.procs; done
until [ -e go ]; do sleep 0.2; done
sed -n 's/^0:://p' /proc/$$/cgroup > where`;
    const live = startJobs({ jobs: { runaway: { run } } }, [], { cwd });
    await until('it is noticed', () => ofKind(live.events(), 'attempt-strayed').length > 0);
    const child = readFileSync(join(cwd, 'child.pid'), 'utf8').trim();
    expect(readFileSync(`/proc/${child}/cgroup`, 'utf8')).not.toContain('memsched-');
    writeFileSync(join(cwd, 'go'), '');
    const end = await live.finished;
    expect(end.exitCode, end.story).toBe(0);
    expect(readFileSync(join(cwd, 'where'), 'utf8')).toMatch(/\/tasks\/task-0\.1\n$/);
    expect(ofKind(end.events, 'attempt-strayed')[0]).toMatchObject({ task: 'runaway', to: '/' });
    expect(end.stderr).toMatch(/strayed +runaway: its main process had moved to the cgroup \//);
    expect(existsSync(`/proc/${child}`)).toBe(false);
  });
});

describeCgroup('faults of the host', () => {
  expectNothingLeft();

  test('a disk that fills up under the journal: the run goes on, and in the end nothing is missing', async () => {
    const disk = mountTmpfs('1M');
    const fill = `dd if=/dev/zero of=${disk}/fill bs=4k 2> /dev/null || true; touch full; sleep 4; rm ${disk}/fill`;
    const jobs = {
      filler: { run: fill },
      // Each leaves half a dozen lines in the journal.
      busy: { matrix: { n: NUMBERS }, run: 'until [ -e full ]; do sleep 0.2; done', cpus: 0 },
      after: { needs: ['filler', 'busy'], run: 'sleep 0.5' },
    };
    const run = await runJobs({ jobs }, [], { stateHome: disk });
    expect(run.exitCode, run.story).toBe(0);
    expect(run.stderr).toMatch(/cannot write the journal .*no space left on the device/);
    expect(Object.keys(outcomes(run.events))).toHaveLength(NUMBERS.length + 2);
    expect(ofKind(run.events, 'attempt-ended')).toHaveLength(NUMBERS.length + 2);
    expect(run.events.at(-1)?.kind).toBe('run-ended');
    const again = await runCli(['show', 'latest'], { stateHome: disk });
    expect(again.stdout).toMatch(/10 tasks: 10 succeeded/);
  });

  test('the wall clock jumps an hour ahead and two back: nothing times out, nothing runs backwards', async () => {
    const cwd = tempDir();
    const startedMs = Date.now();
    onTestFinished(() => {
      setClock(startedMs);
    });
    const run = 'touch running; until [ -e go ]; do sleep 0.2; done';
    const live = startJobs({ jobs: { a: { run, timeout: '30m' } } }, [], { cwd });
    await until('it runs', () => existsSync(join(cwd, 'running')));
    for (const hours of [1, -1]) {
      setClock(startedMs + hours * 3_600_000);
      const seen = ofKind(live.events(), 'sampled').length;
      await until('it is looked at', () => ofKind(live.events(), 'sampled').length > seen + 1);
    }
    writeFileSync(join(cwd, 'go'), '');
    const end = await live.finished;
    expect(end.exitCode, end.story).toBe(0);
    const times = end.events.map(({ tMs }) => tMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.at(-1)).toBeLessThan(20 * 60_000);
    expect(endings(end.events, 'a')[0]?.ranMs).toBeLessThan(20 * 60_000);
  });
});

function setClock(epochMs: number): void {
  execFileSync('date', ['-s', `@${Math.round(epochMs / 1000)}`]);
}
