import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { enableController } from '../../../../src/adapters/cgroup/controllers.js';
import { MiB } from '../../../../src/util/bytes.js';
import { ending, fileWriter, hog, sleeper } from '../../support/actors.js';
import { CGROUP_MOUNT, delegatedRoot, freshCgroup } from '../../support/cgroup.js';
import { describeCgroup } from '../../support/guard.js';
import { until } from '../../support/until.js';
import { spawn } from 'node:child_process';

describeCgroup('what is charged where', () => {
  test('a process that enters before exec is charged there, and only there', async () => {
    const parent = freshCgroup();
    const task = parent.child('task');
    const other = parent.child('other');
    task.spawn(hog(64));
    // memory.stat lags behind memory.current (cgroup-v2.rst): it is asked until it has caught up.
    await until('64 MiB are charged', () => task.value('memory.stat', 'anon') > 64 * MiB);
    expect(task.number('memory.current')).toBeGreaterThan(64 * MiB);
    expect(task.value('memory.stat', 'anon')).toBeLessThan(80 * MiB);
    expect(other.number('memory.current')).toBeLessThan(MiB);
  });

  test('memory does not move with a process: entering late leaves the pages behind', async () => {
    const parent = freshCgroup();
    const [before, after] = [parent.child('before'), parent.child('after')];
    const child = before.spawn(hog(64));
    await until('64 MiB are there', () => before.value('memory.stat', 'anon') > 64 * MiB);
    after.write('cgroup.procs', child.pid ?? 0);
    expect(after.pids()).toEqual([child.pid]);
    expect(after.number('memory.current')).toBeLessThan(MiB);
    expect(before.number('memory.current')).toBeGreaterThan(60 * MiB);
  });

  test('tmpfs counts as shmem on the anonymous lists, so cache is the file lists and never `file`', async () => {
    const folder = mkdtempSync('/dev/shm/vmtest-');
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const task = freshCgroup().child('task');
    task.spawn(fileWriter(join(folder, 'data'), 64));
    await until(
      '64 MiB of tmpfs are charged',
      () => task.value('memory.stat', 'shmem') >= 64 * MiB,
    );
    expect(task.value('memory.stat', 'file')).toBeGreaterThanOrEqual(64 * MiB);
    const cache =
      task.value('memory.stat', 'inactive_file') + task.value('memory.stat', 'active_file');
    expect(cache).toBeLessThan(16 * MiB);
    expect(task.number('memory.current') - cache).toBeGreaterThan(64 * MiB);
  });

  test('memory.peak stays after the memory and the processes are gone', async () => {
    const task = freshCgroup().child('task');
    const child = task.spawn(hog(64));
    await until('the peak is 64 MiB', () => task.number('memory.peak') > 64 * MiB);
    child.kill('SIGKILL');
    await ending(child);
    await until('the memory is free', () => task.number('memory.current') < 16 * MiB);
    expect(task.populated()).toBe(false);
    expect(task.number('memory.peak')).toBeGreaterThan(64 * MiB);
  });

  test('an ended process that nobody has waited for does not keep its cgroup populated', async () => {
    const task = freshCgroup().child('task');
    // The parent never waits, so its child stays a zombie for as long as the parent lives.
    const parent = spawn('perl', [
      '-e',
      'unless (fork) { open P, ">", shift; print P 0; close P; exit } sleep',
      join(task.path, 'cgroup.procs'),
    ]);
    onTestFinished(() => {
      parent.kill('SIGKILL');
    });
    await until('the child has been in the cgroup', () => task.number('memory.peak') > 0);
    await until('the cgroup is empty', () => !task.populated());
    expect(task.pids()).toEqual([]);
  });

  test('the true root has no memory.current: the host is measured by /proc/meminfo', () => {
    const root = delegatedRoot();
    if (root.path === CGROUP_MOUNT) expect(() => root.read('memory.current')).toThrow('ENOENT');
    else expect(root.number('memory.current')).toBeGreaterThan(0);
  });

  test('a cgroup that holds processes cannot give controllers to children', async () => {
    const cgroup = freshCgroup().child('inner');
    cgroup.spawn(sleeper());
    await until('a process lives in it', () => cgroup.populated());
    expect(() => cgroup.enable()).toThrow('EBUSY');
  });

  test('a cgroup whose last process is on its way out gives them a little later', async () => {
    const cgroup = freshCgroup().child('inner');
    cgroup.spawn(['sleep', '0.5']);
    await until('a process lives in it', () => cgroup.populated());
    expect(enableController(cgroup.path, 'memory')).toEqual({ kind: 'enabled' });
  });
});
