import { describe, expect, test } from 'vitest';
import { evolve } from '../../../src/core/evolve.js';
import { everyoneInOrder } from '../../../src/core/queue.js';
import { emptyRunState, type RunState } from '../../../src/core/run-state.js';
import type { TaskSpec } from '../../../src/core/task-spec.js';
import { plainTask } from '../../sim/specs.js';
import { doings, Loop, of } from './loop.js';

function loopOf(...specs: TaskSpec[]): Loop {
  return new Loop(specs.map((spec) => ({ ...spec, cpus: 0 })));
}

const fail = { kind: 'code', code: 1 } as const;

/** Runs everything to its end; the named tasks fail. Returns the outcomes by task. */
function outcomes(loop: Loop, failing: readonly string[]): Record<string, string | undefined> {
  for (let at = 0; at < 50 && loop.state.ended === undefined; at += 1) {
    loop.tick();
    loop.launchAll();
    const [id] = [...loop.state.live.keys()];
    if (id !== undefined) loop.end(id, failing.includes(id) ? fail : undefined);
  }
  return Object.fromEntries([...loop.state.tasks.keys()].map((id) => [id, loop.outcome(id)]));
}

describe('needs', () => {
  test('are waited for, all tasks of all of them', () => {
    const loop = loopOf(
      plainTask('a.1', { job: 'a' }),
      plainTask('a.2', { job: 'a' }),
      plainTask('b', { needs: ['a'] }),
    );
    expect(doings(loop.tick())).toEqual(['launch a.1', 'launch a.2']);
    loop.launchAll();
    expect(doings(loop.end('a.1'))).toEqual([]);
    expect(doings(loop.end('a.2'))).toEqual(['launch b']);
  });

  test('may stand after what needs them in the jobfile', () => {
    const loop = loopOf(plainTask('b', { needs: ['a'] }), plainTask('a'));
    expect(doings(loop.tick())).toEqual(['launch a']);
    loop.launchAll();
    expect(doings(loop.end('a'))).toEqual(['launch b']);
  });

  test('that did not succeed skip what needs them, and what needs that', () => {
    const loop = loopOf(
      plainTask('a'),
      plainTask('b', { needs: ['a'] }),
      plainTask('c', { needs: ['b'] }),
      plainTask('d'),
    );
    expect(outcomes(loop, ['a'])).toEqual({
      a: 'failed',
      b: 'skipped',
      c: 'skipped',
      d: 'succeeded',
    });
    expect(of(loop, 'task-finished').flatMap(({ skipped }) => skipped ?? [])).toEqual([
      { kind: 'need-did-not-succeed', job: 'a' },
      { kind: 'need-did-not-succeed', job: 'b' },
    ]);
  });

  test('one failed row of a matrix is enough', () => {
    const loop = loopOf(
      plainTask('a.1', { job: 'a' }),
      plainTask('a.2', { job: 'a' }),
      plainTask('b', { needs: ['a'] }),
    );
    expect(outcomes(loop, ['a.1'])).toMatchObject({ 'a.2': 'succeeded', b: 'skipped' });
  });

  test('with when: always it runs although a need failed or was skipped', () => {
    const loop = loopOf(
      plainTask('a'),
      plainTask('b', { needs: ['a'] }),
      plainTask('report', { needs: ['a', 'b'], when: 'always' }),
      plainTask('after', { needs: ['report'] }),
    );
    expect(outcomes(loop, ['a'])).toEqual({
      a: 'failed',
      b: 'skipped',
      report: 'succeeded',
      after: 'succeeded',
    });
  });

  test('a diamond runs once', () => {
    const loop = loopOf(
      plainTask('a'),
      plainTask('b', { needs: ['a'] }),
      plainTask('c', { needs: ['a'] }),
      plainTask('d', { needs: ['b', 'c'] }),
    );
    expect(outcomes(loop, [])).toEqual({
      a: 'succeeded',
      b: 'succeeded',
      c: 'succeeded',
      d: 'succeeded',
    });
    expect(of(loop, 'attempt-admitted')).toHaveLength(4);
  });

  test('a need that is retried is waited for', () => {
    const retries = { max: 1, on: [], delayMs: 0, backoff: 1 };
    const loop = loopOf(plainTask('a', { retries }), plainTask('b', { needs: ['a'] }));
    loop.tick();
    loop.launchAll();
    expect(doings(loop.end('a', fail))).toEqual(['launch a']);
    loop.launchAll();
    expect(doings(loop.end('a'))).toEqual(['launch b']);
  });

  test('the whole chain is canceled with its run, each task once', () => {
    const loop = loopOf(
      plainTask('c', { needs: ['b'] }),
      plainTask('b', { needs: ['a'] }),
      plainTask('a'),
      plainTask('d', { needs: ['b'], when: 'always' }),
    );
    loop.tick();
    loop.launchAll();
    loop.tick({ facts: [{ kind: 'stop-requested', signal: 'SIGTERM' }] });
    loop.end('a', { kind: 'signal', signal: 'SIGTERM' });
    expect(loop.state.ended?.outcomes).toEqual({ canceled: 4 });
    expect(of(loop, 'task-finished')).toHaveLength(4);
  });

  test('named twice are waited for once', () => {
    const loop = loopOf(
      plainTask('a'),
      plainTask('b'),
      plainTask('c', { needs: ['a', 'b', 'a', 'b'] }),
    );
    loop.tick();
    loop.launchAll();
    expect(doings(loop.end('a'))).toEqual([]);
    expect(doings(loop.end('b'))).toEqual(['launch c']);
  });

  test('that broke are named in the order of the jobfile, not of their ends', () => {
    const loop = loopOf(plainTask('a'), plainTask('b'), plainTask('c', { needs: ['a', 'b'] }));
    loop.tick();
    loop.launchAll();
    loop.end('b', fail);
    expect(of(loop.end('a', fail), 'task-finished').at(-1)).toMatchObject({
      task: 'c',
      skipped: { kind: 'need-did-not-succeed', job: 'a' },
    });
  });
});

