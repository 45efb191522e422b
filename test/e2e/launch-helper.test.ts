import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runFolder, startCli, startJobs, type LiveCli } from '../support/cli.js';
import { ofKind, outcomes, requeues, verdicts } from '../support/journal-view.js';
import { until } from '../support/poll.js';
import { helperOf, isRunning } from '../support/processes.js';
import { removeRunTree, runTreeOf } from '../support/run-tree.js';
import { tempDir } from '../support/temp-dir.js';

function launched(live: LiveCli): readonly number[] {
  return ofKind(live.events(), 'attempt-launched').map(({ pid }) => pid);
}

describe.each(['auto', 'procfs'])('the launch helper of a run on tier %s', (tier) => {
  it('dies: its tasks are ended, run again, and no failure of theirs is made of it', async () => {
    const cwd = tempDir();
    const run = `touch "$MEMSCHED_TASK.$MEMSCHED_ATTEMPT"; until [ -e go ]; do sleep 0.05; done`;
    const live = startJobs({ jobs: { a: { run }, b: { run } } }, ['--tier', tier], { cwd });
    const first = await until('both to run', () =>
      ['a.1', 'b.1'].every((name) => existsSync(join(cwd, name))) ? launched(live) : undefined,
    );
    const helper = await until('the helper', () => helperOf(live.pid));
    process.kill(helper, 'SIGKILL');
    await until('the first attempts to be gone', () => first.every((pid) => !isRunning(pid)));
    writeFileSync(join(cwd, 'go'), '');
    const end = await live.finished;
    expect(end.exitCode, end.story).toBe(0);
    expect(outcomes(end.events)).toEqual({ a: 'succeeded', b: 'succeeded' });
    for (const task of ['a', 'b']) {
      expect(verdicts(end.events, task), end.story).toEqual(['lost', 'exit']);
      expect(requeues(end.events, task)).toMatchObject([
        { cause: { kind: 'bystander', times: 1 } },
      ]);
    }
    expect(end.stderr).toContain(`the launch helper (process ${helper}) was ended by SIGKILL`);
  });

  it.each([
    [
      'goes with map that is killed, whose task outlives both',
      ['map', '--', 'sleep', ':::', '600'],
      false,
    ],
    ['outlives a run that is killed until its task has ended', ['run', '-'], true],
  ])('%s', async (_, args, isLeft) => {
    const [command = '', ...words] = args;
    const live = startCli([command, '--tier', tier, ...words], {
      stdin: JSON.stringify({ version: 1, jobs: { a: { run: ['sleep', '600'] } } }),
    });
    const [task = 0] = await until('it to run', () => {
      const pids = launched(live);
      return pids.length === 1 && pids;
    });
    const tree = runTreeOf(task);
    onTestFinished(async () => {
      if (isRunning(task)) process.kill(task, 'SIGKILL');
      // Nobody is left who would.
      await removeRunTree(tree);
    });
    const helper = await until('the helper', () => helperOf(live.pid));
    live.kill('SIGKILL');
    await live.finished;
    if (isLeft) {
      const status = join(runFolder(live.stateHome) ?? '', 'status');
      await until('the helper to leave word', () => readdirSync(status).length > 0);
      expect(isRunning(helper)).toBe(true);
      process.kill(task, 'SIGKILL');
    }
    await until('the helper to be gone', () => !isRunning(helper));
    expect(isRunning(task)).toBe(!isLeft);
  });

  it('is stopped by no Ctrl-C, and tasks that are on their way are stopped, too', async () => {
    const jobs = { a: { matrix: { n: [1, 2, 3, 4, 5, 6, 7, 8] }, run: 'sleep 600', cpus: 0 } };
    const live = startJobs({ jobs }, ['--tier', tier]);
    const helper = await until('the helper', () => helperOf(live.pid));
    await until('some to be admitted', () => ofKind(live.events(), 'attempt-admitted').length > 1);
    process.kill(helper, 'SIGINT');
    live.kill('SIGINT');
    const end = await live.finished;
    expect(end.exitCode, end.story).toBe(130);
    expect(new Set(Object.values(outcomes(end.events)))).toEqual(new Set(['canceled']));
    expect(ofKind(end.events, 'attempt-killed'), end.story).toEqual([]);
    expect(isRunning(helper)).toBe(false);
    for (const { pid } of ofKind(end.events, 'attempt-launched'))
      expect(isRunning(pid)).toBe(false);
  });
});
