import { describe, expect, test } from 'vitest';
import type { Fact } from '../../../src/core/observation.js';
import type { RunConfig, TaskSpec } from '../../../src/core/task-spec.js';
import { GiB, MiB } from '../../../src/util/bytes.js';
import { plainTask } from '../../sim/specs.js';
import { doings, Loop, of } from './loop.js';

const INT: Fact = { kind: 'stop-requested', signal: 'SIGINT' };

/** Tasks that run, each with so much memory that the next does not fit in with them. */
function running(
  ids: readonly string[],
  spec: Partial<TaskSpec> = {},
  config: Partial<RunConfig> = {},
): Loop {
  const memory = { requestBytes: 1 * GiB, grow: { kind: 'none' } } as const;
  const loop = new Loop(
    ids.map((id) => plainTask(id, { memory, cpus: 0, ...spec })),
    config,
  );
  loop.tick();
  loop.launchAll({ use: Object.fromEntries(ids.map((id) => [id, 10 * MiB])) });
  return loop;
}

describe('the time limit', () => {
  test('asks, then kills; the task has timed out', () => {
    const loop = running(['a'], { timeoutMs: 1000 });
    expect(doings(loop.tick({ afterMs: 900 }))).toEqual([]);
    expect(doings(loop.tick())).toEqual(['signal a SIGTERM']);
    expect(doings(loop.tick({ afterMs: 5000 }))).toEqual(['kill a']);
    expect(of(loop, 'attempt-killed')[0]?.because).toBe('grace-over');
    loop.end('a', { kind: 'signal', signal: 'SIGKILL' });
    expect(loop.outcome('a')).toBe('timed-out');
  });

  test('kills at once when there is no grace', () => {
    const onPreempt = { signal: 'SIGTERM', graceMs: 0 } as const;
    const loop = running(['a'], { timeoutMs: 1000, onPreempt });
    expect(doings(loop.tick({ afterMs: 1000 }))).toEqual(['kill a']);
    expect(of(loop, 'attempt-killed')[0]?.because).toBe('grace-over');
  });

  test('does not take back a success', () => {
    const loop = running(['a'], { timeoutMs: 1000 });
    loop.tick({ afterMs: 990, facts: [loop.exited('a')] });
    expect(doings(loop.tick({ afterMs: 20 }))).toEqual([]);
    loop.tick({ facts: [loop.emptied('a')] });
    expect(loop.outcome('a')).toBe('succeeded');
  });
});

describe('an attempt that is stopped before it has started', () => {
  function onItsWay(spec: Partial<TaskSpec> = {}): Loop {
    const loop = new Loop([plainTask('a', spec)]);
    loop.tick();
    return loop;
  }

  test('is asked as soon as it has, and not before', () => {
    const loop = onItsWay();
    expect(doings(loop.tick({ facts: [INT] }))).toEqual([]);
    expect(loop.record('a').phase.kind).toBe('stopping');
    expect(doings(loop.launchOne('a'))).toEqual(['signal a SIGTERM']);
    loop.end('a', { kind: 'signal', signal: 'SIGTERM' });
    expect(loop.outcome('a')).toBe('canceled');
  });

  test('is killed at once, and again as it starts', () => {
    const loop = onItsWay({ onPreempt: { signal: 'SIGTERM', graceMs: 0 } });
    expect(doings(loop.tick({ facts: [INT] }))).toEqual(['kill a']);
    expect(doings(loop.launchOne('a'))).toEqual(['kill a']);
  });

  test('is killed as it starts when its grace is over by then', () => {
    const loop = onItsWay({ onPreempt: { signal: 'SIGTERM', graceMs: 500 } });
    loop.tick({ facts: [INT] });
    expect(doings(loop.tick({ afterMs: 500 }))).toEqual(['kill a']);
    expect(doings(loop.launchOne('a'))).toEqual(['kill a']);
  });

  test('is asked with its own signal when it was to be preempted', () => {
    const spec: Partial<TaskSpec> = {
      preemptible: 1,
      onPreempt: { signal: 'SIGUSR1', graceMs: 500 },
      memory: { requestBytes: 100 * MiB, grow: { kind: 'none' } },
    };
    const loop = new Loop([plainTask('big'), plainTask('a', spec)]);
    loop.tick();
    loop.launchOne('big');
    loop.tick({ afterMs: 60_000, use: { big: 9.2 * GiB } });
    loop.tick({ afterMs: 400 });
    expect(of(loop, 'attempt-stopping')).toMatchObject([{ task: 'a' }]);
    expect(doings(loop.launchOne('a'))).toEqual(['signal a SIGUSR1']);
  });

  test('that never starts is over with its failure', () => {
    const loop = onItsWay();
    loop.tick({ facts: [INT] });
    loop.tick({
      facts: [{ kind: 'launch-failed', task: 'a', attempt: 1, fault: { error: 'no' } }],
    });
    expect(loop.state.ended).toBeDefined();
  });
});

