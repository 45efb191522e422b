import { describe, expect, test } from 'vitest';
import { nextUp } from '../../../src/core/back-off.js';
import {
  dequeue,
  emptyQueue,
  enqueue,
  everyoneInOrder,
  inOrder,
  queueLength,
  releaseDue,
  type Queue,
} from '../../../src/core/queue.js';
import type { TaskRecord } from '../../../src/core/run-state.js';
import type { TaskSpec } from '../../../src/core/task-spec.js';
import { plainTask } from '../../sim/specs.js';
import { Loop } from './loop.js';

/** A record of its own, in no queue. */
function waiting(
  index: number,
  spec: Partial<TaskSpec> = {},
  before: Partial<TaskRecord> = {},
): TaskRecord {
  const record = new Loop([plainTask(`t${index}`, spec)]).record(`t${index}`);
  return Object.assign(record, { spec: { ...record.spec, index }, ...before });
}

function queueOf(...records: TaskRecord[]): Queue {
  const queue = emptyQueue();
  for (const record of records) enqueue(queue, record);
  return queue;
}

function names(queue: Queue, isOpen: (lane: string) => boolean = () => true): string[] {
  return [...inOrder(queue, isOpen)].map(({ spec }) => spec.id);
}

describe('the queue', () => {
  test('goes by priority, then by place in the jobfile', () => {
    const queue = queueOf(
      waiting(3),
      waiting(0, { priority: -1 }),
      waiting(2, { priority: 5 }),
      waiting(1),
    );
    expect(names(queue)).toEqual(['t2', 't1', 't3', 't0']);
  });

  test('puts a task first that was preempted three times', () => {
    const queue = queueOf(
      waiting(0, { priority: 9 }),
      waiting(1, {}, { preemptions: 2 }),
      waiting(2, {}, { preemptions: 3 }),
    );
    expect(names(queue)).toEqual(['t2', 't0', 't1']);
  });

  test('merges the lanes of concurrency groups, and skips closed ones as a whole', () => {
    const queue = queueOf(
      waiting(0, { concurrency: 'net' }),
      waiting(1),
      waiting(2, { concurrency: 'net', priority: 1 }),
      waiting(3, { concurrency: 'disk' }),
    );
    expect(names(queue)).toEqual(['t2', 't0', 't1', 't3']);
    expect(names(queue, (lane) => lane !== 'net')).toEqual(['t1', 't3']);
  });

  test('gives up a task that is taken out, and no other', () => {
    const records = [0, 1, 2].map((index) => waiting(index));
    const queue = queueOf(...records);
    dequeue(queue, records[1]!);
    dequeue(queue, records[1]!);
    dequeue(queue, waiting(9));
    dequeue(queue, waiting(9, { concurrency: 'never seen' }));
    expect(names(queue)).toEqual(['t0', 't2']);
    expect(queueLength(queue)).toBe(2);
  });

  test('keeps its order when many come in at once, and again one by one', () => {
    const order = Array.from({ length: 100 }, (_, at) => (at * 37) % 100);
    const queue = queueOf(...order.slice(0, 60).map((index) => waiting(index)));
    expect(names(queue)).toHaveLength(60);
    for (const index of order.slice(60)) enqueue(queue, waiting(index));
    expect(names(queue)).toEqual(Array.from({ length: 100 }, (_, at) => `t${at}`));
  });
});

/** A record that backs off from now on, which is 0 ms. */
function resting(index: number, notBeforeMs: number, spec: Partial<TaskSpec> = {}): TaskRecord {
  return waiting(index, spec, { phase: { kind: 'queued', sinceMs: 0, notBeforeMs } });
}

describe('a back-off', () => {
  test('keeps a task out of line until it is over, and counts it all the same', () => {
    const queue = queueOf(resting(0, 300), waiting(1), resting(2, 100, { priority: 5 }));
    expect(names(queue)).toEqual(['t1']);
    expect(queueLength(queue)).toBe(3);
    releaseDue(queue, 99);
    expect(names(queue)).toEqual(['t1']);
    releaseDue(queue, 100);
    expect(names(queue)).toEqual(['t2', 't1']);
    releaseDue(queue, 5000);
    expect(names(queue)).toEqual(['t2', 't0', 't1']);
    expect(queueLength(queue)).toBe(3);
  });

  test('of no time at all is none', () => {
    expect(names(queueOf(resting(0, 0)))).toEqual(['t0']);
  });

  test('ends in the lane of its concurrency group', () => {
    const queue = queueOf(resting(0, 100, { concurrency: 'net' }), waiting(1));
    releaseDue(queue, 100);
    expect(names(queue)).toEqual(['t0', 't1']);
    expect(names(queue, (lane) => lane !== 'net')).toEqual(['t1']);
  });

  test('is left early by a task that is taken out, from the top, the middle and the end', () => {
    const records = Array.from({ length: 50 }, (_, at) => resting(at, 100 + ((at * 37) % 50)));
    const queue = queueOf(...records);
    const [top] = records;
    expect(nextUp(queue.backOff)).toBe(top);
    for (const at of [0, 7, 23, 24, 49, 7]) dequeue(queue, records[at]!);
    expect(queueLength(queue)).toBe(45);
    const gone = new Set(['t0', 't7', 't23', 't24', 't49']);
    for (let nowMs = 99; nowMs < 150; nowMs += 1) {
      releaseDue(queue, nowMs);
      expect(names(queue)).toEqual(
        records
          .filter(({ phase }) => phase.kind === 'queued' && phase.notBeforeMs <= nowMs)
          .map(({ spec }) => spec.id)
          .filter((id) => !gone.has(id)),
      );
    }
    expect(nextUp(queue.backOff)).toBeUndefined();
  });

  test('that ends first is next, and of those that end together the first in the jobfile', () => {
    const queue = queueOf(resting(3, 200), resting(2, 100), resting(1, 100));
    expect(nextUp(queue.backOff)?.spec.id).toBe('t1');
  });

  test('makes no difference to the order of everyone', () => {
    const queue = queueOf(resting(2, 100), waiting(1), resting(0, 900), waiting(3));
    expect(everyoneInOrder(queue).map(({ spec }) => spec.id)).toEqual(['t0', 't1', 't2', 't3']);
  });

  test('is begun once at a time', () => {
    const record = resting(0, 100);
    const queue = queueOf(record);
    expect(() => {
      enqueue(queue, record);
    }).toThrow('task t0 backs off once at a time');
  });
});
