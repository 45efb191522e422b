import { describe, expect, test } from 'vitest';
import type { Command, CommandReply } from '../../../src/core/command.js';
import type { Decision } from '../../../src/core/decide.js';
import type { Fact } from '../../../src/core/observation.js';
import { queueLength } from '../../../src/core/queue.js';
import { plainConfig, plainTask } from '../../sim/specs.js';
import { doings, Loop, of } from './loop.js';

const OWN = { memory: { requestBytes: 2 ** 20, grow: { kind: 'none' } } } as const;
const preemptible = {
  ...OWN,
  preemptible: 4,
  retries: { max: 5, on: [], delayMs: 500, backoff: 1 },
} as const;

function told(command: Command, id = 1): { facts: Fact[] } {
  return { facts: [{ kind: 'commanded', id, command }] };
}

function answers({ actions }: Decision): CommandReply[] {
  return actions.flatMap((action) => (action.kind === 'answer' ? [action.reply] : []));
}

describe('a run that is held', () => {
  test('starts nothing, says why, and goes on at once when it is released', () => {
    const loop = new Loop([plainTask('a', OWN), plainTask('b', OWN)], { maxParallel: 1 });
    loop.launchAll();
    loop.launchAll();
    const held = loop.tick(told({ kind: 'hold' }));
    expect(answers(held)).toEqual([{ kind: 'run-held', isNews: true, live: 1 }]);
    expect(loop.outcome('a')).toBeUndefined();
    loop.end('a');
    for (let at = 0; at < 20; at += 1) loop.tick({ afterMs: 1000 });
    expect(loop.state.live.size).toBe(0);
    expect(loop.state.ended).toBeUndefined();
    expect(of(loop, 'task-waits').map(({ reason }) => reason)).toContainEqual({
      kind: 'held',
      of: 'run',
    });
    expect(answers(loop.tick(told({ kind: 'hold' })))).toEqual([
      { kind: 'run-held', isNews: false, live: 0 },
    ]);
    const released = loop.tick(told({ kind: 'release' }));
    expect(doings(released)).toEqual(['launch b']);
    expect(answers(released)).toEqual([{ kind: 'run-released', isNews: true, queued: 1 }]);
    expect(of(loop, 'run-held')).toHaveLength(1);
  });

  test('has nothing to be held once it is being stopped', () => {
    const loop = new Loop([plainTask('a', OWN)]);
    loop.launchAll();
    loop.launchAll();
    loop.tick({ facts: [{ kind: 'stop-requested', signal: 'SIGINT' }] });
    const said = loop.tick(told({ kind: 'hold' }));
    expect(answers(said)).toEqual([{ kind: 'run-is-ending' }]);
  });
});

describe('a task that is held', () => {
  test('lets the others past and starts when it is released', () => {
    const loop = new Loop([plainTask('a', OWN), plainTask('b', OWN)]);
    const first = loop.tick(told({ kind: 'hold', task: 'a' }));
    expect(doings(first)).toEqual(['launch b']);
    expect(queueLength(loop.state.queue)).toBe(1);
    loop.launchAll();
    loop.end('b');
    for (let at = 0; at < 5; at += 1) loop.tick({ afterMs: 1000 });
    expect(of(loop, 'task-waits').at(-1)).toMatchObject({
      task: 'a',
      reason: { kind: 'held', of: 'task' },
    });
    expect(doings(loop.tick(told({ kind: 'release', task: 'a' })))).toEqual(['launch a']);
  });

  test('goes on when it runs, and waits when it has to run again', () => {
    const loop = new Loop([plainTask('a', preemptible)]);
    loop.launchAll();
    loop.launchAll();
    expect(answers(loop.tick(told({ kind: 'hold', task: 'a' })))).toEqual([
      { kind: 'task-held', isNews: true, task: 'a', isLive: true },
    ]);
    loop.end('a', { kind: 'code', code: 1 });
    for (let at = 0; at < 5; at += 1) loop.tick({ afterMs: 1000 });
    expect(loop.record('a')).toMatchObject({ attempts: 1, phase: { kind: 'queued' } });
    expect(doings(loop.tick(told({ kind: 'release', task: 'a' })))).toEqual(['launch a']);
  });

  test('keeps its back-off when it is released in the middle of it', () => {
    const loop = new Loop([plainTask('a', preemptible)]);
    loop.launchAll();
    loop.launchAll();
    loop.end('a', { kind: 'code', code: 1 });
    loop.tick({ ...told({ kind: 'hold', task: 'a' }), afterMs: 10 });
    expect(doings(loop.tick({ ...told({ kind: 'release', task: 'a' }), afterMs: 10 }))).toEqual([]);
    expect(doings(loop.tick({ afterMs: 1000 }))).toEqual(['launch a']);
  });

  test('is held before its needs are finished', () => {
    const loop = new Loop([plainTask('a', OWN), plainTask('b', { ...OWN, needs: ['a'] })]);
    loop.tick(told({ kind: 'hold', task: 'b' }));
    loop.launchAll();
    expect(doings(loop.end('a'))).toEqual([]);
    expect(loop.state.queue.held.size).toBe(1);
  });

  test('is one that there is', () => {
    const loop = new Loop([plainTask('a', OWN)]);
    loop.launchAll();
    loop.launchAll();
    expect(answers(loop.tick(told({ kind: 'hold', task: 'x' })))).toEqual([
      { kind: 'no-such-task', task: 'x' },
    ]);
  });
});

