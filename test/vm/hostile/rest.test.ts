import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MiB } from '../../../src/util/bytes.js';
import { runCli, runJobs, startJobs } from '../../support/cli.js';
import { endings, ofKind, outcomes, verdicts } from '../../support/journal-view.js';
import { program } from '../../support/programs.js';
import { tempDir } from '../../support/temp-dir.js';
import { CGROUP_MOUNT } from '../support/cgroup.js';
import { describeCgroup } from '../support/guard.js';
import { countingOomKills, expectNothingLeft } from '../support/host-health.js';
import { mountTmpfs } from '../support/tmpfs.js';
import { until } from '../support/until.js';

/** Says which cgroup a process is in, below the mount. */
const OWN_CGROUP = `${CGROUP_MOUNT}$(sed -n 's/^0:://p' /proc/self/cgroup)`;

describeCgroup('hostile tasks, the rest', () => {
  expectNothingLeft();

  test('without any setting there is a limit, far below what the host can have', async () => {
    const run = await runJobs({
      jobs: { a: { run: `cat "${OWN_CGROUP}/../pids.max"` } },
    });
    const { maxPids } = ofKind(run.events, 'run-started')[0]!.config;
    const threadsMax = Number(readFileSync('/proc/sys/kernel/threads-max', 'utf8'));
    const pidMax = Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8'));
    expect(maxPids).toEqual({ kind: 'auto', pids: Math.floor(Math.min(threadsMax, pidMax) / 4) });
    const log = join(run.stateHome, 'memsched/runs', ofKind(run.events, 'run-started')[0]!.runId);
    expect(readFileSync(join(log, 'logs/a.1.out'), 'utf8')).toBe(`${maxPids?.pids}\n`);
  });

  test('memory without a name, and of children that outlive their parent, counts and is given back', async () => {
    const cwd = tempDir();
    const jobs = {
      memfd: { run: [program('fill-memfd'), '200', '3'] },
      orphans: {
        needs: ['memfd'],
        run: `${program('alloc')} --mib 200 --hold 600 --ready ready &\nuntil [ -e ready ]; do sleep 0.1; done; sleep 1`,
      },
      after: { needs: ['orphans'], run: 'sleep 1.5' },
    };
    const [run, kills] = await countingOomKills(() => runJobs({ jobs }, [], { cwd }));
    expect(run.exitCode, run.story).toBe(0);
    expect(kills).toBe(0);
    for (const task of ['memfd', 'orphans'])
      expect(endings(run.events, task)[0]?.peakBytes, task).toBeGreaterThan(200 * MiB);
    const left = ofKind(run.events, 'attempt-stopping').map(({ task, reason }) => [
      task,
      reason.kind,
    ]);
    expect(left).toEqual([['orphans', 'left-behind']]);
    const last = ofKind(run.events, 'sampled').at(-1);
    expect(last?.numbers.usedBytes, run.story).toBeLessThan(50 * MiB);
  });

  test('only a child that moves away is found at the end of the run', async () => {
    const cwd = tempDir();
    const run = `(echo $BASHPID > ${CGROUP_MOUNT}/cgroup.procs; exec sleep 600) & echo $! > child.pid; sleep 2`;
    const end = await runJobs({ jobs: { sly: { run } } }, [], { cwd });
    expect(end.exitCode, end.story).toBe(0);
    const child = readFileSync(join(cwd, 'child.pid'), 'utf8').trim();
    expect(end.stderr).toContain('lived outside of its cgroups and were ended');
    await until('it is gone', () => !existsSync(`/proc/${child}`));
  });

  test('one that raises its own limit and freezes itself is told of both, and keeps its limit', async () => {
    const cwd = tempDir();
    const run = `echo max > ${OWN_CGROUP}/memory.max; touch raised
until [ -e go ]; do sleep 0.2; done
echo 1 > ${OWN_CGROUP}/cgroup.freeze; sleep 0.5`;
    const live = startJobs({ jobs: { vandal: { run, memory: { limit: '300M' } } } }, [], { cwd });
    await until('it is noticed', () => ofKind(live.events(), 'attempt-tampered').length > 0);
    const { pid } = ofKind(live.events(), 'attempt-launched')[0]!;
    const path = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().slice('0::'.length);
    expect(Number(readFileSync(`${CGROUP_MOUNT}${path}/memory.max`, 'utf8'))).toBe(300 * MiB);
    writeFileSync(join(cwd, 'go'), '');
    await until('it froze', () => ofKind(live.events(), 'attempt-paused').length > 0);
    expect(ofKind(live.events(), 'attempt-paused')[0]?.by).toBe('freezer');
    writeFileSync(`${CGROUP_MOUNT}${path}/cgroup.freeze`, '0');
    const end = await live.finished;
    expect(end.exitCode, end.story).toBe(0);
    expect(ofKind(end.events, 'attempt-unpaused')).toHaveLength(1);
  });
});

describeCgroup('faults of the host, the rest', () => {
  expectNothingLeft();

  test('killed while the disk is full: what is on it is whole, and the run is resumed', async () => {
    const disk = mountTmpfs('1M');
    const cwd = tempDir();
    const fill = `dd if=/dev/zero of=${disk}/fill bs=4k 2> /dev/null || true; touch full; until [ -e go ]; do sleep 0.2; done`;
    const jobs = { first: { run: 'true' }, filler: { needs: ['first'], run: fill } };
    const live = startJobs({ jobs }, [], { cwd, stateHome: disk });
    await until('it is full', () => existsSync(join(cwd, 'full')));
    live.kill('SIGKILL');
    await live.finished;
    execFileSync('rm', [`${disk}/fill`]);
    writeFileSync(join(cwd, 'go'), '');
    const run = await runCli(['resume'], { stateHome: disk });
    expect(run.exitCode, `${run.stderr}${run.story}`).toBe(0);
    expect(outcomes(run.events)).toEqual({ first: 'succeeded', filler: 'succeeded' });
    expect(verdicts(run.events, 'first')).toEqual(['exit']);
  });

  test('a state folder on a read-only file system is refused before anything starts', async () => {
    const disk = mountTmpfs('1M');
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    const run = await runJobs({ jobs: { a: { run: 'touch started' } } }, [], { stateHome: disk });
    expect(run.exitCode, run.story).toBe(3);
    expect(run.stderr).toMatch(/the file system is read-only/);
  });
});
