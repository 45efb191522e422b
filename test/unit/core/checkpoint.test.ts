import { describe, expect, test } from 'vitest';
import { evolve } from '../../../src/core/evolve.js';
import { CHECKPOINTS_BOUND, IDLE_BOUND, requeueAfter } from '../../../src/core/retry.js';
import type { CheckpointSpec, TaskSpec } from '../../../src/core/task-spec.js';
import { GiB } from '../../../src/util/bytes.js';
import { plainTask } from '../../sim/specs.js';
import { started } from '../journal/events.js';
import { doings, Loop, of } from './loop.js';

const BY_SIGNAL = { by: { kind: 'signal', signal: 'SIGUSR1' }, timeoutMs: 2000 } as const;
const BY_COMMAND = { by: { kind: 'run' }, timeoutMs: 2000 } as const;

function checkpoint(change: Partial<CheckpointSpec> = {}): CheckpointSpec {
  return { ask: BY_SIGNAL, exitCode: 85, stale: 'any', ...change };
}

function saver(id: string, spec: CheckpointSpec | undefined, change: Partial<TaskSpec> = {}) {
  return plainTask(id, {
    memory: { requestBytes: GiB, grow: { kind: 'none' } },
    cpus: 0,
    preemptible: 2,
    ...(spec === undefined ? {} : { checkpoint: spec }),
    ...change,
  });
}

/** A task that is never stopped, and one that may be; memory is short from the next tick on. */
function shortOfMemory(spec: CheckpointSpec | undefined, change: Partial<TaskSpec> = {}): Loop {
  const loop = new Loop([saver('keep', undefined, { preemptible: 0 }), saver('a', spec, change)]);
  loop.tick();
  loop.launchAll();
  loop.tick({ afterMs: 1000, use: { keep: 4 * GiB, a: GiB } });
  return loop;
}

const SHORT = { use: { keep: 6 * GiB, a: 3.2 * GiB } };

/** Until the decision is made: use comes slowly, and must stay above the line for a while. */
function untilStopping(loop: Loop): ReturnType<Loop['tick']> {
  loop.tick({ ...SHORT, afterMs: 10_000 });
  for (let tries = 0; tries < 20; tries += 1) {
    const decision = loop.tick(SHORT);
    if (of(decision, 'attempt-stopping').length > 0) return decision;
  }
  throw new Error('nobody was stopped');
}

/** Its supervisor dies, and after a while another goes on. */
function resume(loop: Loop, afterMs: number, look: Parameters<Loop['tick']>[0] = {}) {
  const tMs = loop.nowMs + afterMs;
  const about = { bootId: 'boot', pid: 2, memsched: '0.0.0', tier: 'cgroup' } as const;
  evolve(loop.state, started);
  evolve(loop.state, {
    kind: 'run-resumed',
    tMs,
    after: 'death',
    ...about,
    adopted: [],
    lost: [],
  });
  loop.control.checkpoints.clear();
  return loop.tick({ ...look, afterMs, facts: [{ kind: 'resumed' }] });
}

const SAVED = { task: 'a', mark: '1', ageMs: 400 };

describe('while nobody supervised it', () => {
  test('the time that a task has to save its work did not run', () => {
    const loop = shortOfMemory(checkpoint());
    untilStopping(loop);
    const decision = resume(loop, 60_000, SHORT);
    expect(of(decision, 'checkpoint-missed')).toEqual([]);
    expect(doings(decision)).toEqual(['ask a']);
    loop.tick({ ...SHORT, afterMs: 1900 });
    expect(of(loop, 'checkpoint-missed')).toEqual([]);
    loop.tick({ ...SHORT, afterMs: 200 });
    expect(of(loop, 'checkpoint-missed')).toMatchObject([{ because: { kind: 'timeout' } }]);
  });

  test('nor the time that it has to end', () => {
    const loop = shortOfMemory(undefined);
    untilStopping(loop);
    expect(doings(resume(loop, 60_000, SHORT))).toEqual(['signal a SIGTERM']);
    expect(of(loop, 'attempt-killed')).toEqual([]);
  });

  test('what a task has saved counts, by its age', () => {
    const loop = shortOfMemory(checkpoint());
    untilStopping(loop);
    resume(loop, 60_000, SHORT);
    loop.tick({ ...SHORT, checkpoints: [{ ...SAVED, ageMs: 30_000 }] });
    expect(of(loop, 'checkpoint-made')).toEqual([]);
    const late = shortOfMemory(checkpoint());
    untilStopping(late);
    resume(late, 60_000, SHORT);
    late.tick({ ...SHORT, afterMs: 1000, checkpoints: [SAVED] });
    expect(of(late, 'checkpoint-made')).toMatchObject([{ how: 'folder' }]);
  });
});

