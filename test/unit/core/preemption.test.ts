import { describe, expect, test } from 'vitest';
import { chooseVictims } from '../../../src/core/preemption.js';
import type { PreemptibleLevel } from '../../../src/core/task-spec.js';
import { GiB } from '../../../src/util/bytes.js';
import { plainTask } from '../../sim/specs.js';
import { doings, Loop, of } from './loop.js';

/** A running task: its level, what it uses and what it said it would, in GiB, and how often it was preempted. */
interface Runner {
  readonly level: PreemptibleLevel;
  readonly gib: number;
  readonly saidGib?: number;
  readonly preemptions?: number;
  readonly exited?: true;
  readonly stopping?: true;
}

/** All of them running since the same tick, except those with a later name, which came one tick after another. */
function running(runners: Readonly<Record<string, Runner>>): Loop {
  const ids = Object.keys(runners);
  const loop = new Loop(
    ids.map((id) => {
      const requestBytes = (runners[id]!.saidGib ?? 1) * GiB;
      const memory = { requestBytes, grow: { kind: 'none' } } as const;
      return plainTask(id, { memory, cpus: 0, preemptible: runners[id]!.level });
    }),
    { overcommit: 100 },
  );
  for (const id of ids) loop.record(id).preemptions = runners[id]!.preemptions ?? 0;
  // The queue was sorted by preemptions that were not there yet.
  loop.tick();
  loop.launchAll();
  loop.tick({
    use: Object.fromEntries(ids.map((id) => [id, runners[id]!.gib * GiB])),
    host: { usedBytes: 0 },
    facts: ids.filter((id) => runners[id]!.exited).map((id) => loop.exited(id)),
  });
  for (const id of ids) {
    const { phase } = loop.record(id);
    if (runners[id]!.stopping === undefined || phase.kind !== 'running') continue;
    const reason = { kind: 'signal', signal: 'SIGINT' } as const;
    loop.record(id).phase = {
      kind: 'stopping',
      attempt: phase.attempt,
      stop: { reason, sinceMs: 0, decidedMs: 0, graceMs: 1 },
    };
  }
  return loop;
}

function victims(runners: Readonly<Record<string, Runner>>, neededGib: number): string[] {
  const loop = running(runners);
  const choice = chooseVictims(loop.state, loop.control, loop.nowMs, neededGib * GiB);
  return choice.victims.map(({ spec }) => spec.id);
}

function verdicts(runners: Readonly<Record<string, Runner>>, neededGib: number): object {
  const loop = running(runners);
  const { candidates } = chooseVictims(loop.state, loop.control, loop.nowMs, neededGib * GiB);
  return Object.fromEntries(
    candidates.map(({ task, verdict }) => [
      task,
      verdict.kind === 'rejected' ? verdict.because : `${verdict.kind} ${verdict.rank}`,
    ]),
  );
}

describe('the order of victims', () => {
  test('the highest level first', () => {
    const runners = {
      a: { level: 1, gib: 1 },
      b: { level: 4, gib: 1 },
      c: { level: 2, gib: 1 },
      d: { level: 3, gib: 1 },
      z: { level: 0, gib: 1 },
    } as const;
    expect(victims(runners, 99)).toEqual(['b', 'd', 'c', 'a']);
  });

  test('each preemption lowers the level by one, but never to 0', () => {
    const runners = {
      a: { level: 4, gib: 1, preemptions: 3 },
      b: { level: 2, gib: 1 },
      c: { level: 1, gib: 1, preemptions: 4 },
      z: { level: 0, gib: 1 },
    } as const;
    expect(victims(runners, 99)).toEqual(['b', 'c', 'a']);
  });

  test('within a level those over their estimate, then the newest', () => {
    const runners = {
      a: { level: 2, gib: 1 },
      b: { level: 2, gib: 3, saidGib: 2 },
      c: { level: 2, gib: 1 },
      z: { level: 0, gib: 1 },
    } as const;
    expect(victims(runners, 99)).toEqual(['b', 'c', 'a']);
  });

  test('no more than are needed', () => {
    const runners = {
      a: { level: 1, gib: 2 },
      b: { level: 2, gib: 2 },
      c: { level: 3, gib: 2 },
      z: { level: 0, gib: 2 },
    } as const;
    expect(victims(runners, 0.5)).toEqual(['c']);
    expect(victims(runners, 2)).toEqual(['c']);
    expect(victims(runners, 2.1)).toEqual(['c', 'b']);
  });
});

