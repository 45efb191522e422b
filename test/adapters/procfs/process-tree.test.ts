import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { KernelFiles } from '../../../src/adapters/host/kernel-file.js';
import { ProcessTree } from '../../../src/adapters/procfs/process-tree.js';
import { tempDir } from '../../support/temp-dir.js';

interface Fake {
  readonly pid: number;
  readonly parent?: number;
  readonly group?: number;
  readonly session?: number;
  readonly start?: number;
  readonly state?: string;
  readonly ticks?: number;
  readonly environ?: string;
}

let proc: string;
let nowMs: number;
let tree: ProcessTree;

beforeEach(() => {
  nowMs = 0;
});

function begin(): void {
  proc = tempDir();
  tree = new ProcessTree(proc, new KernelFiles(0), () => nowMs);
  born({ pid: 1 });
  tree.addOwner('a', 'COOKIE=a');
  tree.addOwner('b', 'COOKIE=b');
}

function born(fake: Fake): void {
  const { pid, parent = 1, group = 0, session = 0, start = pid, state = 'S', ticks = 0 } = fake;
  mkdirSync(join(proc, String(pid)), { recursive: true });
  const numbers = [
    parent,
    group,
    session,
    0,
    -1,
    0,
    0,
    0,
    0,
    0,
    ticks,
    0,
    0,
    0,
    20,
    0,
    1,
    0,
    start,
  ];
  writeFileSync(
    join(proc, String(pid), 'stat'),
    `${pid} (x y) ${state} ${numbers.join(' ')} 0 0\n`,
  );
  writeFileSync(join(proc, String(pid), 'environ'), fake.environ ?? 'PATH=/bin\0');
}

function died(pid: number): void {
  rmSync(join(proc, String(pid)), { recursive: true });
}

function pidsOf(name: string): readonly number[] {
  return tree
    .membersOf(name)
    .map((member) => member.pid)
    .toSorted((a, b) => a - b);
}

describe('ProcessTree', () => {
  it('follows parents, also when children are listed first', () => {
    begin();
    born({ pid: 100, session: 100, group: 100 });
    tree.adopt('a', 100);
    born({ pid: 50, parent: 60 });
    born({ pid: 60, parent: 100 });
    born({ pid: 70, parent: 1 });
    tree.refresh();
    expect(pidsOf('a')).toEqual([50, 60, 100]);
    expect(pidsOf('b')).toEqual([]);
  });

  it('follows the session when the parent is gone', () => {
    begin();
    born({ pid: 100, session: 100 });
    tree.adopt('a', 100);
    born({ pid: 101, parent: 1, session: 100 });
    tree.refresh();
    died(100);
    born({ pid: 102, parent: 1, session: 100 });
    tree.refresh();
    expect(pidsOf('a')).toEqual([101, 102]);
  });

  it('finds a daemon by its cookie, and its children by their parent', () => {
    begin();
    born({ pid: 200, session: 200, environ: 'X=1\0COOKIE=b\0' });
    born({ pid: 201, parent: 200, session: 201 });
    tree.refresh();
    expect(pidsOf('b')).toEqual([200, 201]);
    expect(pidsOf('a')).toEqual([]);
  });

  it('is not taken in by a part of a cookie', () => {
    begin();
    born({ pid: 200, environ: 'X=COOKIE=b\0COOKIE=bb\0' });
    tree.refresh();
    expect(pidsOf('b')).toEqual([]);
  });

  it('a pid that comes round again is somebody else', () => {
    begin();
    born({ pid: 100, session: 100, start: 5 });
    tree.adopt('a', 100);
    const [member] = tree.membersOf('a');
    died(100);
    born({ pid: 100, session: 100, start: 900 });
    expect(member && tree.isSame(member)).toBe(false);
    tree.refresh();
    expect(pidsOf('a')).toEqual([]);
  });

  it('the number of an empty session means nothing', () => {
    begin();
    born({ pid: 100, session: 100 });
    tree.adopt('a', 100);
    died(100);
    tree.refresh();
    born({ pid: 300, session: 100 });
    tree.refresh();
    expect(pidsOf('a')).toEqual([]);
  });

  it('a stranger whose environment could not be read yet is looked at again', () => {
    begin();
    born({ pid: 300, environ: '' });
    tree.refresh();
    born({ pid: 300, environ: 'COOKIE=a\0' });
    tree.refresh();
    expect(pidsOf('a')).toEqual([]);
    nowMs += 1000;
    tree.refresh();
    expect(pidsOf('a')).toEqual([300]);
  });

  it('zombies do not count, but the time that they used does', () => {
    begin();
    born({ pid: 100, session: 100, ticks: 150 });
    tree.adopt('a', 100);
    born({ pid: 101, parent: 100, ticks: 50 });
    tree.refresh();
    expect(tree.cpuMs('a')).toBe(2000);
    born({ pid: 100, session: 100, ticks: 150, state: 'Z' });
    tree.refresh();
    expect(pidsOf('a')).toEqual([101]);
    expect(tree.cpuMs('a')).toBe(2000);
  });

  it('forgets an attempt that is over', () => {
    begin();
    born({ pid: 100, session: 100 });
    tree.adopt('a', 100);
    tree.removeOwner('a');
    tree.refresh();
    expect(pidsOf('a')).toEqual([]);
    expect(tree.cpuMs('a')).toBe(0);
  });
});