describe('before a preemption', () => {
  test('a task is asked to save its work, and not yet to end', () => {
    const decision = untilStopping(shortOfMemory(checkpoint()));
    expect(of(decision, 'attempt-stopping')).toMatchObject([{ saving: { kind: 'ask' } }]);
    expect(of(decision, 'checkpoint-asked')).toMatchObject([{ why: 'stop', timeoutMs: 2000 }]);
    expect(doings(decision)).toEqual(['ask a']);
  });

  test('a task that keeps nothing is asked to end at once', () => {
    expect(doings(untilStopping(shortOfMemory(undefined)))).toEqual(['signal a SIGTERM']);
  });

  test('one that saves when it is asked to end is asked that', () => {
    const own: CheckpointSpec = { exitCode: 85, stale: 'any' };
    expect(doings(untilStopping(shortOfMemory(own)))).toEqual(['signal a SIGTERM']);
  });

  test('it is asked to end when something new is in its folder, and has all its grace then', () => {
    const loop = shortOfMemory(checkpoint());
    untilStopping(loop);
    const sent = {
      kind: 'checkpoint-sent',
      task: 'a',
      attempt: 1,
      listeners: 1,
      mark: '',
    } as const;
    expect(doings(loop.tick({ facts: [sent] }))).toEqual([]);
    const fresh = loop.tick({ checkpoints: [{ ...SAVED, ageMs: 10 }] });
    expect(doings(fresh)).toEqual([]);
    const settled = loop.tick({ checkpoints: [SAVED] });
    expect(of(settled, 'checkpoint-made')).toMatchObject([{ how: 'folder', afterMs: 300 }]);
    expect(doings(settled)).toEqual(['signal a SIGTERM']);
    expect(doings(loop.tick({ afterMs: 4900 }))).toEqual([]);
    expect(doings(loop.tick())).toEqual(['kill a']);
  });

  test('what was there before it was asked is no answer', () => {
    const loop = shortOfMemory(checkpoint());
    untilStopping(loop);
    const sent = {
      kind: 'checkpoint-sent',
      task: 'a',
      attempt: 1,
      listeners: 1,
      mark: '1',
    } as const;
    const decision = loop.tick({ facts: [sent], checkpoints: [SAVED] });
    expect(of(decision, 'checkpoint-made')).toEqual([]);
    expect(of(loop.tick({ checkpoints: [SAVED] }), 'checkpoint-made')).toEqual([]);
  });

  test.each([
    ['has saved it', { kind: 'code', code: 0 }, 'checkpoint-made'],
    ['fails', { kind: 'code', code: 1 }, 'checkpoint-missed'],
    ['cannot be started', { kind: 'could-not-start', fault: { error: 'no' } }, 'checkpoint-missed'],
  ] as const)('its command %s: then it is asked to end', (_, end, kind) => {
    const loop = shortOfMemory(checkpoint({ ask: BY_COMMAND }));
    untilStopping(loop);
    const decision = loop.tick({
      facts: [{ kind: 'checkpoint-hook-ended', task: 'a', attempt: 1, end }],
    });
    expect(of(decision, kind)).toHaveLength(1);
    expect(doings(decision)).toContain('signal a SIGTERM');
  });

  test('nobody who handles the signal: it is not waited for', () => {
    const loop = shortOfMemory(checkpoint());
    untilStopping(loop);
    const sent = {
      kind: 'checkpoint-sent',
      task: 'a',
      attempt: 1,
      listeners: 0,
      mark: '',
    } as const;
    const decision = loop.tick({ facts: [sent] });
    expect(of(decision, 'checkpoint-missed')).toMatchObject([
      { because: { kind: 'nobody-listens', signal: 'SIGUSR1' } },
    ]);
    expect(doings(decision)).toEqual(['signal a SIGTERM']);
  });

  test('its time is over: a command that hangs is ended, and the task asked to end', () => {
    const loop = shortOfMemory(checkpoint({ ask: BY_COMMAND }));
    untilStopping(loop);
    expect(doings(loop.tick({ afterMs: 1900 }))).toEqual([]);
    const decision = loop.tick();
    expect(of(decision, 'checkpoint-missed')).toMatchObject([{ because: { kind: 'timeout' } }]);
    expect(doings(decision)).toEqual(['end-checkpoint-hook a', 'signal a SIGTERM']);
  });

  test('critical: there is no time, whoever was about to save something', () => {
    const loop = shortOfMemory(checkpoint());
    untilStopping(loop);
    const decision = loop.tick({ use: { keep: 6.6 * GiB, a: 3.3 * GiB } });
    expect(of(decision, 'checkpoint-missed')).toMatchObject([{ because: { kind: 'no-time' } }]);
    expect(doings(decision)).toEqual(['kill a']);
  });

  test('a recent checkpoint will do where the task says how recent', () => {
    const loop = shortOfMemory(checkpoint({ stale: 30_000 }));
    loop.tick({ checkpoints: [{ task: 'a', mark: '1', ageMs: 500 }] });
    const decision = untilStopping(loop);
    expect(of(decision, 'attempt-stopping')).toMatchObject([{ saving: { kind: 'recent' } }]);
    expect(doings(decision)).toEqual(['signal a SIGTERM']);
  });

  test('who ends well before it was asked to end has done its work', () => {
    const loop = shortOfMemory(checkpoint());
    untilStopping(loop);
    loop.end('a');
    expect(loop.outcome('a')).toBe('succeeded');
  });

  test('who answers with its exit code is preempted, and has lost nothing', () => {
    const loop = shortOfMemory(checkpoint());
    untilStopping(loop);
    const [ended] = of(loop.end('a', { kind: 'code', code: 85 }), 'attempt-ended');
    expect(ended).toMatchObject({ verdict: { kind: 'preempted' }, lostMs: 0 });
  });
});

