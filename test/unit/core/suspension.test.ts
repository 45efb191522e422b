import { describe, expect, test } from 'vitest';
import type { CheckpointSpec, PreemptibleLevel, TaskSpec } from '../../../src/core/task-spec.js';
import { GiB } from '../../../src/util/bytes.js';
import { plainTask } from '../../sim/specs.js';
import { doings, Loop, of, type Look } from './loop.js';

/** 10 GiB of budget: hold at 8, preempt at 9, critical at 9.5. */
const SMALL = { memory: { requestBytes: GiB / 2, grow: { kind: 'none' } } } as const;

/** Tasks that run, the first one the oldest; all use nothing yet. */
function running(specs: Readonly<Record<string, Partial<TaskSpec>>>): Loop {
  const tasks = Object.entries(specs).map(([id, spec]) =>
    plainTask(id, { ...SMALL, cpus: 0, profile: 'none', ...spec }),
  );
  const loop = new Loop(tasks);
  loop.tick();
  loop.launchAll();
  return loop;
}

/** Whatever was used over such a time has hardly grown. */
const LONG_MS = 10_000_000;

const WILLING = { preemptible: 1 as PreemptibleLevel, maySuspend: true as const };

function using(gib: Readonly<Record<string, number>>): NonNullable<Look['use']> {
  return Object.fromEntries(Object.entries(gib).map(([id, size]) => [id, size * GiB]));
}

/** So many ticks that see the same. */
function settle(loop: Loop, ticks: number, look: Look = {}): string[] {
  return Array.from({ length: ticks }, () => doings(loop.tick(look))).flat();
}

/** Three willing ones at 9.2 GiB: the newest is frozen once use has stayed there. */
function frozenAtPreempt(): Loop {
  const loop = running({ a: WILLING, b: WILLING, c: WILLING });
  loop.tick({ use: using({ a: 3.2, b: 3, c: 3 }), afterMs: LONG_MS });
  expect(settle(loop, 4)).toEqual(['freeze c']);
  return loop;
}

describe('at preempt', () => {
  test('the newest that may be is frozen, and nobody is stopped', () => {
    const loop = frozenAtPreempt();
    expect(of(loop, 'attempt-suspended')).toMatchObject([
      { task: 'c', reason: { rule: 'use', level: 'preempt' } },
    ]);
    // Use stands still: there is no reason to freeze another, and none to stop anybody.
    expect(settle(loop, 30)).toEqual([]);
    expect(loop.record('c').phase.kind).toBe('suspended');
    expect(loop.state.counts).toMatchObject({ suspensions: 1, preemptions: 0 });
  });

  test('everyone who was looked at is told of', () => {
    const loop = running({ a: WILLING, b: {}, c: WILLING });
    loop.tick({ use: using({ a: 3.2, b: 3, c: 3 }), afterMs: LONG_MS });
    settle(loop, 4);
    const [event] = of(loop, 'attempt-suspended');
    const told = event?.reason.candidates.map(({ task, verdict }) => [task, verdict]);
    expect(Object.fromEntries(told ?? [])).toEqual({
      c: { kind: 'taken', rank: 1, effectiveLevel: 1 },
      a: { kind: 'spared', rank: 2, effectiveLevel: 1 },
      b: { kind: 'rejected', because: 'not-suspendable' },
    });
  });

  test('the last one at work is never frozen', () => {
    const loop = running({ a: WILLING, b: WILLING });
    loop.tick({ use: using({ a: 5.2, b: 4 }), afterMs: LONG_MS });
    expect(settle(loop, 4)).toEqual(['freeze b']);
    expect(settle(loop, 10, { use: using({ a: 5.4 }) })).toEqual([]);
    expect(loop.record('a').phase.kind).toBe('running');
  });

  test('another is frozen while use still grows, after a while', () => {
    const loop = frozenAtPreempt();
    const doing: string[] = [];
    for (let tick = 1; tick <= 6; tick += 1)
      doing.push(...doings(loop.tick({ use: using({ a: 3.2 + 0.01 * tick }) })));
    expect(doing).toEqual(['freeze b']);
  });

  test('where nobody may be frozen everything is as without it', () => {
    const loop = running({ a: { preemptible: 1 }, b: { preemptible: 1 } });
    loop.tick({ use: using({ a: 5, b: 4.2 }), afterMs: LONG_MS });
    expect(settle(loop, 4)).toEqual(['signal b SIGTERM']);
  });

  test('what is frozen goes to swap as far as there is some', () => {
    const loop = running({ a: WILLING, b: WILLING });
    const host = { swapFreeBytes: 2 * GiB };
    loop.tick({ use: using({ a: 5.2, b: 4 }), afterMs: LONG_MS, host });
    const decision = Array.from({ length: 4 }, () => loop.tick({ host }));
    const actions = decision
      .flatMap((one) => one.actions)
      .filter(({ kind }) => kind !== 'limit-tree');
    expect(actions).toEqual([
      { kind: 'freeze', task: 'b', attempt: 1 },
      { kind: 'reclaim', task: 'b', attempt: 1, bytes: 2 * GiB },
    ]);
  });
});

