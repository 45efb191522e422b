import { describe, expect, test } from 'vitest';
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
});
