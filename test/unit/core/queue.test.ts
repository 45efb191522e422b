import { describe, expect, test } from 'vitest';
import {
  dequeue,
  emptyQueue,
  enqueue,
  inOrder,
  queueLength,
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