describe('at hold', () => {
  /** Grows by so many GiB in each tenth of a second, up to 8.2 GiB. */
  function grown(perTick: number): string[] {
    const loop = running({ a: WILLING, b: WILLING });
    const doing: string[] = [];
    for (let ticks = 20; ticks >= 0; ticks -= 1) {
      const each = 4.1 - (perTick / 2) * ticks;
      const afterMs = ticks === 20 ? LONG_MS : 100;
      doing.push(...doings(loop.tick({ use: using({ a: each, b: each }), afterMs })));
    }
    return doing;
  }

  test('the newest is frozen where use is on its way to the next line', () => {
    expect(grown(0.02)).toEqual(['freeze b']);
  });

  test('and nobody where it hardly grows', () => {
    expect(grown(0.002)).toEqual([]);
  });
});

describe('at critical', () => {
  test('somebody is killed: first who is frozen', () => {
    const loop = frozenAtPreempt();
    expect(doings(loop.tick({ use: using({ a: 3.7 }) }))).toEqual(['kill c']);
    const [stop] = of(loop, 'attempt-stopping');
    expect(stop).toMatchObject({ task: 'c', reason: { kind: 'preempted' } });
    loop.end('c', { kind: 'signal', signal: 'SIGKILL' });
    expect(loop.record('c')).toMatchObject({ preemptions: 1, suspensions: 1 });
  });

  test('but nobody who may only be frozen', () => {
    const loop = running({ a: {}, b: { maySuspend: true } });
    loop.tick({ use: using({ a: 5.2, b: 4 }), afterMs: LONG_MS });
    expect(settle(loop, 4)).toEqual(['freeze b']);
    expect(settle(loop, 5, { use: using({ a: 5.7 }) })).toEqual([]);
    expect(of(loop, 'victims-missing')).toHaveLength(1);
  });
});

