import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createCgroupHost } from '../../../src/adapters/cgroup/cgroup-host.js';
import { surveyHost } from '../../../src/adapters/host/survey.js';
import type { TaskHost } from '../../../src/supervisor/ports.js';
import { until } from '../../support/poll.js';
import { program } from '../../support/programs.js';
import { tempDir } from '../../support/temp-dir.js';
import { emptied, isRunning, run } from '../host/contract-tasks.js';
import { taskHostContract } from '../host/task-host-contract.js';

const REF = { task: 'job.a', attempt: 1 };

const survey = surveyHost();
const { cgroup, hybrid } = survey.tiers;
const rootDirectory = hybrid.kind === 'here' ? hybrid.rootDirectory : undefined;
const tiers = (['hybrid', 'cgroup'] as const).filter((tier) => survey.tiers[tier].kind === 'here');

let runs = 0;

function makeHost(
  tier: 'cgroup' | 'hybrid',
  cgroupKill: boolean,
  now = (): number => performance.now(),
): TaskHost {
  if (rootDirectory === undefined) throw new Error('no cgroup tree to write to');
  runs += 1;
  const host = createCgroupHost({
    tier,
    runId: `test-${process.pid}-${runs}`,
    rootDirectory,
    budget: { kind: 'auto' },
    limits: survey.cgroups.limits,
    nameOf: ({ task, attempt }) => `task-${task}.${attempt}`,
    now,
    warn: () => undefined,
    cgroupKill,
  });
  if (!host.ok) throw host.error;
  return host.value;
}

if (tiers.length === 0) {
  it('is to be had here', (context) => {
    const why = `no cgroup tier can be tested here: ${JSON.stringify([cgroup, hybrid])}`;
    if (process.env['CI'] !== undefined) expect.fail(why);
    console.warn(why);
    context.skip(why);
  });
}

for (const tier of tiers) {
  taskHostContract(`${tier} tier`, (now) => makeHost(tier, true, now));

  describe(`${tier} tier`, () => {
    const start = (cgroupKill = true): TaskHost => {
      const host = makeHost(tier, cgroupKill);
      onTestFinished(async () => {
        expect(await host.dispose()).toEqual([]);
        expect(existsSync(`${rootDirectory!}/memsched-test-${process.pid}-${runs}`)).toBe(false);
      });
      return host;
    };

    it('ends a tree without cgroup.kill, too', async () => {
      const host = start(false);
      const ready = join(tempDir(), 'ready');
      const args = ['--count', '200', '--hold', '60', '--ready', ready];
      const task = run(host, REF, [program('fork-tree'), ...args]);
      await until('the tree stands', () => existsSync(ready));
      host.kill(REF);
      expect(await task.ended).toBe('SIGKILL');
      await emptied(host, REF);
    });

    it('tells that an attempt is empty once it was asked for its end', async () => {
      const host = start();
      const ready = join(tempDir(), 'ready');
      const script = 'open F, ">", $ARGV[0]; close F; sleep 60';
      run(host, REF, ['perl', '-e', script, ready]);
      await until('it stands', () => existsSync(ready));
      let changes = 0;
      host.onChange(() => {
        changes += 1;
      });
      expect(host.close(REF)).toBe('populated');
      host.kill(REF);
      await until('the kernel told of it', () => changes > 0);
      await emptied(host, REF);
    });

    it('signals and ends processes in cgroups that a task made itself', async () => {
      const host = start();
      const ready = join(tempDir(), 'ready');
      const script =
        'd=$(echo /sys/fs/cgroup/unified$(sed -n "s/^0:://p" /proc/self/cgroup)); [ -d "$d" ] || ' +
        'd=/sys/fs/cgroup$(sed -n "s/^0:://p" /proc/self/cgroup); ' +
        'mkdir "$d/inner" && { sleep 60 & echo $! > "$d/inner/cgroup.procs"; echo $! > "$0"; wait; }';
      run(host, REF, ['/bin/sh', '-c', script, ready]);
      const inner = await until(
        'the inner cgroup holds a process',
        () => existsSync(ready) && (Number(readFileSync(ready, 'utf8')) || undefined),
      );
      expect(readFileSync(`/proc/${inner}/cgroup`, 'utf8')).toContain('/inner');
      host.observe();
      host.signal(REF, 'SIGTERM');
      await emptied(host, REF);
      await until('the inner process is gone', () => !isRunning(inner));
    });

    it('thaws a frozen task before it asks it to end', async () => {
      const host = start();
      const ready = join(tempDir(), 'ready');
      const script = '$SIG{TERM} = sub { exit 7 }; open F, ">", $ARGV[0]; close F; sleep 1 while 1';
      const task = run(host, REF, ['perl', '-e', script, ready]);
      await until('it stands', () => existsSync(ready));
      const directory = directoryOf(task.pid);
      writeFileSync(`${directory}/cgroup.freeze`, '1');
      await until('it is frozen', () =>
        readFileSync(`${directory}/cgroup.events`, 'utf8').includes('frozen 1'),
      );
      host.signal(REF, 'SIGTERM');
      expect(await task.ended).toBe(7);
      await emptied(host, REF);
    });

    it('gives every descriptor back', async () => {
      const host = start();
      const count = (): number => readdirSync('/proc/self/fd').length;
      const once = async (attempt: number): Promise<void> => {
        const ref = { task: 'job.a', attempt };
        const task = run(host, ref, ['sleep', '0.05']);
        host.observe();
        host.sample(ref);
        await task.ended;
        await emptied(host, ref);
      };
      await once(1);
      const before = count();
      for (let attempt = 2; attempt < 8; attempt += 1) await once(attempt);
      await until('all are back', () => {
        host.observe();
        return count() <= before;
      });
    });
  });
}

function directoryOf(pid: number): string {
  const path = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? '';
  return `${survey.cgroups.own!.mountPoint}${path}`;
}
