import { describe, expect, test } from 'vitest';
import type { RunConfig, TaskSpec } from '../../../src/core/task-spec.js';
import { GiB } from '../../../src/util/bytes.js';
import { plainTask } from '../../sim/specs.js';
import type { WaitReason } from '../../../src/core/reasons.js';
import {
  emptyLine,
  noteRefusal,
  waitersAfter,
  type Line,
  type Waiters,
} from '../../../src/core/reservation.js';
import { Loop } from './loop.js';

function needing(id: string, gib: number, spec: Partial<TaskSpec> = {}): TaskSpec {
  const memory = { requestBytes: gib * GiB, grow: { kind: 'none' } } as const;
  return plainTask(id, { memory, cpus: 0, ...spec });
}

/**
 * Small tasks that come and go while `long` runs and `head` waits: each finishes after ten seconds, so that one of them
 * could start at any time.
 *
 * @returns how many of the small ones had started after `seconds`.
 */
function startedAfter(
  seconds: number,
  {
    long,
    head,
    small,
    config,
  }: {
    readonly long: TaskSpec;
    readonly head: TaskSpec;
    readonly small: Partial<TaskSpec>;
    readonly config?: Partial<RunConfig>;
  },
): number {
  const many = Array.from({ length: 40 }, (_, at) => needing(`s${at}`, 2, small));
  const loop = new Loop([long, head, ...many], config);
  loop.tick();
  for (let at = 0; at < seconds; at += 1) {
    loop.launchAll({ afterMs: 1000 });
    for (const record of [...loop.state.live.values()]) {
      if (record.spec.id.startsWith('s') && at % 10 === 9) loop.end(record.spec.id);
    }
  }
  expect(loop.record('head').phase.kind).toBe('queued');
  return many.filter(({ id }) => loop.record(id).attempts > 0).length;
}

describe('the head of the queue', () => {
  test('that waits for memory is passed for a minute, and no longer', () => {
    const given = { long: needing('long', 5), head: needing('head', 6), small: {} };
    const inAMinute = startedAfter(60, given);
    expect(inAMinute).toBeGreaterThan(8);
    expect(startedAfter(300, given)).toBeLessThanOrEqual(inAMinute + 2);
  });

  test('is passed for a minute, and no longer, where each that passes fills the run up', () => {
    const given = {
      long: needing('long', 5),
      head: needing('head', 6),
      small: {},
      config: { maxParallel: 2 },
    };
    const inAMinute = startedAfter(60, given);
    expect(inAMinute).toBeGreaterThan(4);
    expect(startedAfter(300, given)).toBeLessThanOrEqual(inAMinute + 1);
  });

  test('that waits for processors is passed for a minute, and no longer', () => {
    const given = {
      long: needing('long', 1, { cpus: 2 }),
      head: needing('head', 1, { cpus: 4 }),
      small: { cpus: 1 },
      config: { cpus: 4 },
    };
    const inAMinute = startedAfter(60, given);
    expect(inAMinute).toBeGreaterThan(8);
    expect(startedAfter(300, given)).toBeLessThanOrEqual(inAMinute + 2);
  });

  test('that waits for a named resource never holds up those that do not want it', () => {
    const given = {
      long: needing('long', 1, { resources: { gpu: 1 } }),
      head: needing('head', 1, { resources: { gpu: 2 } }),
      small: {},
      config: { resources: { gpu: 2 } },
    };
    expect(startedAfter(150, given)).toBe(40);
  });

  test('that waits for a named resource is passed for a minute by those that want it', () => {
    const given = {
      long: needing('long', 1, { resources: { gpu: 1 } }),
      head: needing('head', 1, { resources: { gpu: 2 } }),
      small: { resources: { gpu: 1 } },
      config: { resources: { gpu: 2 } },
    };
    const inAMinute = startedAfter(60, given);
    expect(inAMinute).toBeGreaterThan(4);
    expect(startedAfter(300, given)).toBeLessThanOrEqual(inAMinute + 1);
  });

  test('is passed for a minute, and no longer, by others of its own full group', () => {
    const lane = { concurrency: 'net' };
    const given = {
      long: needing('long', 5),
      head: needing('head', 6, lane),
      small: lane,
      config: { groups: { net: 1 } },
    };
    const inAMinute = startedAfter(60, given);
    expect(inAMinute).toBeGreaterThan(4);
    expect(startedAfter(300, given)).toBeLessThanOrEqual(inAMinute + 1);
  });

  test('that lacks now this, now that, is passed for a minute altogether', () => {
    const lacking = (reason: WaitReason, waiters: Waiters, nowMs: number): Line => {
      const line = emptyLine();
      noteRefusal(line, 'head', reason, waiters, nowMs, 0);
      return line;
    };
    const gpu: WaitReason = { kind: 'resource', name: 'gpu', wanted: 1, inUse: 2, capacity: 2 };
    const estimate = { bytes: 2, source: 'request', samples: 0 } as const;
    const memory: WaitReason = { kind: 'memory', estimate, claimedBytes: 9, allowanceBytes: 10 };
    const first = lacking(gpu, new Map(), 0);
    let waiters = waitersAfter(first, new Map(), 0, () => true);
    const young = lacking(memory, waiters, 30_000);
    expect([...young.reserved]).toEqual([]);
    waiters = waitersAfter(young, waiters, 30_000, () => true);
    expect([...lacking(gpu, waiters, 60_000).reserved]).toEqual(['resource gpu']);
    expect([...lacking(memory, waiters, 60_000).reserved]).toEqual(['capacity']);
  });

  test('that waits for something else does not hide one that waits for memory', () => {
    const loop = new Loop(
      [
        needing('long', 5, { resources: { gpu: 1 } }),
        needing('first', 1, { resources: { gpu: 1 } }),
        needing('second', 6),
        ...Array.from({ length: 40 }, (_, at) => needing(`s${at}`, 3)),
      ],
      { resources: { gpu: 1 } },
    );
    loop.tick();
    for (let at = 0; at < 70; at += 1) loop.launchAll({ afterMs: 1000 });
    const running = [...loop.state.live.keys()].filter((id) => id.startsWith('s'));
    for (const id of running) loop.end(id);
    loop.tick();
    expect([...loop.state.live.keys()]).toEqual(['long']);
  });
});
