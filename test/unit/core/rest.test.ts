import { describe, expect, test } from 'vitest';
import { plainTask } from '../../sim/specs.js';
import { MiB } from '../../../src/util/bytes.js';
import { BUDGET, Loop } from './loop.js';

const USE = { a: 100 * MiB };

/** Two that may run, of which the second waits for a processor when `cpus` are too few. */
function loopOf(change: Parameters<typeof plainTask>[1] = {}, cpus = 8, intervalMs = 100): Loop {
  const task = (id: string) => plainTask(id, { ...change, cpus: 4 });
  return new Loop(cpus < 8 ? [task('a'), task('b')] : [task('a')], { cpus, intervalMs });
}

/** How long a loop may rest after these ticks. */
function restAfter(loop: Loop, ...ticks: readonly ((loop: Loop) => void)[]): number {
  for (const tick of ticks) tick(loop);
  return loop.control.restMs;
}

/** Long enough for a sixteenth of its time to be more than the longest rest. */
const GROWN_UP_MS = 40_000;

const start = (loop: Loop): void => void loop.tick();
const run = (loop: Loop): void => {
  loop.launchAll({ use: USE });
  loop.tick({ afterMs: GROWN_UP_MS });
};

describe('the loop may put off a look', () => {
  test('when all that runs just runs', () => {
    expect(restAfter(loopOf(), start, run)).toBe(2000);
  });

  test('not by less than the interval', () => {
    expect(restAfter(loopOf({}, 8, 1900), start, run)).toBe(2000);
    expect(restAfter(loopOf({}, 8, 2001), start, run)).toBe(0);
  });

  test('not before it runs', () => {
    expect(restAfter(loopOf(), start)).toBe(0);
  });

  test('for a sixteenth of the time of the youngest at the most', () => {
    const loop = loopOf();
    start(loop);
    loop.launchAll({ use: USE });
    expect(loop.control.restMs).toBe(0);
    loop.tick({ afterMs: 1590 });
    expect(loop.control.restMs).toBe(0);
    loop.tick({ afterMs: 10 });
    expect(loop.control.restMs).toBe(100);
  });

  test('not while one waits for its turn, but while the user holds it', () => {
    const loop = loopOf({}, 4);
    expect(restAfter(loop, start, run)).toBe(0);
    const held = { kind: 'commanded', id: 1, command: { kind: 'hold', task: 'b' } } as const;
    loop.tick({ facts: [held] });
    expect(loop.control.restMs).toBe(2000);
  });

  test('not above a threshold', () => {
    const loop = loopOf();
    start(loop);
    run(loop);
    loop.tick({ use: { a: 0.85 * BUDGET } });
    expect(loop.control.restMs).toBe(0);
  });

  test('not when its main process is gone, and while it is stopped', () => {
    const loop = loopOf();
    start(loop);
    run(loop);
    loop.tick({ facts: [loop.exited('a')] });
    expect(loop.control.restMs).toBe(0);
    const stopped = loopOf();
    start(stopped);
    run(stopped);
    stopped.tick({ facts: [{ kind: 'stop-requested', signal: 'SIGTERM' }] });
    expect(stopped.control.restMs).toBe(0);
  });

  test('no longer than to the end of a timeout', () => {
    const loop = loopOf({ timeoutMs: GROWN_UP_MS + 2300 });
    expect(restAfter(loop, start, run)).toBe(2000);
    loop.tick({ afterMs: 2000 });
    expect(loop.control.restMs).toBe(300);
  });

  test('not where a task saves its work', () => {
    const checkpoint = { exitCode: 85, stale: 'never' } as const;
    expect(restAfter(loopOf({ checkpoint }), start, run)).toBe(0);
  });

  test('and is not late then, unless the glances are', () => {
    const loop = loopOf();
    start(loop);
    run(loop);
    const lookAfter = (glanceMs: number, afterMs: number): string[] => {
      const rest = { untilMs: loop.nowMs + glanceMs, hasMoved: false };
      return loop.tick({ afterMs, rest }).events.map(({ kind }) => kind);
    };
    expect(lookAfter(1900, 2400)).not.toContain('tick-late');
    expect(lookAfter(1300, 1900)).toContain('tick-late');
  });
});
