import { describe, expect, test } from 'vitest';
import type { Action } from '../../../src/core/actions.js';
import { checkInvariants } from '../../../src/core/invariants.js';
import { evolve } from '../../../src/core/evolve.js';
import { GiB, MiB } from '../../../src/util/bytes.js';
import { plainTask } from '../../sim/specs.js';
import { BUDGET, Loop, of } from './loop.js';

function asking(id: string, gib: number) {
  return plainTask(id, {
    cpus: 0,
    memory: { requestBytes: gib * GiB, grow: { kind: 'none' } },
  });
}

function treeLimits(actions: readonly Action[]): Extract<Action, { kind: 'limit-tree' }>[] {
  return actions.filter((action) => action.kind === 'limit-tree');
}

describe('the budget', () => {
  test('is told once, and again when it has moved by more than 2 %, but not all the time', () => {
    const loop = new Loop([asking('a', 1)]);
    loop.tick();
    loop.tick();
    loop.tick({ host: { budgetBytes: 0.99 * BUDGET } });
    expect(of(loop, 'budget-changed')).toHaveLength(1);
    loop.tick({ host: { budgetBytes: 0.9 * BUDGET } });
    expect(of(loop, 'budget-changed')).toHaveLength(1);
    loop.tick({ afterMs: 10_000, host: { budgetBytes: 0.9 * BUDGET, outsideBytes: 5 } });
    expect(of(loop, 'budget-changed').at(-1)).toMatchObject({
      budgetBytes: 0.9 * BUDGET,
      outsideBytes: 5,
    });
  });
});

describe('the limits of the tree', () => {
  test('are the brake line and the ceiling, written once', () => {
    const loop = new Loop([asking('a', 1), asking('b', 1)]);
    const [first] = treeLimits(loop.tick({ host: { ceilingBytes: 11 * GiB } }).actions);
    expect(first).toEqual({
      kind: 'limit-tree',
      highBytes: Math.floor(0.975 * BUDGET),
      maxBytes: 11 * GiB,
    });
    expect(treeLimits(loop.tick({ host: { ceilingBytes: 11 * GiB } }).actions)).toEqual([]);
  });

  test('are never lowered below what is in use: the kernel would kill at once', () => {
    const loop = new Loop([asking('a', 1)]);
    const [first] = treeLimits(
      loop.tick({ host: { ceilingBytes: 5 * GiB, usedBytes: 7 * GiB } }).actions,
    );
    expect(first?.maxBytes).toBe(7 * GiB);
  });
});

describe('a late tick', () => {
  test('is an event from half a second on', () => {
    const loop = new Loop([asking('a', 1)]);
    loop.tick();
    loop.tick({ afterMs: 590 });
    expect(of(loop, 'tick-late')).toHaveLength(0);
    loop.tick({ afterMs: 900 });
    expect(of(loop, 'tick-late')).toEqual([{ kind: 'tick-late', lateMs: 800, tMs: 1590 }]);
  });
});

describe('the brake', () => {
  const felt = (loop: Loop, brakeEvents: number, usedGib: number) =>
    of(loop.tick({ host: { brakeEvents, usedBytes: usedGib * GiB } }), 'brake-felt');

  test('is felt when its counter moves near its line', () => {
    const loop = new Loop([asking('a', 1)]);
    expect(felt(loop, 5, 9.7)).toEqual([]);
    expect(felt(loop, 7, 9.7)).toMatchObject([{ events: 2 }]);
  });

  test('is not felt when the counter is about page cache', () => {
    const loop = new Loop([asking('a', 1)]);
    felt(loop, 0, 5);
    expect(felt(loop, 9, 5)).toEqual([]);
  });

  test('is told of once an episode, which ends with a second of quiet', () => {
    const loop = new Loop([asking('a', 1)]);
    felt(loop, 0, 9.7);
    const told = Array.from({ length: 15 }, (_, at) => felt(loop, at + 1, 9.7).length);
    expect(told).toEqual([1, ...Array.from({ length: 14 }, () => 0)]);
    for (let at = 0; at < 10; at += 1) felt(loop, 15, 9.7);
    expect(felt(loop, 16, 9.7)).toHaveLength(1);
  });
});

