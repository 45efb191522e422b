import { describe, expect, test } from 'vitest';
import type { TaskSpec } from '../../src/core/task-spec.js';
import { present } from '../../src/util/assert.js';
import { GiB, MiB } from '../../src/util/bytes.js';
import { violations } from './checkers/all.js';
import { eventsOf } from './checkers/checker.js';
import { idleMachine } from './machine-spec.js';
import { NO_MISHAPS, rampAndHold, type Mishaps, type Program } from './program.js';
import { alike, machineWithBudget, outcomesOf, play } from './scenario.js';
import type { Recording } from './recording.js';

const machine = idleMachine(4 * GiB);

function mishaps(change: Partial<Mishaps>): () => Mishaps {
  return () => ({ ...NO_MISHAPS, ...change });
}

function play1(change: Partial<Mishaps>, ...tasks: Parameters<typeof alike>): Recording {
  return play({ machine, tasks: alike(...tasks), mishapsOf: mishaps(change) });
}

describe('what the simulator once found', () => {
  test('a brake that came back after it was lifted lay where it had lain before, below use', () => {
    const slow: Program = {
      ...rampAndHold(5.1 * GiB, 6000, 6000),
      curve: [
        { atMs: 0, bytes: 0 },
        { atMs: 500, bytes: 4.85 * GiB },
        { atMs: 4000, bytes: 4.85 * GiB },
        { atMs: 6000, bytes: 5.1 * GiB },
        { atMs: 12_000, bytes: 5.1 * GiB },
      ],
    };
    const requesting = (bytes: number): Partial<TaskSpec> => ({
      memory: { requestBytes: bytes, grow: { kind: 'none' } },
    });
    const recording = play({
      // What others take at 1.5 s brings the line down on those who run.
      machine: {
        ...idleMachine(16 * GiB),
        outsideBytes: (tMs) => (tMs < 1500 ? 0.5 : 5.5) * GiB,
      },
      tasks: [
        ...alike('stopped', 1, rampAndHold(10 * MiB, 100, 60_000), {
          ...requesting(20 * MiB),
          timeoutMs: 4000,
          onPreempt: { signal: 'SIGTERM', graceMs: 0 },
        }),
        ...alike('slow', 2, slow, requesting(4.85 * GiB)),
      ],
      // Its end takes three seconds, in which the brake is lifted.
      mishapsOf: (task) => ({ ...NO_MISHAPS, stuckMs: task === 'stopped.0' ? 3000 : 0 }),
    });
    expect(violations(recording)).toEqual([]);
    const ended = present(
      eventsOf(recording, 'attempt-ended').find(({ task }) => task === 'stopped.0'),
      'it ended',
    );
    const back = recording.treeWrites.find(({ tMs }) => Math.round(tMs) === ended.tMs);
    expect(back?.highBytes).toBeGreaterThan(back?.usedBytes ?? Infinity);
  });

  test('who was first in line was passed for ever while max_parallel filled up behind it', () => {
    const requesting = (bytes: number): Partial<TaskSpec> => ({
      memory: { requestBytes: bytes, grow: { kind: 'none' } },
      cpus: 0,
    });
    // They never end two at a time.
    const small = (row: number): Program => rampAndHold(0.9 * GiB, 100, 5000 + 310 * (row % 3));
    const recording = play({
      machine: machineWithBudget(4 * GiB),
      config: { maxParallel: 2 },
      tasks: [
        ...alike('first', 1, rampAndHold(0.9 * GiB, 100, 2500), requesting(1 * GiB)),
        ...alike('large', 1, rampAndHold(2.9 * GiB, 100, 1000), requesting(3 * GiB)),
        ...alike('small', 40, small, requesting(1 * GiB)),
      ],
    });
    expect(violations(recording)).toEqual([]);
    const large = eventsOf(recording, 'attempt-admitted').find(({ task }) => task === 'large.0');
    expect(large?.tMs).toBeLessThan(75_000);
  });

  test('who was first in line was passed for ever by others of its own concurrency group', () => {
    const net = (bytes: number): Partial<TaskSpec> => ({
      memory: { requestBytes: bytes, grow: { kind: 'none' } },
      cpus: 0,
      profile: 'none',
      concurrency: 'net',
    });
    const small = (row: number): Program => rampAndHold(0.9 * GiB, 100, 5000 + 310 * (row % 3));
    const recording = play({
      machine: machineWithBudget(4 * GiB),
      config: { groups: { net: 2 } },
      tasks: [
        ...alike('first', 1, rampAndHold(0.9 * GiB, 100, 2500), net(1 * GiB)),
        ...alike('large', 1, rampAndHold(2.9 * GiB, 100, 1000), net(3 * GiB)),
        ...alike('small', 40, small, net(1 * GiB)),
      ],
    });
    expect(violations(recording)).toEqual([]);
    const large = eventsOf(recording, 'attempt-admitted').find(({ task }) => task === 'large.0');
    expect(large?.tMs).toBeLessThan(75_000);
  });

  test('who lacked now a resource and now memory was passed for ever', () => {
    const wanting = (bytes: number, gpu: number): Partial<TaskSpec> => ({
      memory: { requestBytes: bytes, grow: { kind: 'none' } },
      cpus: 0,
      profile: 'none',
      resources: gpu > 0 ? { gpu } : {},
    });
    const withGpu = (row: number): Program => rampAndHold(0.5 * GiB, 100, 4100 + 310 * (row % 3));
    const without = (row: number): Program => rampAndHold(0.9 * GiB, 100, 5300 + 470 * (row % 4));
    const recording = play({
      machine: machineWithBudget(4 * GiB),
      config: { resources: { gpu: 1 } },
      tasks: [
        ...alike('first', 1, rampAndHold(0.9 * GiB, 100, 2500), wanting(1 * GiB, 0)),
        ...alike('large', 1, rampAndHold(2.9 * GiB, 100, 1000), wanting(3 * GiB, 1)),
        ...alike('gpu', 40, withGpu, wanting(0.6 * GiB, 1)),
        ...alike('plain', 60, without, wanting(1 * GiB, 0)),
      ],
    });
    expect(violations(recording)).toEqual([]);
    const large = eventsOf(recording, 'attempt-admitted').find(({ task }) => task === 'large.0');
    expect(large?.tMs).toBeLessThan(80_000);
  });

  test('a task that grew its limit forgot that it had been preempted above it', () => {
    const grower: Program = {
      ...rampAndHold(800 * MiB, 5000, 2000),
      curve: [
        { atMs: 0, bytes: 0 },
        { atMs: 1000, bytes: 560 * MiB },
        { atMs: 4000, bytes: 560 * MiB },
        { atMs: 5000, bytes: 800 * MiB },
        { atMs: 7000, bytes: 800 * MiB },
      ],
    };
    const recording = play({
      machine: machineWithBudget(2 * GiB),
      tasks: [
        ...alike('fixed', 2, rampAndHold(800 * MiB, 3000, 3000), {
          memory: { requestBytes: 100 * MiB, grow: { kind: 'none' } },
        }),
        ...alike('grower', 1, grower, {
          preemptible: 1,
          memory: { limitBytes: 600 * MiB, grow: { kind: 'list', bytes: [1000 * MiB] } },
        }),
      ],
    });
    expect(violations(recording)).toEqual([]);
    expect(outcomesOf(recording)).toEqual({ succeeded: 3 });
    const requeues = eventsOf(recording, 'task-requeued');
    expect(requeues.map(({ cause }) => cause.kind)).toEqual(['preempted', 'limit-grown']);
    expect(requeues[1]?.floorBytes).toBe(requeues[0]?.floorBytes);
    expect(requeues[0]?.floorBytes).toBeGreaterThan(600 * MiB);
  });

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
