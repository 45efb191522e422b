import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  createCgroupHost,
  type CgroupHostOptions,
} from '../../../src/adapters/cgroup/cgroup-host.js';
import { RemovalList } from '../../../src/adapters/cgroup/removal-list.js';
import type { TaskHost } from '../../../src/supervisor/ports.js';
import { MiB } from '../../../src/util/bytes.js';
import { tempDir } from '../../support/temp-dir.js';
import { FakeTree } from './fake-tree.js';

const REF = { task: 'a', attempt: 1 };
const DIR = 'memsched-run1/tasks/task-a.1';

interface Stage {
  readonly tree: FakeTree;
  readonly host: TaskHost;
  readonly clock: { nowMs: number };
  /** Text of a file, as last written. */
  readonly read: (path: string) => string;
}

/** A host on a fake tree. The kernel's reactions (pids that move, counters) are set by hand. */
function stage(options: Partial<CgroupHostOptions> = {}): Stage {
  const tree = new FakeTree(tempDir());
  const clock = { nowMs: 0 };
  const host = createCgroupHost({
    tier: 'cgroup',
    runId: 'run1',
    rootDirectory: tree.root,
    budget: { kind: 'auto' },
    limits: [{ version: 2, directory: tree.root }],
    nameOf: ({ task, attempt }) => `task-${task}.${attempt}`,
    now: () => clock.nowMs,
    warn: () => undefined,
    tree,
    ...options,
  });
  if (!host.ok) throw host.error;
  const read = (path: string): string => readFileSync(join(tree.root, path), 'utf8').trim();
  return { tree, host: host.value, clock, read };
}

describe('the layout', () => {
  it('supervisor inside, controllers handed down, memory kept for us', () => {
    const { read } = stage();
    expect(read('memsched-run1/supervisor/cgroup.procs')).toBe(String(process.pid));
    expect(read('cgroup.subtree_control')).toBe('+memory');
    expect(read('memsched-run1/cgroup.subtree_control')).toBe('+memory');
    expect(read('memsched-run1/tasks/cgroup.subtree_control')).toBe('+memory');
    expect(read('memsched-run1/supervisor/memory.low')).toBe(String(128 * MiB));
  });

  it("a tree of the same name is another run's, and stays as it is", () => {
    const tree = new FakeTree(tempDir());
    const theirs = join(tree.root, DIR);
    for (const path of ['memsched-run1', 'memsched-run1/tasks', DIR])
      tree.make(join(tree.root, path));
    expect(() => stage({ tree, rootDirectory: tree.root })).toThrow(/memsched-run1 already/);
    expect(existsSync(theirs)).toBe(true);
    expect(() => stage({ tree, rootDirectory: tree.root, keepsTree: true })).not.toThrow();
    expect(existsSync(theirs)).toBe(true);
  });

  it('an attempt dies as a whole, and has a limit only where the user set one', () => {
    const { host, read } = stage();
    const entry = host.open(REF, {});
    expect(entry).toMatchObject({ ok: true, value: { env: {} } });
    expect(entry.ok && entry.value.procsFile).toMatch(new RegExp(`${DIR}/cgroup.procs$`));
    expect(read(`${DIR}/memory.oom.group`)).toBe('1');
    expect(read(`${DIR}/memory.max`)).toBe('max');
    host.open({ task: 'b', attempt: 3 }, { limitBytes: 64 * MiB, swapBytes: 0 });
    expect(read('memsched-run1/tasks/task-b.3/memory.max')).toBe(String(64 * MiB));
    expect(read('memsched-run1/tasks/task-b.3/memory.swap.max')).toBe('0');
  });

  it('a limit that cannot be put in place is a reason not to start', () => {
    const { tree, host } = stage();
    const make = tree.make.bind(tree);
    tree.make = (directory) => {
      make(directory);
      rmSync(join(directory, 'memory.max'));
    };
    expect(host.open(REF, { limitBytes: 1 })).toMatchObject({ ok: false });
    expect(existsSync(join(tree.root, DIR))).toBe(false);
  });

  it('a cgroup that cannot be made is an answer', () => {
    const { tree, host } = stage();
    tree.failWith = 'EAGAIN';
    expect(host.open(REF, {})).toMatchObject({
      ok: false,
      error: { error: expect.stringContaining('EAGAIN') as string, isShortage: true },
    });
  });

  it('a root that cannot be written to is an error with a mend', () => {
    const tree = new FakeTree(tempDir());
    tree.failWith = 'EACCES';
    const host = createCgroupHost({
      tier: 'hybrid',
      runId: 'run1',
      rootDirectory: tree.root,
      budget: { kind: 'auto' },
      limits: [],
      nameOf: ({ task }) => task,
      now: () => 0,
      warn: () => undefined,
      tree,
    });
    expect(host).toMatchObject({ ok: false, error: { name: 'HostError' } });
  });
});