describe('projected growth', () => {
  /** Two tasks that grow by a GiB a tick, and were expected to reach so much each. */
  function growing(saidGib: number): string[] {
    const loop = new Loop([asking('a', saidGib), asking('b', saidGib)]);
    loop.tick();
    loop.launchAll({ use: { a: 1 * GiB, b: 1 * GiB } });
    for (const gib of [2, 3, 4.1]) loop.tick({ use: { a: gib * GiB, b: gib * GiB } });
    return of(loop, 'level-changed').map(({ to, reason }) => `${to} ${reason.rule}`);
  }

  test('is no alarm when everyone keeps to what was expected, and that fits', () => {
    expect(growing(4.5)).toEqual(['hold usage']);
  });

  test('is one as soon as somebody is beyond it', () => {
    expect(growing(4)).toEqual(['critical growth']);
  });
});

describe('samples', () => {
  test('are taken once a second while someone runs', () => {
    const loop = new Loop([asking('a', 1)]);
    loop.tick();
    loop.launchAll({ use: { a: 5 * MiB } });
    for (let at = 0; at < 25; at += 1) loop.tick();
    const samples = of(loop, 'sampled');
    expect(samples.map(({ tMs }) => tMs)).toEqual([100, 1100, 2100]);
    expect(samples.at(-1)).toMatchObject({
      claimedBytes: 1 * GiB,
      attempts: [{ task: 'a', attempt: 1, usedBytes: 5 * MiB, peakBytes: 5 * MiB }],
    });
  });
});

describe('the peak of all tasks together', () => {
  test('is that of all looks, in each sample since the one before, and at the end', () => {
    const loop = new Loop([asking('a', 1)]);
    loop.tick();
    loop.launchAll();
    for (const gib of [3, 1, 5, 2])
      for (let at = 0; at < 5; at += 1)
        loop.tick({ host: { usedBytes: at === 2 ? gib * GiB : 0 } });
    const peaks = of(loop, 'sampled').map(({ peakBytes }) => peakBytes);
    expect(peaks).toEqual([0, 3 * GiB, 5 * GiB]);
    loop.end('a');
    expect(of(loop, 'run-ended')[0]?.peakBytes).toBe(5 * GiB);
  });
});

describe('what a launch is told', () => {
  test('its claim, its limits, its level and how often it was preempted', () => {
    const spec = plainTask('a', {
      preemptible: 3,
      memory: {
        requestBytes: 1 * GiB,
        limitBytes: 2 * GiB,
        swapBytes: 0,
        grow: { kind: 'none' },
      },
    });
    const { actions } = new Loop([spec]).tick();
    expect(actions.find(({ kind }) => kind === 'launch')).toEqual({
      kind: 'launch',
      job: 'a',
      task: 'a',
      attempt: 1,
      limitBytes: 2 * GiB,
      swapBytes: 0,
      claimBytes: 1 * GiB,
      preemptions: 0,
      level: 3,
    });
  });
});

describe('an event that does not fit the state', () => {
  const loop = (): Loop => {
    const one = new Loop([asking('a', 1)]);
    one.tick();
    return one;
  };

  test.each([
    ['a task is planned twice', { kind: 'task-planned', spec: asking('a', 1) }, 'planned once'],
    ['a task nobody knows', { kind: 'attempt-killed', task: 'x', attempt: 1 }, 'x was planned'],
    ['a kill without a stop', { kind: 'attempt-killed', task: 'a', attempt: 1 }, 'being stopped'],
    ['an end that comes too early', { kind: 'task-finished', task: 'a' }, 'no live attempt'],
  ] as const)('%s', (_, event, sentence) => {
    expect(() => {
      evolve(loop().state, { tMs: 0, ...event } as never);
    }).toThrow(sentence);
  });

  test('the invariants find a state that cannot be', () => {
    const { state } = loop();
    state.unfinished = 0;
    expect(() => {
      checkInvariants(state);
    }).toThrow('live tasks are unfinished');
  });
});