describe('what is frozen', () => {
  test('goes on when there is room, the oldest first, one after another', () => {
    const loop = frozenAtPreempt();
    for (let tick = 1; tick <= 6; tick += 1) loop.tick({ use: using({ a: 3.2 + 0.01 * tick }) });
    expect(loop.state.counts.suspensions).toBe(2);
    loop.tick({ use: using({ a: 0.2, b: 3, c: 3 }) });
    expect(settle(loop, 30)).toEqual(['thaw b', 'thaw c']);
    const thawed = of(loop, 'attempt-thawed');
    expect(thawed.map(({ reason }) => reason.kind)).toEqual(['fits', 'fits']);
    expect((thawed[1]?.tMs ?? 0) - (thawed[0]?.tMs ?? 0)).toBeGreaterThanOrEqual(1000);
  });

  test('goes on at once when nobody else is left, whatever is in use', () => {
    const loop = frozenAtPreempt();
    loop.tick({ facts: [loop.exited('a'), loop.emptied('a')] });
    const decision = loop.tick({
      use: using({ c: 9.2 }),
      facts: [loop.exited('b'), loop.emptied('b')],
    });
    expect(of(decision, 'attempt-thawed')).toMatchObject([
      { task: 'c', reason: { kind: 'only-frozen-left', frozen: 1 } },
    ]);
  });

  test('goes on although the run is held', () => {
    const loop = frozenAtPreempt();
    loop.tick({ facts: [{ kind: 'commanded', id: 1, command: { kind: 'hold' } }] });
    loop.tick({ facts: [loop.exited('a'), loop.emptied('a')] });
    const decision = loop.tick({ facts: [loop.exited('b'), loop.emptied('b')] });
    expect(doings(decision)).toContain('thaw c');
  });

  test('keeps others from starting', () => {
    const loop = running({ a: WILLING, b: WILLING, first: {}, late: { needs: ['first'] } });
    loop.tick({ use: using({ a: 5.2, b: 4 }), afterMs: LONG_MS });
    settle(loop, 4);
    loop.end('first');
    loop.tick({ use: using({ a: 1, b: 4 }) });
    expect(settle(loop, 30)).toEqual(['thaw b', 'launch late']);
    expect(of(loop, 'task-waits')).toMatchObject([
      { task: 'late', reason: { kind: 'suspended', task: 'b', frozen: 1 } },
    ]);
  });

  test('has its timeout to itself', () => {
    const loop = running({ a: WILLING, b: { ...WILLING, timeoutMs: 2 * LONG_MS } });
    loop.tick({ use: using({ a: 5.2, b: 4 }), afterMs: LONG_MS });
    settle(loop, 4);
    expect(doings(loop.tick({ afterMs: 5 * LONG_MS }))).toEqual([]);
    loop.tick({ use: using({ a: 1 }) });
    expect(settle(loop, 30)).toEqual(['thaw b']);
    const thawedAtMs = of(loop, 'attempt-thawed')[0]?.tMs ?? 0;
    expect(doings(loop.tick({ afterMs: LONG_MS - 2000 - (loop.nowMs - thawedAtMs) }))).toEqual([]);
    expect(doings(loop.tick({ afterMs: 2000 }))).toEqual(['signal b SIGTERM']);
  });

  test('counts neither in how long it ran nor in its curve', () => {
    const loop = frozenAtPreempt();
    loop.tick({ afterMs: 5 * LONG_MS });
    loop.tick({ use: using({ a: 1, b: 1 }) });
    settle(loop, 30);
    loop.tick({ use: using({ c: 4 }), afterMs: LONG_MS });
    loop.end('c');
    const ended = of(loop, 'attempt-ended').find(({ task }) => task === 'c');
    expect(ended?.frozenMs).toBeGreaterThan(5 * LONG_MS);
    expect(ended?.ranMs).toBeLessThan(2.1 * LONG_MS);
    expect(ended?.curve?.slice(0, 8)).toEqual(Array(8).fill(3 * GiB));
    expect(ended?.curve?.at(-1)).toBe(4 * GiB);
  });

  test('ends with the run, asked like any other', () => {
    const loop = frozenAtPreempt();
    const decision = loop.tick({ facts: [{ kind: 'stop-requested', signal: 'SIGINT' }] });
    expect(doings(decision)).toEqual(['signal a SIGTERM', 'signal b SIGTERM', 'signal c SIGTERM']);
    expect(loop.record('c').phase.kind).toBe('stopping');
  });

  test('is not said to have been stopped by somebody else', () => {
    const loop = frozenAtPreempt();
    loop.tick({ seen: { c: { pausedBy: 'freezer' } } });
    loop.tick({ use: using({ a: 1, b: 1 }) });
    expect(settle(loop, 30)).toEqual(['thaw c']);
    expect(of(loop, 'attempt-paused')).toEqual([]);
  });

  test('is ended where it has most of all processes that the run may have', () => {
    const loop = frozenAtPreempt();
    const decision = loop.tick({
      pids: { a: 2, b: 2, c: 60 },
      host: { pids: { current: 64, max: 64, refusals: 3 } },
    });
    expect(of(decision, 'attempt-stopping')).toMatchObject([
      { task: 'c', reason: { kind: 'over-pids' } },
    ]);
  });

  test('may die while it is: what it leaves behind is cleared away', () => {
    const loop = frozenAtPreempt();
    loop.tick({ facts: [loop.exited('c', { kind: 'signal', signal: 'SIGKILL' })] });
    expect(settle(loop, 1)).toEqual(['kill c']);
    loop.tick({ facts: [loop.emptied('c')] });
    expect(loop.outcome('c')).toBe('failed');
  });

  test('is frozen once more by a supervisor that takes it over, and what was thawed goes on', () => {
    const loop = frozenAtPreempt();
    expect(doings(loop.tick({ facts: [{ kind: 'resumed' }] }))).toEqual(['freeze c']);
    loop.tick({ use: using({ a: 1, b: 1 }) });
    settle(loop, 30);
    expect(doings(loop.tick({ facts: [{ kind: 'resumed' }] }))).toEqual(['thaw c']);
  });
});

