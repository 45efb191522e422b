import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { KiB, MiB } from '../../../src/util/bytes.js';
import { MEMSCHED } from '../../support/cli.js';
import { freshCgroup } from '../support/cgroup.js';
import { doctor, finding, states, type DoctorReport } from '../support/doctor.js';
import { describeCgroup } from '../support/guard.js';

function memTotalBytes(): number {
  return Number(/^MemTotal:\s+(\d+) kB/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * KiB;
}

describeCgroup('memsched doctor, as root without an init system', () => {
  test('finds the cgroup tier with all it needs', async () => {
    const report = await doctor();
    expect(report).toMatchObject({ tier: 'cgroup', relaunch: false });
    expect(states(report)).toMatchObject({
      tier: 'ok',
      cgroups: 'ok',
      'cgroup.kill': 'ok',
      'memory.peak': 'ok',
      pressure: 'ok',
      limits: 'ok',
      starts: 'ok',
    });
    expect(report.budget.capacityBytes).toBe(memTotalBytes());
    expect(report.budget.budgetBytes).toBeLessThan(report.budget.capacityBytes - 300 * MiB);
    expect(report.budget.budgetBytes).toBeGreaterThan(report.budget.capacityBytes / 2);
  });

  test("finds an ancestor's limit, and counts with it", async () => {
    const limited = freshCgroup();
    limited.write('memory.max', 800 * MiB);
    const report = await doctor({ cgroup: limited.child('inner').path });
    expect(report.tier).toBe('cgroup');
    expect(report.budget.capacityBytes).toBe(800 * MiB);
    expect(finding(report, 'limits').detail).toContain('800M');
  });

  test('with cgroups that may not be written it says so, and how to mend it', async () => {
    const script = 'mount -o remount,bind,ro /sys/fs/cgroup && exec "$0" "$1" doctor --json';
    const { stdout } = await execa('unshare', [
      '-m',
      'sh',
      '-c',
      script,
      process.execPath,
      MEMSCHED,
    ]);
    const report = JSON.parse(stdout) as DoctorReport;
    expect(report.tier).toBe('procfs');
    expect(finding(report, 'tier')).toMatchObject({
      state: expect.stringMatching(/warn|missing/) as string,
    });
    expect(finding(report, 'tier').mend).toBeTruthy();
  });
});