describe('who is left alone', () => {
  test('everyone is looked at, and each says why not', () => {
    const runners = {
      dying: { level: 4, gib: 1, stopping: true },
      gone: { level: 4, gib: 1, exited: true },
      immune: { level: 4, gib: 1, preemptions: 5 },
      taken: { level: 4, gib: 1 },
      spared: { level: 1, gib: 1 },
      never: { level: 0, gib: 1 },
    } as const;
    expect(verdicts(runners, 1)).toEqual({
      dying: 'stopping',
      gone: 'stopping',
      immune: 'immune',
      taken: 'taken 1',
      spared: 'spared 2',
      never: 'level-0',
    });
  });

  test('the last one that gets on', () => {
    const two = { a: { level: 3, gib: 1 }, b: { level: 4, gib: 1 } } as const;
    expect(victims(two, 99)).toEqual(['b']);
    expect(verdicts(two, 99)).toEqual({ a: 'last-one-running', b: 'taken 1' });
    expect(victims({ a: { level: 4, gib: 9 } }, 99)).toEqual([]);
  });

  test('one that is dying does not count as getting on', () => {
    expect(
      victims({ a: { level: 4, gib: 1 }, b: { level: 4, gib: 1, stopping: true } }, 99),
    ).toEqual([]);
  });
});

describe('preempting in the loop', () => {
  const spec = (id: string, preemptible: PreemptibleLevel) =>
    plainTask(id, {
      preemptible,
      cpus: 0,
      memory: { requestBytes: 3.1 * GiB, grow: { kind: 'none' } },
    });

  /** Tasks that keep to what they said, and were let in although that is too much together. */
  function atPreempt(levels: readonly PreemptibleLevel[], gibEach: number): Loop {
    const specs = levels.map((level, at) => spec(`t${at}`, level));
    const loop = new Loop(specs, { overcommit: 2 });
    const use = Object.fromEntries(levels.map((_, at) => [`t${at}`, gibEach * GiB]));
    loop.tick();
    loop.launchAll({ use });
    for (let at = 0; at < 3; at += 1) loop.tick();
    return loop;
  }

  test('asks, waits for the grace, then kills; the task runs again later with a raised claim', () => {
    const loop = atPreempt([0, 1, 2], 3.1);
    expect(loop.state.level).toBe('preempt');
    const [stopping] = of(loop, 'attempt-stopping');
    expect(stopping).toMatchObject({ task: 't2', graceMs: 5000 });
    expect(doings(loop.tick({ afterMs: 4900 }))).toEqual([]);
    expect(doings(loop.tick({ afterMs: 200 }))).toEqual(['kill t2']);
    loop.end('t2', { kind: 'signal', signal: 'SIGKILL' }, { peakBytes: 3.1 * GiB });
    const [requeued] = of(loop, 'task-requeued');
    expect(requeued).toMatchObject({
      task: 't2',
      cause: { kind: 'preempted', preemptions: 1 },
      notBeforeMs: loop.nowMs + 1000,
      floorBytes: Math.ceil(3.1 * GiB * 1.2),
    });
  });

  test.each([
    ['does nothing about the signal: it succeeded before', true, false, 'task-finished'],
    ['may have tidied up because of it', false, false, 'task-requeued'],
    ['may have tidied up because it was asked by a supervisor before', true, true, 'task-requeued'],
  ] as const)('one that exits with 0 and %s', (_, isDeadly, isAskedBefore, then) => {
    const loop = atPreempt([0, 1, 2], 3.1);
    if (isAskedBefore) loop.control.askedBefore.add('t2');
    expect(of(loop, 'attempt-stopping')).toMatchObject([{ task: 't2' }]);
    const deadly = { kind: 'signal-deadly', task: 't2', attempt: 1 } as const;
    loop.tick({
      facts: [...(isDeadly ? [deadly] : []), loop.exited('t2'), loop.emptied('t2')],
    });
    expect(of(loop, then)).toMatchObject([{ task: 't2' }]);
    expect(loop.control.deaf.size + loop.control.askedBefore.size).toBe(0);
  });

  test('takes nobody else while one is dying, nor for two seconds after', () => {
    const loop = atPreempt([2, 2, 2], 3.1);
    expect(of(loop, 'attempt-stopping')).toHaveLength(1);
    for (let at = 0; at < 40; at += 1) loop.tick();
    expect(of(loop, 'attempt-stopping')).toHaveLength(1);
    loop.tick({
      use: { t0: 4.6 * GiB, t1: 4.6 * GiB },
      facts: [loop.exited('t2', { kind: 'signal', signal: 'SIGTERM' }), loop.emptied('t2')],
    });
    for (let at = 0; at < 19; at += 1) loop.tick();
    expect(of(loop, 'attempt-stopping')).toHaveLength(1);
    for (let at = 0; at < 3; at += 1) loop.tick();
    expect(of(loop, 'attempt-stopping')).toHaveLength(2);
  });

  test('in critical there is no grace, and those already asked lose theirs', () => {
    const loop = atPreempt([1, 2, 3], 3.1);
    expect(doings(loop.tick({ use: { t0: 6 * GiB } }))).toEqual(['kill t2', 'kill t1']);
    expect(of(loop, 'attempt-killed').map(({ because }) => because)).toEqual([
      'critical',
      'critical',
    ]);
  });

  test('says once that there is nobody', () => {
    const loop = atPreempt([0, 0, 0], 3.1);
    for (let at = 0; at < 10; at += 1) loop.tick();
    expect(of(loop, 'attempt-stopping')).toEqual([]);
    expect(of(loop, 'victims-missing')).toHaveLength(1);
  });
});