describe('a required checkpoint', () => {
  test('that is missing fails the task', () => {
    const loop = shortOfMemory(checkpoint({ isRequired: true }));
    untilStopping(loop);
    loop.tick({ afterMs: 2000 });
    loop.end('a', { kind: 'signal', signal: 'SIGTERM' });
    expect(loop.outcome('a')).toBe('failed');
    expect(loop.record('a').past[0]?.verdict.kind).toBe('checkpoint-missing');
    expect(loop.state.counts.preemptions).toBe(1);
  });

  test('of before will do, unless it never does', () => {
    for (const [stale, outcome] of [['any', undefined] as const, ['never', 'failed'] as const]) {
      const loop = shortOfMemory(checkpoint({ isRequired: true, stale }));
      loop.tick({ checkpoints: [SAVED] });
      untilStopping(loop);
      loop.tick({ afterMs: 2000 });
      loop.end('a', { kind: 'signal', signal: 'SIGTERM' });
      expect(loop.outcome('a')).toBe(outcome);
    }
  });

  test('makes a task the last choice where there is no time for one', () => {
    const ids = ['sure', 'other'];
    const loop = new Loop([
      saver('keep', undefined, { preemptible: 0 }),
      saver('sure', checkpoint({ isRequired: true }), { preemptible: 4 }),
      saver('other', undefined, { preemptible: 1 }),
    ]);
    loop.tick();
    loop.launchAll();
    loop.tick({ use: { keep: 6 * GiB, sure: 2 * GiB, other: 2 * GiB } });
    const decision = loop.tick();
    const stopped = of({ events: loop.events }, 'attempt-stopping');
    expect(decision.events).toBeDefined();
    expect(stopped[0]?.task).toBe('other');
    const [first] = stopped;
    const candidates = first?.reason.kind === 'preempted' ? first.reason.preempt.candidates : [];
    expect(candidates.filter(({ task }) => ids.includes(task))).toMatchObject([
      { task: 'other' },
      { task: 'sure', wouldFail: true },
    ]);
  });
});

describe('who is preempted', () => {
  test('of tasks that are alike, the one that saved its work last loses least', () => {
    const loop = new Loop([
      saver('keep', undefined, { preemptible: 0 }),
      saver('a', checkpoint()),
      saver('b', checkpoint()),
    ]);
    loop.tick();
    loop.launchAll();
    loop.tick({ afterMs: 3000, checkpoints: [SAVED], use: { keep: 4 * GiB, a: GiB, b: GiB } });
    const short = { use: { keep: 5 * GiB, a: 2.1 * GiB, b: 2.1 * GiB } };
    loop.tick({ ...short, afterMs: 10_000 });
    for (let tries = 0; tries < 20; tries += 1) loop.tick(short);
    const [first] = of({ events: loop.events }, 'attempt-stopping');
    expect(first?.task).toBe('a');
  });
});

describe('from time to time', () => {
  const EVERY = { ...BY_SIGNAL, everyMs: 5000 };

  test('a task is asked while it runs, and again after as long', () => {
    const loop = shortOfMemory(checkpoint({ ask: EVERY }));
    expect(doings(loop.tick({ afterMs: 3900 }))).toEqual([]);
    const decision = loop.tick({ afterMs: 200 });
    expect(of(decision, 'checkpoint-asked')).toMatchObject([{ why: 'every' }]);
    expect(doings(loop.tick({ afterMs: 2100 }))).toEqual([]);
    expect(of(loop, 'checkpoint-missed')).toHaveLength(1);
    expect(of(loop.tick({ afterMs: 3000 }), 'checkpoint-asked')).toHaveLength(1);
  });

  test('nobody is asked while memory is short', () => {
    const loop = shortOfMemory(checkpoint({ ask: { ...EVERY, everyMs: 12_000 } }), {
      preemptible: 0,
    });
    loop.tick({ ...SHORT, afterMs: 10_000 });
    for (let tries = 0; tries < 100; tries += 1) loop.tick(SHORT);
    expect(loop.state.level).toBe('preempt');
    expect(of(loop, 'checkpoint-asked')).toEqual([]);
  });

  test('a preemption waits for what was asked for already', () => {
    const loop = shortOfMemory(checkpoint({ ask: { ...EVERY, everyMs: 1000, timeoutMs: 60_000 } }));
    loop.tick();
    expect(of(loop, 'checkpoint-asked')).toHaveLength(1);
    const decision = untilStopping(loop);
    expect(of(loop, 'checkpoint-asked')).toHaveLength(1);
    expect(doings(decision)).toEqual([]);
  });
});

