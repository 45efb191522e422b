import { spawn } from 'node:child_process';
import { expect, it, onTestFinished } from 'vitest';
import { bootId } from '../../../src/adapters/journal/supervisor-mark.js';
import { isHelperName, wordsOf } from '../../../src/adapters/process/helper-name.js';
import { survivorsOf } from '../../../src/cli/survivors.js';
import type { RunState } from '../../../src/core/run-state.js';
import { until } from '../../support/poll.js';

const RUN = '20260101-000000-jobs-abcde';

function diedWith(pid: number): Parameters<typeof survivorsOf>[0] {
  const record = { spec: { id: 'a' }, phase: { kind: 'running', attempt: { launched: { pid } } } };
  const state = { started: { runId: RUN, bootId: bootId() }, live: new Map([['a', record]]) };
  return { standing: 'died', state: state as unknown as RunState };
}

/** What a child of the launch helper looks like until it executes its command. */
async function onItsWay(runId: string): Promise<number> {
  const name = `memsched: launcher ${runId}`;
  const { pid = 0 } = spawn('perl', ['-e', '$0 = shift; sleep 600', name]);
  onTestFinished(() => {
    process.kill(pid, 'SIGKILL');
  });
  await until('it to take its name', () => isHelperName(wordsOf('/proc', pid), runId));
  return pid;
}

it('counts a task as alive that is on its way to its command', async () => {
  const pid = await onItsWay(RUN);
  expect(survivorsOf(diedWith(pid))).toEqual([{ task: 'a', pid }]);
});

it('does not count one that is on its way for another run', async () => {
  const pid = await onItsWay(`${RUN}f`);
  expect(survivorsOf(diedWith(pid))).toEqual([]);
});