describe('an attempt whose end cannot be known', () => {
  test('is lost, and runs again', () => {
    const loop = running(['a']);
    loop.end('a', { kind: 'unknown', why: 'the helper died' });
    expect(of(loop, 'attempt-ended')[0]?.verdict).toEqual({ kind: 'lost', why: 'the helper died' });
    expect(loop.record('a')).toMatchObject({ bystanderKills: 1, retries: 0 });
    expect(of(loop, 'task-requeued')[0]?.cause).toEqual({ kind: 'bystander', times: 1 });
  });
});

describe('what an attempt leaves behind', () => {
  test('is killed after 50 ms, and the attempt ended as its main process did', () => {
    const loop = running(['a']);
    expect(doings(loop.tick({ facts: [loop.exited('a')] }))).toEqual([]);
    expect(doings(loop.tick({ afterMs: 40 }))).toEqual([]);
    expect(doings(loop.tick({ afterMs: 10 }))).toEqual(['kill a']);
    loop.tick({ facts: [loop.emptied('a')] });
    expect(loop.outcome('a')).toBe('succeeded');
    expect(of(loop, 'attempt-killed')[0]?.because).toBe('left-behind');
  });

  test('is killed again every tick once a second has passed', () => {
    const loop = running(['a']);
    loop.tick({ facts: [loop.exited('a')] });
    expect(doings(loop.tick())).toEqual(['kill a']);
    expect(doings(loop.tick({ afterMs: 900 }))).toEqual([]);
    expect(doings(loop.tick())).toEqual(['kill a']);
    expect(doings(loop.tick())).toEqual(['kill a']);
    expect(of(loop, 'attempt-killed')).toHaveLength(1);
  });

  test('keeps its grace when the attempt is being stopped: a shell dies before what it started', () => {
    const loop = running(['a'], { timeoutMs: 1000 });
    loop.tick({ afterMs: 1000 });
    loop.tick({ facts: [loop.exited('a', { kind: 'signal', signal: 'SIGTERM' })] });
    expect(doings(loop.tick({ afterMs: 4800 }))).toEqual([]);
    expect(doings(loop.tick())).toEqual(['kill a']);
  });
});

describe('an attempt that will not die', () => {
  test('is called stuck after ten seconds, once, and its memory no longer counts as freed', () => {
    const loop = running(['a', 'b'], { timeoutMs: 1000 });
    loop.tick({ afterMs: 1000 });
    loop.tick({ afterMs: 5000 });
    loop.tick({ afterMs: 9900 });
    expect(of(loop, 'attempt-stuck')).toHaveLength(0);
    for (let at = 0; at < 5; at += 1) loop.tick();
    expect(of(loop, 'attempt-stuck').map(({ task, usedBytes }) => [task, usedBytes])).toEqual([
      ['a', 10 * MiB],
      ['b', 10 * MiB],
    ]);
  });

  test('lifts the brake while it dies, and gets it back when it is stuck', () => {
    const loop = running(['a'], { timeoutMs: 1000 });
    const high = (): unknown => loop.control.tree?.highBytes;
    const { actions } = loop.tick({ afterMs: 1000 });
    expect(actions.map(({ kind }) => kind)).toEqual(['signal']);
    expect(high()).toBe('max');
    loop.tick({ afterMs: 5000 });
    expect(high()).toBe('max');
    loop.tick({ afterMs: 10_000 });
    loop.tick();
    expect(high()).not.toBe('max');
  });
});