describe('the end of a run', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s: work is saved, for who resumes it', (signal) => {
    const loop = shortOfMemory(checkpoint());
    const decision = loop.tick({ facts: [{ kind: 'stop-requested', signal }] });
    expect(doings(decision).toSorted()).toEqual(['ask a', 'signal keep SIGTERM']);
    const again = loop.tick({ facts: [{ kind: 'stop-requested', signal }] });
    expect(doings(again).toSorted()).toEqual(['kill a', 'kill keep']);
  });

  test('a task that is not wanted any more, or out of time, is not asked', () => {
    const canceled = shortOfMemory(checkpoint());
    const command = { kind: 'cancel', task: 'a' } as const;
    expect(doings(canceled.tick({ facts: [{ kind: 'commanded', id: 1, command }] }))).toEqual([
      'signal a SIGTERM',
    ]);
    const late = shortOfMemory(checkpoint(), { timeoutMs: 1500 });
    expect(doings(late.tick({ afterMs: 1000 }))).toEqual(['signal a SIGTERM']);
  });
});

describe('exit code 85', () => {
  function ended(marks: readonly string[]): Loop {
    const loop = new Loop([saver('a', checkpoint())]);
    loop.tick();
    for (const mark of marks) {
      loop.launchAll();
      const exit = { kind: 'code', code: 85 } as const;
      loop.tick({
        afterMs: 1000,
        facts: [loop.exited('a', exit), loop.emptied('a')],
        checkpoints: [{ task: 'a', mark, ageMs: 50 }],
      });
      loop.tick({ afterMs: 70_000 });
    }
    return loop;
  }

  test('means that the task runs again at once, and uses up no retry', () => {
    const loop = ended(['1', '2', '3']);
    const causes = of(loop, 'task-requeued');
    expect(causes.map(({ cause }) => cause)).toEqual(
      [1, 2, 3].map((times) => ({ kind: 'checkpointed', times, idleTimes: 0 })),
    );
    expect(causes.every(({ notBeforeMs, tMs }) => notBeforeMs === tMs)).toBe(true);
    expect(loop.record('a').attempts).toBe(4);
    expect(of(loop, 'checkpoint-made').map(({ how }) => how)).toEqual(['exit', 'exit', 'exit']);
  });

  test('again and again with nothing new saved is a failure', () => {
    const loop = ended(['1', '1', '1', '1', '1']);
    expect(loop.outcome('a')).toBe('failed');
    expect(loop.record('a').attempts).toBe(IDLE_BOUND + 2);
  });

  test('is an ordinary failure of a task that keeps no checkpoints', () => {
    const loop = new Loop([saver('a', undefined)]);
    loop.tick();
    loop.launchAll();
    loop.end('a', { kind: 'code', code: 85 });
    expect(loop.record('a').past[0]?.verdict).toEqual({ kind: 'exit', code: 85 });
  });

  test('has a bound', () => {
    const record = new Loop([saver('a', checkpoint())]).record('a');
    const after = (times: number) =>
      requeueAfter(record, {
        verdict: { kind: 'checkpointed', code: 85, times, idleTimes: 0 },
        peakBytes: 0,
        estimateBytes: 0,
      });
    expect(after(CHECKPOINTS_BOUND)?.cause.kind).toBe('checkpointed');
    expect(after(CHECKPOINTS_BOUND + 1)).toBeUndefined();
  });
});

describe('what was saved', () => {
  test.each([
    ['is removed when the task has succeeded', {}, 0, ['remove-checkpoints a']],
    ['stays where it is to be kept', { isKept: true }, 0, []],
    ['stays after a failure: the run may be resumed', {}, 1, []],
  ] as const)('%s', (_, change, code, expected) => {
    const loop = new Loop([saver('a', checkpoint(change)), saver('b', undefined)]);
    loop.tick();
    loop.launchAll();
    expect(doings(loop.end('a', { kind: 'code', code }))).toEqual(expected);
  });
});
