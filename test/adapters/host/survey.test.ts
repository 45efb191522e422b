import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { surveyCgroups } from '../../../src/adapters/host/cgroup-survey.js';
import { measureFillRate } from '../../../src/adapters/host/fill-rate.js';
import { createHostReader } from '../../../src/adapters/host/host-reader.js';
import { KernelFiles } from '../../../src/adapters/host/kernel-file.js';
import { levelReader } from '../../../src/adapters/host/memory-levels.js';
import { surveyedBudget, surveyHost } from '../../../src/adapters/host/survey.js';
import { GiB, MiB } from '../../../src/util/bytes.js';
import { tempDir } from '../../support/temp-dir.js';

/** Writes files, making folders on the way. */
function plant(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

const MEMINFO = (totalKiB: number, availableKiB: number): string =>
  `MemTotal:  ${totalKiB} kB\nMemAvailable:  ${availableKiB} kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n`;

describe('surveyCgroups', () => {
  it('a v1 group whose path this container cannot see: the top of the mount is ours', () => {
    const root = tempDir();
    plant(root, {
      'proc/self/cgroup': '4:memory:/docker/abc\n',
      'proc/self/mountinfo': `35 31 0:32 /docker/xyz ${root}/cg/memory rw - cgroup cgroup rw,memory\n`,
      'cg/memory/memory.limit_in_bytes': '1073741824\n',
    });
    const survey = surveyCgroups(join(root, 'proc'));
    expect(survey).toEqual({
      mode: 'v1',
      limits: [{ version: 1, directory: `${root}/cg/memory` }],
      cpuDirectories: [],
      pidsDirectories: [],
    });
  });

  it('the root of a container', () => {
    const root = tempDir();
    plant(root, {
      'proc/self/cgroup': '0::/\n',
      'proc/self/mountinfo': `35 31 0:32 /docker/xyz ${root}/cg rw - cgroup2 cgroup rw,nsdelegate\n`,
      'cg/cgroup.controllers': 'cpu memory\n',
      'cg/cgroup.procs': `1\n${process.pid}\n`,
      'cg/cgroup.type': 'domain\n',
    });
    const survey = surveyCgroups(join(root, 'proc'));
    // As in a container without a cgroup namespace of its own: the path says nothing about the mount.
    expect(survey).toMatchObject({ mode: 'unified', limits: [] });
    expect(survey.own).toBeUndefined();
  });

  it('a limited subtree: every ancestor counts, and the controllers are those of our own', () => {
    const root = tempDir();
    plant(root, {
      'proc/self/cgroup': '0::/a/b\n',
      'proc/self/mountinfo': `35 31 0:32 / ${root}/cg rw - cgroup2 cgroup rw\n`,
      'cg/a/b/cgroup.controllers': 'memory\n',
      'cg/a/b/cgroup.procs': `${process.pid}\n77\n`,
      'cg/a/b/cgroup.type': 'domain\n',
    });
    const survey = surveyCgroups(join(root, 'proc'));
    expect(survey.limits.map((limit) => limit.directory)).toEqual([
      `${root}/cg/a/b`,
      `${root}/cg/a`,
      `${root}/cg`,
    ]);
    expect(survey.own).toMatchObject({
      position: 'inner',
      controllers: ['memory'],
      otherPids: [77],
      rootDirectory: `${root}/cg/a/b`,
      probe: { kind: 'writable' },
    });
  });

  it('beside the supervisor of another run we build next to that run', () => {
    const root = tempDir();
    plant(root, {
      'proc/self/cgroup': '0::/x/memsched-r1/supervisor\n',
      'proc/self/mountinfo': `35 31 0:32 / ${root}/cg rw - cgroup2 cgroup rw\n`,
      'cg/x/memsched-r1/supervisor/cgroup.procs': '',
      'cg/x/cgroup.procs': '',
      'cg/x/cgroup.controllers': 'memory\n',
    });
    expect(surveyCgroups(join(root, 'proc')).own).toMatchObject({
      position: 'task',
      rootDirectory: `${root}/cg/x`,
      controllers: ['memory'],
    });
  });

  it('a read-only mount is refused without a try', () => {
    const root = tempDir();
    plant(root, {
      'proc/self/cgroup': '0::/\n',
      'proc/self/mountinfo': `35 31 0:32 / ${root}/cg ro - cgroup2 cgroup rw\n`,
      'cg/cgroup.procs': '',
    });
    expect(surveyCgroups(join(root, 'proc')).own?.probe).toEqual({
      kind: 'refused',
      errno: 'EROFS',
    });
  });
});

describe('levels', () => {
  it('v2: the smaller of memory.max and memory.high, page cache left out', () => {
    const directory = tempDir();
    plant(directory, {
      'memory.max': String(2 * GiB),
      'memory.high': String(1 * GiB),
      'memory.current': String(900 * MiB),
      'memory.stat': `anon ${100 * MiB}\nactive_file ${700 * MiB}\n`,
    });
    const reader = levelReader({ version: 2, directory }, new KernelFiles(0));
    expect(reader.read()).toEqual({ limitBytes: 1 * GiB, usedBytes: 200 * MiB });
    writeFileSync(join(directory, 'memory.max'), 'max\n');
    writeFileSync(join(directory, 'memory.high'), 'max\n');
    expect(reader.read()).toBeUndefined();
  });

  it('v1: an ancestor that we do not see counts, too', () => {
    const directory = tempDir();
    plant(directory, {
      'memory.limit_in_bytes': '9223372036854771712\n',
      'memory.usage_in_bytes': String(500 * MiB),
      'memory.stat': `hierarchical_memory_limit ${1 * GiB}\ntotal_inactive_file ${300 * MiB}\n`,
    });
    const reader = levelReader({ version: 1, directory }, new KernelFiles(0));
    expect(reader.read()).toEqual({ limitBytes: 1 * GiB, usedBytes: 200 * MiB });
  });

  it('a root without limits, or nothing at all, limits nothing', () => {
    const files = new KernelFiles(0);
    expect(levelReader({ version: 2, directory: tempDir() }, files).read()).toBeUndefined();
    expect(levelReader({ version: 1, directory: '/nowhere' }, files).read()).toBeUndefined();
  });
});

describe('createHostReader', () => {
  it('without PSI there is no psi', () => {
    const procPath = tempDir();
    plant(procPath, {
      meminfo: MEMINFO(4 << 20, 3 << 20),
      vmstat: 'pgscan_kswapd 3\npgscan_direct 4\noom_kill 0\n',
    });
    const files = new KernelFiles(8);
    const reader = createHostReader({
      files,
      budget: { kind: 'auto' },
      limits: [],
      procPath,
      pressurePath: join(procPath, 'pressure/memory'),
    });
    const look = reader.look({ usedBytes: 512 * MiB, brakeEvents: 2, scannedPages: 10 });
    expect(look).toMatchObject({
      capacityBytes: 4 * GiB,
      availableBytes: 3 * GiB,
      usedBytes: 512 * MiB,
      outsideBytes: 512 * MiB,
      reclaimScans: 17,
      brakeEvents: 2,
    });
    expect(look).not.toHaveProperty('psi');
    reader.close();
    expect(files.openCount).toBe(0);
  });

  it.each([
    ['the host counts', 'oom_kill 5\n', undefined, 5],
    ['both count: the host has all of them', 'oom_kill 5\n', 'oom_kill_disable 0\noom_kill 2\n', 5],
    ['only the v1 cgroup counts', '', 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n', 2],
    ['nothing counts', '', undefined, undefined],
  ])('OOM kills: %s', (_, vmstat, oomControl, oomKills) => {
    const [procPath, directory] = [tempDir(), tempDir()];
    plant(procPath, { meminfo: MEMINFO(4 << 20, 3 << 20), vmstat });
    if (oomControl !== undefined) plant(directory, { 'memory.oom_control': oomControl });
    const files = new KernelFiles(8);
    const reader = createHostReader({
      files,
      budget: { kind: 'auto' },
      limits: [{ version: 1, directory }],
      procPath,
      pressurePath: join(procPath, 'pressure/memory'),
    });
    const look = reader.look({ usedBytes: 0, brakeEvents: 0, scannedPages: 0 });
    expect(look.oomKills).toBe(oomKills);
    reader.close();
    expect(files.openCount).toBe(0);
  });
});

describe('surveyHost', () => {
  it('tells the truth about this host', () => {
    const survey = surveyHost();
    expect(survey.meminfo.totalBytes).toBeGreaterThan(100 * MiB);
    expect(survey.cpus).toBeGreaterThan(0);
    const budget = surveyedBudget(survey, { kind: 'auto' });
    expect(budget.capacityBytes).toBeLessThanOrEqual(survey.meminfo.totalBytes);
    expect(budget.budgetBytes).toBeLessThan(budget.capacityBytes);
    if (survey.tiers.cgroup.kind === 'here') expect(survey.tiers.hybrid.kind).toBe('here');
  });
});

describe('measureFillRate', () => {
  it('takes a sixteenth of what is available at the most, or nothing at all', () => {
    const rate = measureFillRate(512 * MiB);
    expect(rate?.sampleBytes).toBe(32 * MiB);
    expect(rate?.bytesPerS).toBeGreaterThan(1 * MiB);
    expect(measureFillRate(64 * MiB)).toBeUndefined();
  });
});