describe('a signal from the user', () => {
  test('asks everyone, starts nobody, and cancels what waits', () => {
    const loop = running(['a', 'b', 'c'], {}, { maxParallel: 2 });
    expect(doings(loop.tick({ facts: [INT] }))).toEqual(['signal a SIGTERM', 'signal b SIGTERM']);
    expect(loop.outcome('c')).toBe('canceled');
    loop.end('a', { kind: 'signal', signal: 'SIGTERM' });
    expect(loop.outcome('a')).toBe('canceled');
    expect(loop.state.ended).toBeUndefined();
    loop.end('b', { kind: 'code', code: 0 });
    expect(loop.state.ended).toMatchObject({ stoppedBy: 'SIGINT', outcomes: { canceled: 3 } });
  });

  test('a second one kills', () => {
    const loop = running(['a', 'b']);
    loop.tick({ facts: [INT] });
    expect(doings(loop.tick({ facts: [INT] }))).toEqual(['kill a', 'kill b']);
    expect(of(loop, 'attempt-killed')[0]?.because).toBe('second-signal');
  });

  test('two at once kill too', () => {
    const loop = running(['a']);
    expect(doings(loop.tick({ facts: [INT, INT] }))).toEqual(['signal a SIGTERM', 'kill a']);
  });

  test('does not take back a success whose enclosure is still emptying', () => {
    const loop = running(['a']);
    loop.tick({ facts: [loop.exited('a')] });
    loop.tick({ afterMs: 10, facts: [INT] });
    loop.tick({ facts: [loop.emptied('a')] });
    expect(loop.outcome('a')).toBe('succeeded');
  });

  test('means no retry', () => {
    const loop = running(['a', 'b'], { retries: { max: 3, on: [], delayMs: 0, backoff: 1 } });
    loop.tick({ facts: [loop.exited('a', { kind: 'code', code: 1 }), INT] });
    loop.tick({ facts: [loop.emptied('a')] });
    expect(loop.outcome('a')).toBe('failed');
    expect(loop.outcome('b')).toBeUndefined();
  });
});

describe('halt', () => {
  const failing = (halt: RunConfig['halt']): Loop => {
    const loop = running(['a', 'b', 'c', 'd'], {}, { halt, maxParallel: 3 });
    loop.end('a', { kind: 'code', code: 1 });
    return loop;
  };

  test('never: the rest goes on', () => {
    expect(failing({ kind: 'never' }).state.halted).toBeUndefined();
  });

  test('soon: those that run may finish, the others are skipped', () => {
    const loop = failing({ kind: 'soon', threshold: { kind: 'count', failures: 1 } });
    expect(loop.outcome('d')).toBe('skipped');
    expect(of(loop, 'attempt-stopping')).toEqual([]);
    loop.end('b');
    loop.end('c');
    expect(loop.state.ended?.outcomes).toEqual({ failed: 1, skipped: 1, succeeded: 2 });
  });

  test('now: those that run are stopped, too', () => {
    const loop = failing({ kind: 'now', threshold: { kind: 'count', failures: 1 } });
    expect(of(loop, 'attempt-stopping').map(({ task }) => task)).toEqual(['b', 'c']);
    loop.end('b', { kind: 'signal', signal: 'SIGTERM' });
    expect(loop.outcome('b')).toBe('canceled');
  });

  test('a share counts against all tasks', () => {
    const halt = (pct: number): RunConfig['halt'] => ({
      kind: 'soon',
      threshold: { kind: 'share', pct },
    });
    expect(failing(halt(26)).state.halted).toBeUndefined();
    expect(failing(halt(25)).state.halted).toEqual({ mode: 'soon', failures: 1 });
  });
});

describe('an attempt that could not be started', () => {
  test('has failed, says why, and frees what it held', () => {
    const loop = new Loop([plainTask('a', { resources: { gpu: 1 } })], { resources: { gpu: 1 } });
    loop.tick();
    const failed: Fact = {
      kind: 'launch-failed',
      task: 'a',
      attempt: 1,
      fault: { error: 'no such file' },
    };
    loop.tick({ facts: [failed] });
    expect(loop.outcome('a')).toBe('failed');
    expect(of(loop, 'attempt-ended')[0]?.verdict).toEqual({
      kind: 'could-not-start',
      error: 'no such file',
    });
    expect(loop.state.inUse.resources.get('gpu')).toBe(0);
  });
});
