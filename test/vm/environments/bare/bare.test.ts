import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { expect, test } from 'vitest';
import { MiB } from '../../../../src/util/bytes.js';
import { readJournal } from '../../../support/cli.js';
import { ofKind, outcomes } from '../../../support/journal-view.js';
import { program } from '../../../support/programs.js';
import { freshCgroup } from '../../support/cgroup.js';
import { describeEnvironment } from '../../support/guard.js';
import { expectNothingLeft } from '../../support/host-health.js';
import { finding, type DoctorReport } from '../../support/doctor.js';
import { until } from '../../support/until.js';
import { inCgroup, withMounts } from '../support/entries.js';
import { doctorIn, prove } from '../support/prove.js';
import {
  folderOf,
  memschedIn,
  OLD_KERNEL,
  stateHomeOf,
  writeJobs,
  type Place,
} from '../support/place.js';
import { record } from '../support/record.js';

const DEADLINE_MS = 300_000;

/** What a host with everything gives. */
const FULL = { tier: 'cgroup', relaunch: false, psi: 'tasks', brake: 'memory.high', missing: {} };

describeEnvironment('root, no init system', () => {
  expectNothingLeft();

  test('cgroup v2', async () => {
    execaSync('swapoff', ['-a']);
    const place: Place = { id: 'root' };
    const seen = await prove(place);
    expect(seen).toMatchObject({ ...FULL, budgetFrom: 'the host', announced: '' });
    record(place, seen, { title: 'root, cgroup v2, no init system, no swap' });
  });

  test('swap', async () => {
    execaSync('swapon', ['/dev/vda']);
    const place: Place = { id: 'swap' };
    try {
      const seen = await prove(place);
      expect(seen).toMatchObject({ ...FULL, budgetFrom: 'the host' });
      expect(finding(await doctorIn(place), 'swap').detail).toMatch(/^512M, /);
      record(place, seen, { title: 'the same with swap' });
    } finally {
      execaSync('swapoff', ['-a']);
    }
  });

  test("an ancestor's memory.max", async () => {
    const limited = freshCgroup();
    limited.write('memory.max', 800 * MiB);
    const place: Place = { id: 'limit', enter: inCgroup(limited.child('inner').path) };
    const seen = await prove(place);
    expect(seen).toMatchObject({ ...FULL, capacityBytes: 800 * MiB, budgetFrom: limited.path });
    record(place, { ...seen, budgetFrom: 'the limit' }, { title: 'a memory.max on an ancestor' });
  });

  test("an ancestor's memory.max that changes while tasks run", async () => {
    const limited = freshCgroup();
    limited.write('memory.max', 900 * MiB);
    const place: Place = { id: 'limit-moves', enter: inCgroup(limited.child('inner').path) };
    const folder = folderOf(place);
    const go = `until [ -e ${folder}/go ]; do sleep 0.2; done`;
    const jobs = writeJobs(place, {
      wait: { run: `touch ${folder}/ready; ${go}` },
      hungry: { run: `${go}; exec ${program('alloc')} --mib 60 --hold 0.5` },
    });
    const running = memschedIn(place, ['run', jobs]);
    const capacities = (): readonly number[] =>
      ofKind(readJournal(stateHomeOf(place)), 'budget-changed').map((event) => event.capacityBytes);
    await until('the first task runs', () => existsSync(join(folder, 'ready')), DEADLINE_MS);
    for (const bytes of [600 * MiB, 700 * MiB]) {
      limited.write('memory.max', bytes);
      await until(
        `the budget follows to ${bytes}`,
        () => capacities().at(-1) === bytes,
        DEADLINE_MS,
      );
    }
    writeFileSync(join(folder, 'go'), '');
    const run = await running;
    expect(run.exitCode, run.story).toBe(0);
    expect(new Set(Object.values(outcomes(readJournal(stateHomeOf(place)))))).toEqual(
      new Set(['succeeded']),
    );
    expect(capacities()[0]).toBe(900 * MiB);
  });

  test('a kernel without cgroup.kill and memory.peak', async () => {
    const place: Place = { id: 'old-kernel', env: OLD_KERNEL };
    const seen = await prove(place, 'kernel-files');
    expect(seen).toMatchObject({ tier: 'cgroup', brake: 'memory.high' });
    expect(seen.missing).toEqual({
      'cgroup.kill': expect.stringMatching(/5\.10\.0 lacks it/) as string,
      'memory.peak': expect.stringMatching(/5\.10\.0 lacks it/) as string,
    });
    const stopped = await memschedIn(place, [
      'run',
      writeJobs(place, {
        tree: { run: [program('fork-tree'), '--count', '20', '--hold', '300'], timeout: '1s' },
      }),
    ]);
    expect(stopped.exitCode, stopped.story).toBe(1);
    expect(outcomes(readJournal(stateHomeOf(place)))['tree'], stopped.story).toBe('timed-out');
    record(place, seen, {
      title: 'no cgroup.kill, no memory.peak: hidden from memsched, as on kernel 5.10',
    });
  });

  test('/proc/pressure hidden, as in some containers', async () => {
    const place: Place = {
      id: 'no-proc-pressure',
      enter: withMounts('mount -t tmpfs none /proc/pressure'),
    };
    const seen = await prove(place);
    expect(seen).toMatchObject(FULL);
    record(place, seen, { title: 'no /proc/pressure' });
  });

  test('a read-only cgroup tree', async () => {
    const readOnly = 'mount -o remount,bind,ro /sys/fs/cgroup';
    const place: Place = { id: 'read-only-tree', enter: withMounts(readOnly) };
    const seen = await prove(place);
    expect(seen).toMatchObject({ tier: 'procfs', brake: 'none' });
    expect(seen.announced).toMatch(/^procfs tier: .*EROFS/);
    const mend = seen.advice['tier'] ?? '';
    const mended: Place = { id: 'read-only-tree', enter: withMounts(`${readOnly} && ${mend}`) };
    expect((await prove(mended)).tier).toBe('cgroup');
    record(place, seen, { title: 'a read-only cgroup tree', followed: 'cgroup' });
  });

  test('no cgroup tree mounted', async () => {
    const unmounted = 'umount /sys/fs/cgroup';
    const place: Place = { id: 'no-tree', enter: withMounts(unmounted) };
    const seen = await prove(place);
    expect(seen).toMatchObject({ tier: 'procfs', brake: 'none', psi: 'host' });
    const mend = seen.advice['tier'] ?? '';
    const mended: Place = { id: 'no-tree', enter: withMounts(`${unmounted} && ${mend}`) };
    expect((await prove(mended)).tier).toBe('cgroup');
    record(place, seen, { title: 'no cgroup tree mounted', followed: 'cgroup' });
  });

  test('a read-only home', async () => {
    const home = join(folderOf({ id: 'read-only-home' }), 'home');
    rmSync(home, { recursive: true, force: true });
    mkdirSync(home);
    const elsewhere: Place = {
      id: 'read-only-home',
      env: { HOME: home },
      enter: withMounts(`mount -t tmpfs -o ro none ${home}`),
    };
    const place: Place = { ...elsewhere, state: 'home' };
    const run = await memschedIn(place, ['run', writeJobs(place, { a: { run: 'true' } })]);
    expect(run.exitCode, run.story).toBe(3);
    expect(run.stderr).toMatch(/cannot make the state folder .*read-only \(EROFS\)/);
    expect(run.stderr).toContain('XDG_STATE_HOME');
    const doctor = await memschedIn(place, ['doctor', '--json']);
    expect(doctor.exitCode, doctor.story).toBe(3);
    const check = 'state folder';
    const { state, detail, mend = '' } = finding(JSON.parse(doctor.stdout) as DoctorReport, check);
    expect(state).toBe('missing');
    expect(detail).toMatch(/EROFS/);
    expect(mend).toMatch(/^export XDG_STATE_HOME=/);
    // As it advises: with a folder of one's own.
    const seen = await prove(elsewhere);
    expect(seen).toMatchObject(FULL);
    const before = { ...seen, missing: { [check]: detail }, advice: { [check]: mend } };
    record(place, before, { title: 'a read-only home', followed: 'cgroup' });
  });

  test('a noexec /tmp', async () => {
    const folder = folderOf({ id: 'noexec-tmp' });
    const noexec = ['/tmp', folder].map(
      (each) => `mount --bind ${each} ${each} && mount -o remount,bind,noexec ${each}`,
    );
    const place: Place = {
      id: 'noexec-tmp',
      enter: withMounts(noexec.join(' && ')),
      env: { TMPDIR: folder },
    };
    const seen = await prove(place);
    expect(seen).toMatchObject(FULL);
    record(place, seen, { title: 'noexec on /tmp, the state folder and the folder of the run' });
  });
});
