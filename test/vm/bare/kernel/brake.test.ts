import { watch } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { MiB } from '../../../../src/util/bytes.js';
import { hog } from '../../support/actors.js';
import { freshCgroup, type Cgroup } from '../../support/cgroup.js';
import { describeCgroup } from '../../support/guard.js';
import { until } from '../../support/until.js';

/** A full-speed allocator of 256 MiB behind a brake line of 64 MiB. */
function braked(parent: Cgroup): Cgroup {
  const task = parent.child('task');
  task.write('memory.high', 64 * MiB);
  task.write('memory.swap.max', 0);
  task.spawn(hog(256));
  return task;
}

describeCgroup('the brake: memory.high', () => {
  test('slows an allocator down, kills nobody, and lets go at once when it is lifted', async () => {
    const task = braked(freshCgroup());
    await until('the brake was felt', () => task.value('memory.events', 'high') > 10);
    expect(task.number('memory.current')).toBeGreaterThan(60 * MiB);
    expect(task.number('memory.current')).toBeLessThan(128 * MiB);
    task.write('memory.high', 'max');
    await until('it got all it wanted', () => task.value('memory.stat', 'anon') > 256 * MiB);
    expect(task.value('memory.events', 'oom_kill')).toBe(0);
    expect(task.value('memory.events', 'oom')).toBe(0);
  });

  test('of a parent slows its children, and is counted at the parent', async () => {
    const parent = freshCgroup();
    parent.write('memory.high', 64 * MiB);
    const task = parent.child('task');
    task.spawn(hog(256));
    await until('the parent counts', () => parent.value('memory.events.local', 'high') > 10);
    expect(task.value('memory.events.local', 'high')).toBe(0);
    expect(parent.number('memory.current')).toBeLessThan(128 * MiB);
  });

  test('wakes us by inotify on memory.events', async () => {
    const task = freshCgroup().child('task');
    task.write('memory.high', 64 * MiB);
    let wakeUps = 0;
    const watcher = watch(join(task.path, 'memory.events'), () => (wakeUps += 1));
    onTestFinished(() => {
      watcher.close();
    });
    task.spawn(hog(256));
    await until('the watcher was called', () => wakeUps > 0);
    expect(task.value('memory.events', 'high')).toBeGreaterThan(0);
  });

  test('is pressure: it shows in PSI of the cgroup and of its parent', async () => {
    const parent = freshCgroup();
    const task = braked(parent);
    await until('a tenth of a second of stall', () => task.stallUs('some') > 100_000);
    // Not the same number: total weighs processors by how busy they were between two reads.
    expect(parent.stallUs('some')).toBeGreaterThan(10_000);
  });

  test('does not outlive the task: lifted, then killed, a braked task is gone soon', async () => {
    const task = braked(freshCgroup());
    await until('the brake was felt', () => task.value('memory.events', 'high') > 10);
    task.write('memory.high', 'max');
    task.write('cgroup.kill', 1);
    await until('it is gone', () => !task.populated(), 10_000);
  });
});

describeCgroup('pressure: PSI', () => {
  test('total moves while the averages stand still, so differences of total are our window', async () => {
    const task = braked(freshCgroup());
    await until('the first stall', () => task.stallUs('some') > 0);
    let before = task.read('memory.pressure');
    await until('a new total with the old averages', () => {
      const now = task.read('memory.pressure');
      const moved = now !== before && averages(now) === averages(before);
      before = now;
      return moved;
    });
  });
});

function averages(pressure: string): string {
  return pressure.replace(/ total=\d+/g, '');
}