describe('against growth', () => {
  /** Only `growing` grows, and use comes to 8.2 GiB. */
  function whoIsFrozen(growing: readonly string[]): string[] {
    const loop = running({ a: WILLING, b: WILLING, c: WILLING });
    loop.tick({ use: using({ a: 2, b: 2, c: 2 }), afterMs: LONG_MS });
    loop.tick({ afterMs: 60_000 });
    const step = 2.2 / 20 / growing.length;
    for (let tick = 1; tick <= 20; tick += 1) {
      const use = Object.fromEntries(growing.map((id) => [id, 2 + step * tick]));
      loop.tick({ use: using(use), afterMs: 400 });
    }
    return of(loop, 'attempt-suspended').map(({ task }) => task);
  }

  test('only who grows is frozen, the newest of them', () => {
    expect(whoIsFrozen(['a', 'b'])).toEqual(['b']);
  });

  test('and nobody where there is nobody to make room for', () => {
    expect(whoIsFrozen(['b'])).toEqual([]);
  });
});

describe('who keeps its work', () => {
  const ask = { by: { kind: 'signal', signal: 'SIGUSR1' }, timeoutMs: 2000 } as const;
  const saved = { task: 'c', mark: '1', ageMs: 400 };

  /** Three at 9.2 GiB, of which the newest, which keeps its work, is frozen. */
  function frozenSaver(checkpoint: Partial<CheckpointSpec> = {}): Loop {
    const saver = { ...WILLING, checkpoint: { ask, exitCode: 85, stale: 'any', ...checkpoint } };
    const loop = running({ a: WILLING, b: WILLING, c: saver as Partial<TaskSpec> });
    loop.tick({ use: using({ a: 3.2, b: 3, c: 3 }), afterMs: LONG_MS, checkpoints: [saved] });
    expect(settle(loop, 4)).toEqual(['freeze c']);
    return loop;
  }

  test('is thawed before it is asked to save it', () => {
    const loop = frozenSaver();
    const decision = loop.tick({ facts: [{ kind: 'stop-requested', signal: 'SIGINT' }] });
    expect(doings(decision)).toEqual(['signal a SIGTERM', 'signal b SIGTERM', 'thaw c', 'ask c']);
    expect(doings(loop.tick({ facts: [{ kind: 'resumed' }] })).slice(-2)).toEqual([
      'thaw c',
      'ask c',
    ]);
  });

  test('is not asked while it is frozen, however often it is to be', () => {
    const loop = frozenSaver({ ask: { ...ask, everyMs: 2 * LONG_MS } });
    expect(doings(loop.tick({ afterMs: 3 * LONG_MS }))).toEqual([]);
    loop.tick({ use: using({ a: 1 }) });
    expect(settle(loop, 30)).toEqual(['thaw c', 'ask c']);
  });

  test('is not frozen while it saves it', () => {
    const slow = { ...ask, timeoutMs: 2 * LONG_MS, everyMs: LONG_MS };
    const checkpoint = { ask: slow, exitCode: 85, stale: 'any' } as const;
    const loop = running({ a: WILLING, b: WILLING, c: { ...WILLING, checkpoint } });
    expect(doings(loop.tick({ use: using({ a: 2, b: 2, c: 2 }), afterMs: LONG_MS }))).toEqual([
      'ask c',
    ]);
    loop.tick({ use: using({ a: 3.2, b: 3, c: 3 }), afterMs: LONG_MS });
    expect(settle(loop, 4)).toEqual(['freeze b']);
    const [event] = of(loop, 'attempt-suspended');
    const verdict = event?.reason.candidates.find(({ task }) => task === 'c')?.verdict;
    expect(verdict).toEqual({ kind: 'rejected', because: 'saving' });
  });

  test('has saved it no longer ago for having been frozen since', () => {
    const loop = frozenSaver({ isRequired: true, stale: 60_000 });
    loop.tick({ afterMs: LONG_MS });
    loop.tick({ use: using({ a: 3.7 }) });
    const [stop] = of(loop, 'attempt-stopping');
    expect(stop).toMatchObject({ task: 'c', saving: { kind: 'no-time' } });
    expect(stop?.saving?.savedAgoMs).toBeLessThan(2000);
    loop.end('c', { kind: 'signal', signal: 'SIGKILL' });
    const ended = of(loop, 'attempt-ended').find(({ task }) => task === 'c');
    expect(ended?.verdict.kind).toBe('preempted');
    expect(ended?.lostMs).toBeLessThan(2000);
    expect(loop.outcome('c')).toBeUndefined();
  });
});
