import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextUp } from '../../src/core/back-off.js';
import {
  dequeue,
  emptyQueue,
  enqueue,
  everyoneInOrder,
  inOrder,
  queueLength,
  releaseDue,
  startsBefore,
} from '../../src/core/queue.js';
import type { TaskRecord } from '../../src/core/run-state.js';
import { plainTask } from '../sim/specs.js';
import { Loop } from '../unit/core/loop.js';

const template = new Loop([plainTask('template')]).record('template');

/** Records of different places, priorities, lanes and pasts. */
const records = fc
  .array(
    fc.record({
      priority: fc.integer({ min: -2, max: 2 }),
      preemptions: fc.integer({ min: 0, max: 5 }),
      lane: fc.constantFrom(undefined, 'net', 'disk'),
    }),
    { maxLength: 120 },
  )
  .map((all) =>
    all.map(({ priority, preemptions, lane }, index): TaskRecord => {
      const lanes = lane === undefined ? {} : { concurrency: lane };
      return {
        ...template,
        spec: { ...plainTask(`t${index}`, lanes), index, priority },
        preemptions,
      };
    }),
  );

/** Whether each record comes in at once or one by one, is taken out again, and the lanes that are open. */
const steps = fc.infiniteStream(fc.constantFrom('in', 'in-and-look', 'out', 'in-again'));

describe('the queue', () => {
  test('is always in the order of a sort, whatever came and went, and however it is looked at', () => {
    fc.assert(
      fc.property(records, steps, fc.constantFrom('', 'net', 'disk'), (all, how, closed) => {
        const queue = emptyQueue();
        const inside = new Set<TaskRecord>();
        for (const record of all) {
          const { value: step } = how.next() as { value: string };
          enqueue(queue, record);
          inside.add(record);
          if (step === 'in-and-look') expect([...inOrder(queue, () => true)]).toContain(record);
          if (step === 'out' || step === 'in-again') {
            dequeue(queue, record);
            inside.delete(record);
          }
          if (step === 'in-again') {
            enqueue(queue, record);
            inside.add(record);
          }
        }
        const sorted = [...inside].sort(startsBefore);
        expect(queueLength(queue)).toBe(sorted.length);
        expect([...inOrder(queue, () => true)]).toEqual(sorted);
        expect([...inOrder(queue, (lane) => lane !== closed)]).toEqual(
          sorted.filter(({ spec }) => (spec.concurrency ?? '') !== closed),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('holds back exactly those whose back-off is not over, whatever came, went and came due', () => {
    const moves = fc.array(
      fc.record({
        kind: fc.constantFrom('in', 'in', 'out', 'later'),
        at: fc.nat(),
        ms: fc.integer({ min: -5, max: 40 }),
      }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(records, moves, (all, how) => {
        const queue = emptyQueue();
        const dueMs = new Map<TaskRecord, number>();
        let nowMs = 0;
        for (const { kind, at, ms } of how) {
          const record = all[at % all.length];
          if (record === undefined) return;
          if (kind === 'in' && !dueMs.has(record)) {
            record.phase = { kind: 'queued', sinceMs: nowMs, notBeforeMs: nowMs + ms };
            enqueue(queue, record);
            dueMs.set(record, nowMs + ms);
          } else if (kind === 'out') {
            dequeue(queue, record);
            dueMs.delete(record);
          } else if (kind === 'later') {
            nowMs += Math.max(0, ms);
            releaseDue(queue, nowMs);
          }
          const isDue = (one: TaskRecord): boolean => (dueMs.get(one) ?? 0) <= nowMs;
          const inside = [...dueMs.keys()].sort(startsBefore);
          expect([...inOrder(queue, () => true)]).toEqual(inside.filter(isDue));
          expect(everyoneInOrder(queue)).toEqual(inside);
          expect(queueLength(queue)).toBe(inside.length);
          expect(nextUp(queue.backOff)).toBe(
            inside
              .filter((one) => !isDue(one))
              .sort(
                (a, b) => (dueMs.get(a) ?? 0) - (dueMs.get(b) ?? 0) || a.spec.index - b.spec.index,
              )[0],
          );
        }
      }),
      { numRuns: 200 },
    );
  });

  test('has one order: startsBefore is total and antisymmetric', () => {
    fc.assert(
      fc.property(records, (all) => {
        for (const a of all.slice(0, 20)) {
          for (const b of all.slice(0, 20)) {
            const order = startsBefore(a, b);
            expect(Math.sign(order) + Math.sign(startsBefore(b, a))).toBe(0);
            expect(order === 0).toBe(a === b);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});
