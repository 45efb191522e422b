import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CgroupLooker } from '../../../src/adapters/host/live-figures.js';
import { parseAverages } from '../../../src/adapters/host/pressure.js';
import { tempDir } from '../../support/temp-dir.js';

const OF_A_TASK = '/user.slice/memsched-20261125-190650-nightly-4f/tasks/task-3.1';

interface Fake {
  readonly procPath: string;
  readonly directory: string;
}

/** A /proc with one process, and a cgroup2 mount that it lives in. */
function fake(cgroup: string, files: Readonly<Record<string, string>>): Fake {
  const root = tempDir();
  const [procPath, mount] = [join(root, 'proc'), join(root, 'cgroup')];
  const directory = join(mount, cgroup);
  mkdirSync(join(procPath, 'self'), { recursive: true });
  mkdirSync(join(procPath, '42'));
  mkdirSync(directory, { recursive: true });
  const line = `30 20 0:26 / ${mount} rw - cgroup2 cgroup2 rw`;
  writeFileSync(join(procPath, 'self', 'mountinfo'), `${line}\n`);
  writeFileSync(join(procPath, '42', 'cgroup'), `4:memory:/elsewhere\n0::${cgroup}\n`);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return { procPath, directory };
}

describe('the live figures of an attempt', () => {
  test('are those of its own cgroup', () => {
    const { procPath } = fake(OF_A_TASK, {
      'cgroup.procs': '42\n43\n',
      'cpu.stat': 'usage_usec 2500000\nuser_usec 1\n',
      'memory.current': '1000\n',
      'memory.stat': 'anon 600\nfile 300\nshmem 50\ninactive_file 100\nactive_file 200\n',
      'memory.swap.current': '7\n',
    });
    expect(new CgroupLooker(procPath).figuresOf(42)).toEqual({
      processes: 2,
      cpuMs: 2500,
      memory: {
        currentBytes: 1000,
        anonBytes: 600,
        cacheBytes: 300,
        shmemBytes: 50,
        swapBytes: 7,
      },
    });
  });

  test('have no memory where the cgroup has no controller for it', () => {
    const { procPath } = fake(OF_A_TASK, { 'cgroup.procs': '42\n' });
    expect(new CgroupLooker(procPath).figuresOf(42)).toEqual({ processes: 1 });
  });

  test.each([
    ['is gone', OF_A_TASK, 99],
    ['is in a cgroup that is not its own', '/user.slice/session-1.scope', 42],
    ['is in a part of the tree that cannot be seen from here', `/..${OF_A_TASK}`, 42],
  ])('are not there when its process %s', (_, cgroup, pid) => {
    const { procPath } = fake(cgroup, { 'cgroup.procs': '42\n' });
    expect(new CgroupLooker(procPath).figuresOf(pid)).toBeUndefined();
  });
});

test('the averages of a PSI file are those of the last ten seconds', () => {
  const text =
    'some avg10=1.25 avg60=9.00 avg300=0.00 total=1\nfull avg10=0.50 avg60=0.00 avg300=0.00 total=2\n';
  expect(parseAverages(text)).toEqual({ somePct: 1.25, fullPct: 0.5 });
  expect(parseAverages('')).toBeUndefined();
});