describe('planning', () => {
  /** The state after these tasks were planned (a spec) and ended well (a name), in that order. */
  function stateAfter(...steps: (TaskSpec | string)[]): RunState {
    const state = emptyRunState();
    for (const [index, step] of steps.entries()) {
      evolve(
        state,
        typeof step === 'string'
          ? { kind: 'task-finished', tMs: 0, task: step, outcome: 'succeeded' }
          : { kind: 'task-planned', tMs: 0, spec: { ...step, index } },
      );
    }
    return state;
  }

  function free(state: RunState): string[] {
    return everyoneInOrder(state.queue).map(({ spec }) => spec.id);
  }

  test('a need after the first of its tasks has ended: it is waited for again', () => {
    const b = plainTask('b', { needs: ['a', 'c'] });
    const a2 = plainTask('a.2', { job: 'a' });
    const steps = [plainTask('a.1', { job: 'a' }), plainTask('c'), b, 'a.1', a2, 'c'];
    expect(free(stateAfter(...steps))).toEqual(['a.2']);
    expect(free(stateAfter(...steps, 'a.2'))).toEqual(['b']);
  });

  test('a need after another one has ended: it is waited for', () => {
    const b = plainTask('b', { needs: ['a', 'c'] });
    expect(free(stateAfter(b, plainTask('c'), 'c'))).toEqual([]);
    expect(free(stateAfter(b, plainTask('c'), 'c', plainTask('a')))).toEqual(['a']);
    expect(free(stateAfter(b, plainTask('c'), 'c', plainTask('a'), 'a'))).toEqual(['b']);
  });

  test('a task after its needs have ended: it is free at once', () => {
    const b1 = plainTask('b.1', { job: 'b', needs: ['a'] });
    const b2 = plainTask('b.2', { job: 'b', needs: ['a'] });
    expect(free(stateAfter(plainTask('a'), 'a', b1))).toEqual(['b.1']);
    expect(free(stateAfter(plainTask('a'), b1, 'a', b2))).toEqual(['b.1', 'b.2']);
  });

  test('another task of a need that had ended frees nobody twice', () => {
    const b = plainTask('b', { needs: ['a'] });
    const a2 = plainTask('a.2', { job: 'a' });
    const state = stateAfter(plainTask('a.1', { job: 'a' }), b, 'a.1', a2, 'a.2');
    expect(free(state)).toEqual(['b']);
  });
});

test('the end of a need is looked at once by each job that needs it', () => {
  const width = 20_000;
  const names = Array.from({ length: width }, (_, at) => `n${at}`);
  let asked = 0;
  const needs = new Proxy(names, {
    get(target, key, receiver): unknown {
      asked += 1;
      return Reflect.get(target, key, receiver);
    },
  });
  const state = emptyRunState();
  for (const [index, name] of names.entries())
    evolve(state, { kind: 'task-planned', tMs: 0, spec: { ...plainTask(name), index } });
  const sink = { ...plainTask('sink', { needs }), index: width };
  evolve(state, { kind: 'task-planned', tMs: 0, spec: sink });
  for (const task of names)
    evolve(state, { kind: 'task-finished', tMs: 0, task, outcome: 'succeeded' });
  expect(everyoneInOrder(state.queue).map(({ spec }) => spec.id)).toEqual(['sink']);
  // Once when it is planned, once when it is freed; an array is asked twice or so for each of its entries.
  expect(asked).toBeLessThan(8 * width);
});