describe('what is read and written', () => {
  it('working set, peak, brake, pressure', () => {
    const { tree, host } = stage();
    host.open(REF, {});
    tree.set(`${DIR}/cgroup.events`, 'populated 1\nfrozen 0\n');
    tree.set(`${DIR}/memory.current`, String(100 * MiB));
    tree.set(`${DIR}/memory.stat`, `anon ${20 * MiB}\ninactive_file ${70 * MiB}\n`);
    expect(host.sample(REF)).toMatchObject({
      ...REF,
      usedBytes: 30 * MiB,
      peakBytes: 30 * MiB,
    });

    tree.set('memsched-run1/tasks/memory.current', String(500 * MiB));
    tree.set(
      'memsched-run1/tasks/memory.stat',
      `anon ${90 * MiB}\nactive_file ${400 * MiB}\npgscan 7\n`,
    );
    tree.set('memsched-run1/tasks/memory.events.local', 'high 5\n');
    const look = host.observe();
    expect(look).toMatchObject({ usedBytes: 100 * MiB, brakeEvents: 5, psi: { someUs: 1 } });
    expect(look.reclaimScans).toBeGreaterThanOrEqual(7);
  });

  it('an ancestor that is limited while we run', () => {
    const { tree, host } = stage();
    const free = host.observe();
    tree.set('memory.max', String(512 * MiB));
    tree.set('memory.current', String(100 * MiB));
    expect(host.observe()).toMatchObject({ capacityBytes: 512 * MiB, outsideBytes: 100 * MiB });
    tree.set('memory.max', 'max\n');
    expect(host.observe().capacityBytes).toBe(free.capacityBytes);
  });

  it('between two looks at memory.stat, growth counts as working set', () => {
    const { tree, host, clock } = stage();
    host.open(REF, {});
    tree.set(`${DIR}/cgroup.events`, 'populated 1\n');
    tree.set(`${DIR}/memory.current`, String(100 * MiB));
    tree.set(`${DIR}/memory.stat`, `inactive_file ${70 * MiB}\n`);
    expect(host.sample(REF)?.usedBytes).toBe(30 * MiB);
    tree.set(`${DIR}/memory.current`, String(102 * MiB));
    tree.set(`${DIR}/memory.stat`, `inactive_file ${72 * MiB}\n`);
    expect(host.sample(REF)?.usedBytes).toBe(32 * MiB);
    clock.nowMs += 1000;
    host.observe();
    expect(host.sample(REF)?.usedBytes).toBe(30 * MiB);
  });

  it('the peak is what the kernel says less page cache, but no less than a sample', () => {
    const { tree, host } = stage();
    host.open(REF, {});
    tree.set(`${DIR}/memory.peak`, String(900 * MiB));
    tree.set(`${DIR}/memory.stat`, `active_file ${600 * MiB}\n`);
    tree.set(`${DIR}/memory.events.local`, 'max 4\noom 1\noom_kill 1\n');
    expect(host.close(REF)).toEqual({
      peakBytes: 300 * MiB,
      cpuMs: 2500,
      oom: { oomKill: 1, oom: 1, max: 4 },
    });
    // Who dies before that is written down leaves it to be counted again.
    expect(existsSync(join(tree.root, DIR))).toBe(true);
    host.clearClosed();
    expect(existsSync(join(tree.root, DIR))).toBe(false);
  });

  it('is not closed while something lives in it', () => {
    const { tree, host } = stage();
    host.open(REF, {});
    tree.set(`${DIR}/cgroup.events`, 'populated 1\n');
    expect(host.close(REF)).toBe('populated');
    expect(existsSync(join(tree.root, DIR))).toBe(true);
  });

  it('what is gone is an answer', () => {
    const { tree, host } = stage();
    host.open(REF, {});
    rmSync(join(tree.root, DIR), { recursive: true });
    expect(host.sample(REF)).toBeUndefined();
    host.signal(REF, 'SIGTERM');
    host.kill(REF);
    expect(host.close(REF)).toEqual({ peakBytes: 0, cpuMs: 0 });
  });

  it('kills by cgroup.kill, after lifting what holds the task', () => {
    const { tree, host, read } = stage();
    host.open(REF, {});
    tree.set(`${DIR}/memory.high`, '1000');
    tree.set(`${DIR}/cgroup.freeze`, '1');
    host.kill(REF);
    expect(read(`${DIR}/cgroup.kill`)).toBe('1');
    expect(read(`${DIR}/memory.high`)).toBe('max');
    expect(read(`${DIR}/cgroup.freeze`)).toBe('0');
  });

  it('leaves cgroup.kill alone where it is said to be absent', () => {
    const { host, read } = stage({ cgroupKill: false });
    host.open(REF, {});
    host.kill(REF);
    expect(read(`${DIR}/cgroup.kill`)).toBe('');
  });

  it('sets the limits of the tree, but never orders an OOM kill', () => {
    const { tree, host, read } = stage();
    tree.set('memsched-run1/tasks/memory.current', String(400 * MiB));
    host.limitTree({ highBytes: 300 * MiB, maxBytes: 350 * MiB });
    expect(read('memsched-run1/tasks/memory.high')).toBe(String(300 * MiB));
    expect(read('memsched-run1/tasks/memory.max')).toBe(String(400 * MiB));
    host.limitTree({ highBytes: 'max', maxBytes: 900 * MiB });
    expect(read('memsched-run1/tasks/memory.high')).toBe('max');
    expect(read('memsched-run1/tasks/memory.max')).toBe(String(900 * MiB));
  });

  it('goes on lowering a limit as use falls, without being asked again', () => {
    const { tree, host, read } = stage();
    tree.set('memsched-run1/tasks/memory.current', String(400 * MiB));
    host.limitTree({ highBytes: 300 * MiB, maxBytes: 350 * MiB });
    tree.set('memsched-run1/tasks/memory.current', String(380 * MiB));
    host.observe();
    expect(read('memsched-run1/tasks/memory.max')).toBe(String(380 * MiB));
    tree.set('memsched-run1/tasks/memory.current', String(100 * MiB));
    host.observe();
    expect(read('memsched-run1/tasks/memory.max')).toBe(String(350 * MiB));
    tree.set('memsched-run1/tasks/memory.current', String(340 * MiB));
    tree.set('memsched-run1/tasks/memory.max', 'untouched');
    host.observe();
    expect(read('memsched-run1/tasks/memory.max')).toBe('untouched');
  });

  it('puts back a limit that somebody has changed, and orders no OOM kill by it', () => {
    let nowMs = 0;
    const { tree, host, read } = stage({ now: () => nowMs });
    tree.set('memsched-run1/tasks/memory.current', String(100 * MiB));
    host.limitTree({ highBytes: 'max', maxBytes: 350 * MiB });
    host.observe();
    tree.set('memsched-run1/tasks/memory.max', 'max\n');
    tree.set('memsched-run1/tasks/memory.current', String(500 * MiB));
    nowMs += 3000;
    host.observe();
    expect(read('memsched-run1/tasks/memory.max')).toBe(String(500 * MiB));
    tree.set('memsched-run1/tasks/memory.current', String(200 * MiB));
    host.observe();
    expect(read('memsched-run1/tasks/memory.max')).toBe(String(350 * MiB));
  });

  it('tries a refused limit again, and says so once', () => {
    const said: string[] = [];
    const { tree, host, read } = stage({ warn: (sentence) => said.push(sentence) });
    const file = join(tree.root, 'memsched-run1/tasks/memory.max');
    rmSync(file);
    mkdirSync(file);
    host.limitTree({ highBytes: 300 * MiB, maxBytes: 350 * MiB });
    host.observe();
    expect(said.filter((sentence) => sentence.includes('memory.max'))).toEqual([
      expect.stringContaining('EISDIR') as string,
    ]);
    expect(read('memsched-run1/tasks/memory.high')).toBe(String(300 * MiB));
    rmdirSync(file);
    writeFileSync(file, 'max\n');
    host.observe();
    expect(read('memsched-run1/tasks/memory.max')).toBe(String(350 * MiB));
  });

  it('brakes nobody where the kernel has no safe brake', () => {
    const { host, read } = stage({ safeBrake: false });
    host.limitTree({ highBytes: 300 * MiB, maxBytes: 350 * MiB });
    expect(read('memsched-run1/tasks/memory.high')).toBe('max');
    expect(read('memsched-run1/tasks/memory.max')).toBe(String(350 * MiB));
  });
});

