import { closeSync, openSync, readFileSync, readSync, rmdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { MiB } from '../../../../src/util/bytes.js';
import { daemon, ending, family, hog, obedient, sleeper } from '../../support/actors.js';
import { freshCgroup, type Cgroup } from '../../support/cgroup.js';
import { describeCgroup } from '../../support/guard.js';
import { until } from '../../support/until.js';

async function obedientIn(cgroup: Cgroup) {
  const child = cgroup.spawn(obedient(), 'pipe');
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await until('the process handles SIGTERM', () => text.includes('ready'));
  return child;
}

async function freeze(cgroup: Cgroup): Promise<void> {
  cgroup.write('cgroup.freeze', 1);
  await until('it is frozen', () => cgroup.value('cgroup.events', 'frozen') === 1);
}

describeCgroup('cgroup.kill', () => {
  test('ends a whole family; rmdir is refused while anyone is left and granted afterwards', async () => {
    const task = freshCgroup().child('task');
    const child = task.spawn(family(50));
    await until('all 51 are there', () => task.pids().length === 51);
    expect(() => {
      rmdirSync(task.path);
    }).toThrow('EBUSY');
    task.write('cgroup.kill', 1);
    await until('all are gone', () => !task.populated());
    expect(await ending(child)).toBe('SIGKILL');
    await until('their memory is free', () => task.value('memory.stat', 'anon') === 0);
    rmdirSync(task.path);
  });

  test('reaches a daemon that left its session and its parent', async () => {
    const task = freshCgroup().child('task');
    await ending(task.spawn(daemon()));
    await until('only the daemon is left', () => task.pids().length === 1);
    expect(task.populated()).toBe(true);
    task.write('cgroup.kill', 1);
    await until('the daemon is gone', () => !task.populated());
  });

  test('ends frozen processes', async () => {
    const task = freshCgroup().child('task');
    const child = await obedientIn(task);
    await freeze(task);
    task.write('cgroup.kill', 1);
    expect(await ending(child)).toBe('SIGKILL');
  });

  test('tells the watcher of cgroup.events that the cgroup emptied', async () => {
    const task = freshCgroup().child('task');
    task.spawn(sleeper());
    await until('a process lives in it', () => task.populated());
    let wakeUps = 0;
    const watcher = watch(join(task.path, 'cgroup.events'), () => (wakeUps += 1));
    onTestFinished(() => {
      watcher.close();
    });
    task.write('cgroup.kill', 1);
    await until('the watcher was called', () => wakeUps > 0);
    await until('it is empty', () => !task.populated());
  });

  test('leaves a kept-open file of a removed cgroup readable as ENODEV, which means gone', async () => {
    const task = freshCgroup().child('task');
    const file = openSync(join(task.path, 'memory.current'), 'r');
    onTestFinished(() => {
      closeSync(file);
    });
    const buffer = Buffer.alloc(64);
    expect(readSync(file, buffer, 0, 64, 0)).toBeGreaterThan(0);
    await task.destroy();
    expect(() => readSync(file, buffer, 0, 64, 0)).toThrow('ENODEV');
  });
});

describeCgroup('cgroup.freeze', () => {
  test('keeps a handled SIGTERM waiting until the thaw', async () => {
    const task = freshCgroup().child('task');
    const child = await obedientIn(task);
    await freeze(task);
    child.kill('SIGTERM');
    const stat = join('/proc', String(child.pid), 'status');
    await until('the signal is pending', () => pendingTerm(readFileSync(stat, 'utf8')));
    expect(child.exitCode).toBe(null);
    task.write('cgroup.freeze', 0);
    expect(await ending(child)).toBe(7);
  });

  test('does not hold up a SIGTERM that nobody handles', async () => {
    const task = freshCgroup().child('task');
    const child = task.spawn(sleeper());
    await until('it is in', () => task.pids().length === 1);
    await freeze(task);
    child.kill('SIGTERM');
    expect(await ending(child)).toBe('SIGTERM');
  });

  test('keeps the memory', async () => {
    const task = freshCgroup().child('task');
    task.spawn(hog(64));
    await until('it is up', () => task.value('memory.stat', 'anon') > 64 * MiB);
    await freeze(task);
    expect(task.number('memory.current')).toBeGreaterThan(64 * MiB);
  });
});

/** Bit 14 (SIGTERM is 15) of the pending signals of a process, proc(5). */
function pendingTerm(status: string): boolean {
  const mask = [...status.matchAll(/^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$/gm)];
  return mask.some((match) => (BigInt(`0x${match[1] ?? '0'}`) & (1n << 14n)) !== 0n);
}
