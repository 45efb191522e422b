import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../src/core/observation.js';
import { evolve } from '../../../src/core/evolve.js';
import { emptyRunState, isMoreToCome } from '../../../src/core/run-state.js';
import type { RunConfig } from '../../../src/core/task-spec.js';
import { plainConfig, plainTask } from '../../sim/specs.js';
import { started } from '../journal/events.js';
import { doings, Loop, of } from './loop.js';

const arrival = (...ids: string[]): Fact => ({
  kind: 'tasks-arrived',
  tasks: ids.map((id) => plainTask(id, { job: 'map', index: Number(id), cpus: 0 })),
});
const END: Fact = { kind: 'source-ended' };

function streaming(config: Partial<RunConfig> = {}): Loop {
  const loop = new Loop([], { maxParallel: 4, ...config });
  evolve(loop.state, { ...started, config: plainConfig(config), isStreaming: true, tasks: 0 });
  return loop;
}

function run(loop: Loop, ...ids: string[]): void {
  loop.tick({ facts: [arrival(...ids)] });
  loop.launchAll();
}

describe('a run whose tasks come while it goes on', () => {
  it('does not end before they have all come', () => {
    const loop = streaming();
    expect(loop.tick().events.map(({ kind }) => kind)).not.toContain('run-ended');
    run(loop, '1');
    expect(of(loop.end('1'), 'run-ended')).toEqual([]);
    expect(of(loop.tick({ facts: [END] }), 'run-ended')).toHaveLength(1);
  });

  it('starts them as they come', () => {
    const loop = streaming();
    expect(doings(loop.tick({ facts: [arrival('1')] }))).toEqual(['launch 1']);
    expect(doings(loop.tick({ facts: [arrival('2')] }))).toEqual(['launch 2']);
    expect(loop.state.counts.planned).toBe(2);
  });

  it('takes no more when it is stopped, and ends when the last one has', () => {
    const loop = streaming();
    run(loop, '1');
    loop.tick({ facts: [{ kind: 'stop-requested', signal: 'SIGINT' }, arrival('2')] });
    expect(loop.state.counts.planned).toBe(1);
    expect(of(loop.end('1'), 'run-ended')).toHaveLength(1);
  });

  it('takes no more when it is halted', () => {
    const loop = streaming({ halt: { kind: 'soon', threshold: { kind: 'count', failures: 1 } } });
    run(loop, '1');
    const end = loop.end('1', { kind: 'code', code: 1 });
    expect(of(end, 'halted')).toHaveLength(1);
    expect(of(end, 'run-ended')).toHaveLength(1);
  });

  it('judges a share of them by three failures at least, until all are known', () => {
    const loop = streaming({ halt: { kind: 'soon', threshold: { kind: 'share', pct: 50 } } });
    run(loop, '1', '2');
    loop.launchAll();
    loop.end('1', { kind: 'code', code: 1 });
    loop.launchAll();
    expect(of(loop.end('2', { kind: 'code', code: 1 }), 'halted')).toEqual([]);
    expect(of(loop.tick({ facts: [END] }), 'halted')).toHaveLength(1);
  });

  it('tells why no more come', () => {
    const loop = streaming();
    loop.tick({ facts: [{ kind: 'source-ended', problem: 'the pipe is broken' }] });
    expect(loop.state.source).toEqual({ kind: 'ended', problem: 'the pipe is broken' });
    expect(loop.state.ended).toBeDefined();
  });
});

describe('finished tasks of such a run', () => {
  const MANY = 20_000;
  const FAILED = new Set(['17', '18000']);

  function long(pinned: readonly string[] = []) {
    const state = emptyRunState(new Set(pinned));
    evolve(state, { ...started, isStreaming: true });
    for (let at = 0; at < MANY; at += 1) {
      const task = String(at);
      evolve(state, {
        kind: 'task-planned',
        tMs: at,
        spec: plainTask(task, { job: 'map', index: at }),
      });
      const outcome = FAILED.has(task) ? 'failed' : 'succeeded';
      evolve(state, { kind: 'task-finished', tMs: at, task, outcome });
    }
    return state;
  }

  it('are let go of when there are many, but for those of note', () => {
    const state = long(['3']);
    expect(state.tasks.size).toBeLessThan(10_000);
    expect([...state.tasks.keys()].slice(0, 2)).toEqual(['3', '17']);
    expect(state.tasks.has('18000')).toBe(true);
    expect(state.tasks.has(String(MANY - 1))).toBe(true);
  });

  it('still count', () => {
    const state = long();
    expect(state.counts.planned).toBe(MANY);
    expect(state.counts.outcomes).toEqual(
      new Map([
        ['succeeded', MANY - 2],
        ['failed', 2],
      ]),
    );
    const job = state.jobs.get('map')!;
    expect(job.tasks.length + job.letGo.tasks).toBe(MANY);
    expect(job.letGo.succeeded).toBe(job.letGo.tasks);
    expect(job.finished).toBe(MANY);
    expect(isMoreToCome(state)).toBe(true);
  });
});

describe('a signal that is passed on', () => {
  const pass = (signal: 'SIGINT' | 'SIGUSR1'): Fact => ({ kind: 'signal-passed', signal });

  it('reaches who runs, and nobody is killed for it', () => {
    const loop = streaming();
    run(loop, '1');
    expect(doings(loop.tick({ facts: [pass('SIGUSR1')] }))).toEqual(['signal 1 SIGUSR1']);
    expect(doings(loop.tick({ facts: [pass('SIGINT')] }))).toEqual(['signal 1 SIGINT']);
    expect(doings(loop.tick({ afterMs: 60_000 }))).toEqual([]);
    expect(loop.state.stop).toEqual({ signal: 'SIGINT', times: 1 });
  });

  it('that asks for an end leaves no retry', () => {
    const loop = new Loop([
      plainTask('a', { retries: { max: 3, on: [], delayMs: 0, backoff: 1 } }),
    ]);
    loop.tick();
    loop.launchAll();
    loop.tick({ facts: [pass('SIGINT')] });
    loop.end('a', { kind: 'signal', signal: 'SIGINT' });
    expect(loop.outcome('a')).toBe('failed');
    expect(loop.record('a').past.at(-1)?.verdict).toEqual({
      kind: 'external-signal',
      signal: 'SIGINT',
    });
  });

  it('stops who has not started yet', () => {
    const loop = new Loop([plainTask('a')]);
    loop.tick();
    loop.tick({ facts: [pass('SIGINT')] });
    expect(loop.record('a').phase.kind).toBe('stopping');
    expect(doings(loop.launchOne('a'))).toEqual(['signal a SIGTERM']);
  });
});