describe('leaving', () => {
  /** Another run's tree; pids are far above what the kernel hands out. */
  const sibling = (tree: FakeTree, name: string, parts: readonly string[], pid: number): string => {
    for (const part of ['', ...parts]) tree.make(join(tree.root, name, part));
    tree.set(`${name}/supervisor/cgroup.procs`, `${pid}\n`);
    return join(tree.root, name);
  };

  it('clears up what a run had to leave because we were there', async () => {
    const { tree, host, read } = stage();
    const left = sibling(tree, 'memsched-old', ['supervisor'], 99_999_991);
    await host.dispose();
    expect(existsSync(left)).toBe(false);
    expect(read('cgroup.subtree_control')).toBe('-memory');
  });

  it.each([
    ['a run that may be alive', 'memsched-live', ['supervisor', 'tasks']],
    ['a tree that is not ours', 'docker', ['supervisor']],
    ['a tree with something else in it', 'memsched-odd', ['supervisor', 'x']],
  ])('leaves %s alone, and with it the root', async (_, name, parts) => {
    const { tree, host, read } = stage();
    const other = sibling(tree, name, parts, 99_999_992);
    const left = sibling(tree, 'memsched-old', ['supervisor'], 99_999_991);
    await host.dispose();
    expect(existsSync(other)).toBe(true);
    expect(existsSync(left)).toBe(true);
    expect(read('cgroup.subtree_control')).toBe('+memory');
    expect(read(`${name}/supervisor/cgroup.procs`)).toBe('99999992');
  });
});

describe('RemovalList', () => {
  it('tries again, ever more rarely, until the cgroup goes', () => {
    const tree = new FakeTree(tempDir());
    const directory = join(tree.root, 'x');
    tree.make(directory);
    tree.busy.set(directory, 3);
    let nowMs = 0;
    const removals = new RemovalList(tree, () => nowMs);
    removals.remove(directory);
    const tries: number[] = [];
    for (; removals.size > 0; nowMs += 1) {
      const before = tree.busy.get(directory);
      removals.retryDue();
      if (tree.busy.get(directory) !== before || removals.size === 0) tries.push(nowMs);
    }
    expect(tries).toEqual([1, 3, 7]);
    expect(existsSync(directory)).toBe(false);
  });
});
