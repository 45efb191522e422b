import { describe, expect, test } from 'vitest';
import { queueLength } from '../../../src/core/queue.js';
import type { TaskSpec } from '../../../src/core/task-spec.js';
import { GiB, MiB } from '../../../src/util/bytes.js';
import { plainTask } from '../../sim/specs.js';
import { BUDGET, doings, Loop, of } from './loop.js';

/** A task that says what it needs, in GiB; the allowance of the tests' budget is 9 GiB. */
function needing(id: string, gib: number, spec: Partial<TaskSpec> = {}): TaskSpec {
  const memory = { requestBytes: gib * GiB, grow: { kind: 'none' } } as const;
  return plainTask(id, { memory, cpus: 0, ...spec });
}

/** The reason that the head of the queue is told to wait for, after it has waited long enough to be told. */
function waitsFor(loop: Loop): string | undefined {
  loop.launchAll();
  loop.tick({ afterMs: 600 });
  return of(loop, 'task-waits').at(-1)?.reason.kind;
}

describe('what fits is admitted', () => {
  test('as many as their claims allow, and the next says why it waits', () => {
    const loop = new Loop(['a', 'b', 'c', 'd'].map((id) => needing(id, 3)));
    expect(doings(loop.tick())).toEqual(['launch a', 'launch b', 'launch c']);
    expect(waitsFor(loop)).toBe('memory');
    expect(of(loop, 'task-waits')[0]?.reason).toEqual({
      kind: 'memory',
      estimate: { bytes: 3 * GiB, source: 'request', samples: 0 },
      claimedBytes: 9 * GiB,
      allowanceBytes: 9 * GiB,
    });
  });

  test('a running attempt counts with what it uses once that is more than expected', () => {
    const loop = new Loop([needing('a', 2), needing('b', 5)], { maxParallel: 1 });
    loop.tick();
    loop.launchAll({ use: { a: 5 * GiB } });
    loop.reconfigure({ maxParallel: 9 });
    expect(doings(loop.tick())).toEqual([]);
    expect(doings(loop.tick({ use: { a: 1 * GiB } }))).toEqual(['launch b']);
  });

  test('a dying attempt counts with what it still holds', () => {
    const loop = new Loop([needing('a', 8, { timeoutMs: 100 }), needing('b', 5)]);
    loop.tick();
    loop.launchAll({ use: { a: 6 * GiB } });
    expect(doings(loop.tick())).toEqual(['signal a SIGTERM']);
    expect(doings(loop.tick({ use: { a: 4 * GiB } }))).toEqual(['launch b']);
  });

  test('at most 32 in one tick', () => {
    const loop = new Loop(Array.from({ length: 40 }, (_, at) => needing(`t${at}`, 0.1)));
    expect(doings(loop.tick())).toHaveLength(32);
    expect(doings(loop.tick())).toHaveLength(8);
  });

  test('a smaller one behind passes the head while that is young', () => {
    const loop = new Loop([needing('a', 6), needing('b', 6), needing('c', 1)]);
    expect(doings(loop.tick())).toEqual(['launch a', 'launch c']);
    expect(of(loop, 'attempt-admitted').map(({ reason }) => reason.passed)).toEqual([0, 1]);
  });
});

describe('the progress rule', () => {
  test('lets the head in when nothing runs, whatever the numbers say, and says so', () => {
    const loop = new Loop([needing('a', 12), needing('b', 1)]);
    expect(doings(loop.tick())).toEqual(['launch a']);
    expect(of(loop, 'attempt-admitted')[0]?.reason.rule).toBe('progress');
  });

  test('holds in every level', () => {
    const loop = new Loop([needing('a', 1)]);
    expect(doings(loop.tick({ host: { usedBytes: 0.99 * BUDGET } }))).toEqual(['launch a']);
    expect(of(loop, 'attempt-admitted')[0]?.reason.rule).toBe('progress');
  });

  test('is not used for what fits', () => {
    const loop = new Loop([needing('a', 1)]);
    loop.tick();
    expect(of(loop, 'attempt-admitted')[0]?.reason.rule).toBe('fits');
  });

  test('does not cut a back-off short', () => {
    const loop = new Loop([
      needing('a', 1, { retries: { max: 1, on: [], delayMs: 5000, backoff: 1 } }),
    ]);
    loop.tick();
    loop.launchAll();
    expect(doings(loop.end('a', { kind: 'code', code: 1 }))).toEqual([]);
    expect(doings(loop.tick({ afterMs: 4900 }))).toEqual([]);
    expect(of(loop, 'task-waits').at(-1)?.reason.kind).toBe('back-off');
    expect(doings(loop.tick({ afterMs: 200 }))).toEqual(['launch a']);
  });
});