describe('a task that is canceled', () => {
  test('is done with at once when it was queued, and those that need it are skipped', () => {
    const loop = new Loop([plainTask('a', OWN), plainTask('b', { ...OWN, needs: ['a'] })]);
    const said = loop.tick(told({ kind: 'cancel', task: 'a' }));
    expect(answers(said)).toEqual([{ kind: 'task-canceled', task: 'a' }]);
    expect([loop.outcome('a'), loop.outcome('b')]).toEqual(['canceled', 'skipped']);
    expect(loop.state.ended).toMatchObject({ outcomes: { canceled: 1, skipped: 1 } });
  });

  test('is asked when it runs, killed after its grace, and not tried again', () => {
    const loop = new Loop([plainTask('a', preemptible)]);
    loop.launchAll();
    loop.launchAll();
    const said = loop.tick(told({ kind: 'cancel', task: 'a' }));
    expect(doings(said)).toEqual(['signal a SIGTERM']);
    expect(answers(said)).toEqual([
      { kind: 'task-stopping', task: 'a', attempt: 1, graceMs: 5000 },
    ]);
    expect(doings(loop.tick({ afterMs: 5000 }))).toEqual(['kill a']);
    loop.end('a', { kind: 'signal', signal: 'SIGKILL' });
    expect(loop.outcome('a')).toBe('canceled');
    expect(of(loop, 'attempt-ended')[0]?.verdict).toEqual({ kind: 'canceled', by: 'command' });
  });

  test('is killed at once the second time', () => {
    const loop = new Loop([plainTask('a', preemptible)]);
    loop.launchAll();
    loop.launchAll();
    loop.tick(told({ kind: 'cancel', task: 'a' }));
    const again = loop.tick(told({ kind: 'cancel', task: 'a' }));
    expect(doings(again)).toEqual(['kill a']);
    expect(of(again, 'attempt-killed')[0]?.because).toBe('second-signal');
  });

  test('is killed as soon as it can be reached when it was on its way', () => {
    const loop = new Loop([plainTask('a', preemptible)]);
    loop.tick();
    loop.tick(told({ kind: 'cancel', task: 'a' }));
    expect(doings(loop.launchOne('a'))).toEqual(['signal a SIGTERM']);
  });

  test('is not canceled when it is finished, and the others go on', () => {
    const loop = new Loop([plainTask('a', OWN), plainTask('b', OWN)]);
    loop.launchAll();
    loop.launchAll();
    loop.end('a');
    expect(answers(loop.tick(told({ kind: 'cancel', task: 'a' })))).toEqual([
      { kind: 'task-is-finished', task: 'a', outcome: 'succeeded' },
    ]);
  });
});

test('a run that is canceled ends in order, and as by SIGTERM', () => {
  const loop = new Loop([plainTask('a', OWN), plainTask('b', OWN)], { maxParallel: 1 });
  loop.launchAll();
  loop.launchAll();
  const said = loop.tick(told({ kind: 'cancel' }));
  expect(answers(said)).toEqual([{ kind: 'run-stopping', live: 1, times: 1 }]);
  expect(doings(said)).toEqual(['signal a SIGTERM']);
  expect(doings(loop.tick(told({ kind: 'cancel' })))).toEqual(['kill a']);
  loop.end('a', { kind: 'signal', signal: 'SIGKILL' });
  expect(loop.state.ended).toMatchObject({ outcomes: { canceled: 2 }, stoppedBy: 'SIGTERM' });
  expect(of(loop, 'task-finished').map(({ skipped }) => skipped)).toContainEqual({
    kind: 'canceled',
    of: 'run',
  });
});

describe('what is set', () => {
  test('holds from the same tick on', () => {
    const loop = new Loop([plainTask('a', OWN), plainTask('b', OWN)], { maxParallel: 1 });
    loop.launchAll();
    loop.launchAll();
    const config = plainConfig({ maxParallel: 2 });
    const said = loop.tick(
      told({ kind: 'set', key: 'max_parallel', before: '1', after: '2', config }),
    );
    expect(doings(said)).toEqual(['launch b']);
    expect(answers(said)).toEqual([
      { kind: 'config-changed', isNews: true, key: 'max_parallel', before: '1', after: '2' },
    ]);
    expect(of(said, 'config-changed')).toHaveLength(1);
  });

  test('reaches the host when it is the budget', () => {
    const loop = new Loop([plainTask('a', OWN)]);
    const config = plainConfig({ budget: { kind: 'bytes', bytes: 2 ** 30 } });
    const said = loop.tick(
      told({ kind: 'set', key: 'budget', before: 'auto', after: '1G', config }),
    );
    expect(doings(said)).toContain('set-budget');
  });

  test('is no news when it is so already', () => {
    const loop = new Loop([plainTask('a', OWN)]);
    const said = loop.tick(
      told({ kind: 'set', key: 'hold', before: '80%', after: '80%', config: plainConfig() }),
    );
    expect(answers(said)).toMatchObject([{ kind: 'config-changed', isNews: false }]);
    expect(of(said, 'config-changed')).toEqual([]);
  });
});
