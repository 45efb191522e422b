import { describe, expect, test } from 'vitest';
import { GiB, MiB } from '../../src/util/bytes.js';
import { violations } from './checkers/all.js';
import { eventsOf } from './checkers/checker.js';
import { idleMachine } from './machine-spec.js';
import { NO_MISHAPS, rampAndHold, type Mishaps } from './program.js';
import { alike, outcomesOf, play } from './scenario.js';
import type { Recording } from './recording.js';

const machine = idleMachine(4 * GiB);

function mishaps(change: Partial<Mishaps>): () => Mishaps {
  return () => ({ ...NO_MISHAPS, ...change });
}

function play1(change: Partial<Mishaps>, ...tasks: Parameters<typeof alike>): Recording {
  return play({ machine, tasks: alike(...tasks), mishapsOf: mishaps(change) });
}

describe('what the simulator once found', () => {
  test('an attempt that could not be started left its enclosure behind when that emptied late', () => {
    const recording = play1(
      { spawn: { kind: 'fails-late', afterMs: 30 }, emptiesLateMs: 300 },
      'a',
      2,
      rampAndHold(10 * MiB, 100, 100),
      { retries: { max: 1, on: [], delayMs: 10, backoff: 1 } },
    );
    expect(violations(recording)).toEqual([]);
    expect(recording.leftOpen).toEqual([]);
    expect(outcomesOf(recording)).toEqual({ failed: 2 });
    expect(eventsOf(recording, 'attempt-admitted')).toHaveLength(4);
  });

  test('a task that had succeeded was called timed out while its enclosure emptied', () => {
    const recording = play1({ emptiesLateMs: 400 }, 'a', 1, rampAndHold(10 * MiB, 100, 850), {
      timeoutMs: 1000,
    });
    expect(violations(recording)).toEqual([]);
    expect(outcomesOf(recording)).toEqual({ succeeded: 1 });
  });

  test('a task that cannot be killed for a while is called stuck, and the others go on', () => {
    const recording = play({
      machine,
      tasks: [
        ...alike('stuck', 1, rampAndHold(10 * MiB, 100, 60_000), {
          timeoutMs: 500,
          onPreempt: { signal: 'SIGTERM', graceMs: 500 },
        }).map((task) => ({
          ...task,
          program: { ...task.program, onTerm: { kind: 'ignore' } as const },
        })),
        ...alike('other', 10, rampAndHold(10 * MiB, 100, 1000)),
      ],
      mishapsOf: (task) => ({ ...NO_MISHAPS, stuckMs: task.startsWith('stuck') ? 20_000 : 0 }),
    });
    expect(violations(recording)).toEqual([]);
    expect(eventsOf(recording, 'attempt-stuck')).toHaveLength(1);
    expect(outcomesOf(recording)).toEqual({ succeeded: 10, 'timed-out': 1 });
    const others = eventsOf(recording, 'task-finished').filter(({ task }) => task !== 'stuck.0');
    expect(Math.max(...others.map(({ tMs }) => tMs))).toBeLessThan(20_000);
  });
});