describe('tasks that back off', () => {
  const backOff = (delayMs: number): Partial<TaskSpec> => ({
    cpus: 0,
    retries: { max: 1, on: [], delayMs, backoff: 1 },
  });

  test('are passed without counting, and start once it is over', () => {
    const loop = new Loop([needing('a', 1, backOff(1000)), needing('b', 1, { cpus: 0 })], {
      maxParallel: 1,
    });
    loop.tick();
    loop.launchAll();
    expect(doings(loop.end('a', { kind: 'code', code: 1 }))).toEqual(['launch b']);
    expect(of(loop, 'attempt-admitted').at(-1)?.reason).toMatchObject({ rule: 'fits', passed: 0 });
    loop.launchAll();
    expect(doings(loop.end('b'))).toEqual([]);
    expect(doings(loop.tick({ afterMs: 1000 }))).toEqual(['launch a']);
  });

  test('are reported by the one whose back-off ends first when nothing else is left', () => {
    const loop = new Loop([needing('a', 1, backOff(9000)), needing('b', 1, backOff(5000))]);
    loop.tick();
    loop.launchAll();
    loop.end('a', { kind: 'code', code: 1 });
    loop.end('b', { kind: 'code', code: 1 });
    const untilMs = loop.nowMs + 5000;
    loop.tick({ afterMs: 600 });
    expect(of(loop, 'task-waits')).toMatchObject([
      { task: 'b', reason: { kind: 'back-off', untilMs } },
    ]);
  });

  test('are canceled with the run', () => {
    const loop = new Loop([needing('a', 1, backOff(9000))]);
    loop.tick();
    loop.launchAll();
    loop.end('a', { kind: 'code', code: 1 });
    loop.tick({ facts: [{ kind: 'stop-requested', signal: 'SIGTERM' }] });
    expect(loop.state.ended?.outcomes).toEqual({ canceled: 1 });
    expect(queueLength(loop.state.queue)).toBe(0);
  });
});

describe('why the head waits', () => {
  test('the level', () => {
    const loop = new Loop([needing('a', 1), needing('b', 1)], { maxParallel: 1 });
    loop.tick();
    loop.reconfigure({ maxParallel: 2 });
    loop.launchAll({ use: { a: 8.2 * GiB } });
    loop.tick({ afterMs: 600 });
    expect(of(loop, 'task-waits').at(-1)?.reason).toMatchObject({ kind: 'level', level: 'hold' });
  });

  test('max_parallel', () => {
    const loop = new Loop([needing('a', 1), needing('b', 1)], { maxParallel: 1 });
    expect(doings(loop.tick())).toEqual(['launch a']);
    expect(waitsFor(loop)).toBe('max-parallel');
  });

  test('processors that were declared', () => {
    const loop = new Loop([needing('a', 1, { cpus: 3 }), needing('b', 1, { cpus: 2 })], {
      cpus: 4,
    });
    expect(doings(loop.tick())).toEqual(['launch a']);
    expect(waitsFor(loop)).toBe('cpus');
  });

  test('a task without processors does not wait for them', () => {
    const loop = new Loop([needing('a', 1, { cpus: 4 }), needing('b', 1)], { cpus: 4 });
    expect(doings(loop.tick())).toEqual(['launch a', 'launch b']);
  });

  test('processors that are measured: a task that waits does not keep others waiting', () => {
    const loop = new Loop([needing('a', 1, { cpus: 'auto' }), needing('b', 1, { cpus: 'auto' })], {
      cpus: 1,
    });
    expect(doings(loop.tick())).toEqual(['launch a']);
    loop.launchAll({ use: { a: 1 } });
    expect(waitsFor(loop)).toBe('cpus');
    loop.control.memory.set('a', {
      ...loop.control.memory.get('a')!,
      cpu: { sinceMs: 0, cpuMs: 0, cpus: 0.05 },
    });
    expect(doings(loop.tick())).toEqual(['launch b']);
  });

  test('a named resource', () => {
    const gpu = (count: number): Partial<TaskSpec> => ({ resources: { gpu: count } });
    const loop = new Loop([needing('a', 1, gpu(2)), needing('b', 1, gpu(1))], {
      resources: { gpu: 2 },
    });
    expect(doings(loop.tick())).toEqual(['launch a']);
    expect(waitsFor(loop)).toBe('resource');
    loop.end('a');
    expect(loop.record('b').phase.kind).toBe('starting');
  });

  test('a concurrency group', () => {
    const net = { concurrency: 'net' };
    const loop = new Loop([needing('a', 1, net), needing('b', 1, net), needing('c', 1)], {
      groups: { net: 1 },
    });
    expect(doings(loop.tick())).toEqual(['launch a', 'launch c']);
    expect(waitsFor(loop)).toBe('concurrency');
    expect(of(loop, 'task-waits').at(-1)).toMatchObject({ task: 'b', reason: { limit: 1 } });
  });

  test('is not told within half a second, nor twice', () => {
    const loop = new Loop([needing('a', 1), needing('b', 1)], { maxParallel: 1 });
    loop.tick();
    for (let at = 0; at < 4; at += 1) loop.tick();
    expect(of(loop, 'task-waits')).toHaveLength(0);
    for (let at = 0; at < 20; at += 1) loop.tick();
    expect(of(loop, 'task-waits')).toHaveLength(1);
  });
});

