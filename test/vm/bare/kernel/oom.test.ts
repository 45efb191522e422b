import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MiB } from '../../../../src/util/bytes.js';
import { ending, hog, sleeper } from '../../support/actors.js';
import { freshCgroup } from '../../support/cgroup.js';
import { describeCgroup } from '../../support/guard.js';
import { until } from '../../support/until.js';

const OVER_OWN_LIMIT = 'its own memory.max: oom_kill, oom and max move in memory.events.local';
const BYSTANDER =
  "an ancestor's memory.max: only oom_kill moves in the victim's memory.events.local";

describeCgroup('who the OOM killer takes, and how we can tell why', () => {
  test(OVER_OWN_LIMIT, async () => {
    const task = freshCgroup().child('task');
    task.write('memory.max', 64 * MiB);
    task.write('memory.swap.max', 0);
    expect(await ending(task.spawn(hog(128)))).toBe('SIGKILL');
    expect(task.value('memory.events.local', 'oom_kill')).toBe(1);
    expect(task.value('memory.events.local', 'oom')).toBeGreaterThan(0);
    expect(task.value('memory.events.local', 'max')).toBeGreaterThan(0);
  });

  test(BYSTANDER, async () => {
    const parent = freshCgroup();
    parent.write('memory.max', 64 * MiB);
    parent.write('memory.swap.max', 0);
    const task = parent.child('task');
    expect(await ending(task.spawn(hog(128)))).toBe('SIGKILL');
    expect(task.value('memory.events.local', 'oom_kill')).toBe(1);
    expect(task.value('memory.events.local', 'oom')).toBe(0);
    expect(task.value('memory.events.local', 'max')).toBe(0);
    expect(parent.value('memory.events.local', 'oom')).toBeGreaterThan(0);
  });

  test('memory.events counts for the whole tree below, memory.events.local for itself', async () => {
    const parent = freshCgroup();
    const task = parent.child('task');
    task.write('memory.max', 64 * MiB);
    task.write('memory.swap.max', 0);
    await ending(task.spawn(hog(128)));
    expect(parent.value('memory.events', 'oom_kill')).toBe(1);
    expect(parent.value('memory.events.local', 'oom_kill')).toBe(0);
    expect(parent.value('memory.events.local', 'oom')).toBe(0);
  });

  test('memory.oom.group takes all processes of the cgroup or none', async () => {
    const task = freshCgroup().child('task');
    task.write('memory.max', 64 * MiB);
    task.write('memory.swap.max', 0);
    task.write('memory.oom.group', 1);
    const innocent = task.spawn(sleeper());
    await until('the innocent one is in', () => task.populated());
    await ending(task.spawn(hog(128)));
    expect(await ending(innocent)).toBe('SIGKILL');
  });

  test('oom_score_adj, which anyone may raise, decides between two', async () => {
    const parent = freshCgroup();
    parent.write('memory.swap.max', 0);
    const [protectedOne, offered] = [parent.child('protected'), parent.child('offered')];
    const large = protectedOne.spawn(hog(96));
    const small = offered.spawn(hog(32));
    await until('the large one is up', () => protectedOne.value('memory.stat', 'anon') > 96 * MiB);
    await until('the small one is up', () => offered.value('memory.stat', 'anon') > 32 * MiB);
    writeFileSync(`/proc/${small.pid ?? 0}/oom_score_adj`, '800');
    parent.write('memory.max', 120 * MiB);
    expect(await ending(small)).toBe('SIGKILL');
    expect(large.exitCode ?? large.signalCode).toBe(null);
  });

  test('lowering memory.max below use kills: a ceiling must never chase the use down', async () => {
    const task = freshCgroup().child('task');
    task.write('memory.swap.max', 0);
    const child = task.spawn(hog(64));
    await until('it is up', () => task.value('memory.stat', 'anon') > 64 * MiB);
    task.write('memory.max', 32 * MiB);
    expect(await ending(child)).toBe('SIGKILL');
  });
});