describe('slow start', () => {
  const unknown = (id: string, group: string): TaskSpec =>
    plainTask(id, { cpus: 0, job: group, group });

  test('two of an unknown group at once', () => {
    const loop = new Loop(['a', 'b', 'c'].map((id) => unknown(id, 'g')));
    expect(doings(loop.tick())).toEqual(['launch a', 'launch b']);
    expect(waitsFor(loop)).toBe('slow-start');
  });

  test('four of unknown groups at once', () => {
    const strangers = ['a', 'b', 'c', 'd', 'e'].map((id) => unknown(id, id));
    const loop = new Loop(strangers, { overcommit: 2 });
    expect(doings(loop.tick())).toEqual(['launch a', 'launch b', 'launch c', 'launch d']);
    expect(waitsFor(loop)).toBe('slow-start');
  });

  test('a task that says what it needs passes', () => {
    const loop = new Loop([...['a', 'b', 'c'].map((id) => unknown(id, 'g')), needing('d', 1)]);
    expect(doings(loop.tick())).toEqual(['launch a', 'launch b', 'launch d']);
  });

  test('a pilot that has stood still for a while makes room', () => {
    const loop = new Loop(['a', 'b', 'c'].map((id) => ({ ...unknown(id, 'g'), preemptible: 1 })));
    loop.tick();
    loop.launchAll({ use: { a: 100 * MiB, b: 100 * MiB } });
    for (let at = 0; at < 14; at += 1) expect(doings(loop.tick())).toEqual([]);
    expect(doings(loop.tick())).toEqual(['launch c']);
  });

  test('but only after a minute where nothing could stop it', () => {
    const loop = new Loop(['a', 'b', 'c'].map((id) => unknown(id, 'g')));
    loop.tick();
    loop.launchAll({ use: { a: 100 * MiB, b: 100 * MiB } });
    expect(doings(loop.tick({ afterMs: 59_000 }))).toEqual([]);
    expect(doings(loop.tick({ afterMs: 1000 }))).toEqual(['launch c']);
  });

  test('once two of a group have finished, its claims alone decide', () => {
    const loop = new Loop(Array.from({ length: 9 }, (_, at) => unknown(`t${at}`, 'g')));
    loop.tick();
    loop.launchAll();
    loop.end('t0', undefined, { peakBytes: 1 * GiB });
    const second = loop.end('t1', undefined, { peakBytes: 1 * GiB });
    expect(loop.state.live.size).toBe(7);
    expect(doings(second).length).toBeGreaterThan(1);
  });
});
