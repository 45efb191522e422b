import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundsOf, highestOf } from '../../bench/packing/bounds.js';
import { areaOf, stepsOf } from '../../src/core/rehearsal/course.js';
import { rehearse, RISE_SHARE, type RehearsalSetup } from '../../src/core/rehearsal/rehearse.js';
import type { PreemptibleLevel } from '../../src/core/task-spec.js';
import { GiB, MiB } from '../../src/util/bytes.js';
import { plainConfig, plainTask } from '../sim/specs.js';

const task = fc.record({
  curveMib: fc.array(fc.integer({ min: 0, max: 6000 }), { minLength: 1, maxLength: 12 }),
  durationMs: fc.integer({ min: 0, max: 600_000 }),
  cpus: fc.constantFrom(0, 0.5, 1, 3),
  level: fc.constantFrom<PreemptibleLevel>(0, 1, 1, 4),
  requestMib: fc.option(fc.integer({ min: 1, max: 8000 }), { nil: undefined }),
  group: fc.constantFrom('g', 'h', 'own'),
  needsFirst: fc.boolean(),
  retries: fc.integer({ min: 0, max: 2 }),
  arrivalMs: fc.constantFrom(0, 0, 0, 1000, 400_000),
  inputBytes: fc.option(fc.integer({ min: 1, max: 1e9 }), { nil: undefined }),
});

const setup = fc
  .record({
    tasks: fc.array(task, { minLength: 1, maxLength: 25 }),
    budgetGib: fc.constantFrom(2, 4, 8, 20),
    cpus: fc.constantFrom(1, 4, Infinity),
    killLatencyMs: fc.constantFrom(0, 100, 2000),
    startUp: fc.constantFrom<RehearsalSetup['startUp'][]>(
      undefined,
      { kind: 'ms', ms: 500 },
      { kind: 'share', share: 0.1 },
    ),
    intervalMs: fc.constantFrom(50, 100, 1000),
  })
  .map(({ tasks, budgetGib, cpus, killLatencyMs, startUp, intervalMs }): RehearsalSetup => {
    const of = (id: string): (typeof tasks)[number] => tasks[Number(id.slice(1))]!;
    return {
      config: plainConfig({
        budget: { kind: 'bytes', bytes: budgetGib * GiB },
        cpus,
        intervalMs,
      }),
      tasks: tasks.map((one, index) => {
        const id = `t${index}`;
        const { requestMib } = one;
        const request = requestMib === undefined ? {} : { requestBytes: requestMib * MiB };
        return plainTask(id, {
          index,
          needs: one.needsFirst && index > 0 ? ['t0'] : [],
          preemptible: one.level,
          memory: { grow: { kind: 'none' }, ...request },
          group: one.group === 'own' ? id : one.group,
          retries: { max: one.retries, on: [], delayMs: 500, backoff: 2 },
          ...(one.inputBytes === undefined ? {} : { hasInputs: true }),
        });
      }),
      courseOf: (id) => {
        const { curveMib, durationMs, cpus: busy } = of(id);
        return { curve: curveMib.map((mib) => mib * MiB), durationMs, cpus: busy };
      },
      arrivalMs: (id) => of(id).arrivalMs,
      inputBytesOf: (id) => of(id).inputBytes,
      host: { capacityBytes: (budgetGib + 1) * GiB, outsideBytes: 0, killLatencyMs },
      ...(startUp === undefined ? {} : { startUp }),
    };
  });

describe('whatever is rehearsed', () => {
  test('comes to its end, every task once, and memory is never used twice', () => {
    fc.assert(
      fc.property(setup, (one) => {
        const { tasks, peakBytes, makespanMs } = rehearse(one);
        expect([...tasks.keys()].sort()).toEqual(one.tasks.map(({ id }) => id).sort());
        const { budget } = one.config;
        expect(peakBytes).toBeLessThanOrEqual(budget.kind === 'bytes' ? budget.bytes : NaN);
        for (const { readyMs, startedMs = readyMs, endedMs } of tasks.values()) {
          expect(startedMs).toBeGreaterThanOrEqual(readyMs);
          expect(endedMs).toBeGreaterThanOrEqual(startedMs);
          expect(endedMs).toBeLessThanOrEqual(makespanMs);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('goes the same way again', () => {
    fc.assert(
      fc.property(setup, (one) => {
        expect(rehearse(one)).toEqual(rehearse(one));
      }),
      { numRuns: 30 },
    );
  });

  test('holds what had to be held and what was lost, and no less', () => {
    fc.assert(
      fc.property(setup, (one) => {
        const { usedByteMs, usefulByteMs, killedByteMs, tasks, makespanMs } = rehearse(one);
        const steps = one.tasks.map(({ id }) =>
          stepsOf(one.courseOf(id), RISE_SHARE * one.host.capacityBytes),
        );
        const useful = steps.reduce((sum, each, at) => {
          const { outcome } = tasks.get(`t${at}`)!;
          return sum + (outcome === 'succeeded' ? areaOf(each) : 0);
        }, 0);
        expect(usefulByteMs).toBeCloseTo(useful, -3);
        // Waiting for memory or processors holds memory, too, and so does a start-up.
        expect(usedByteMs * (1 + 1e-9) + 1).toBeGreaterThanOrEqual(useful + killedByteMs);
        const { budget } = one.config;
        const most = budget.kind === 'bytes' ? budget.bytes : NaN;
        expect(usedByteMs).toBeLessThanOrEqual(most * makespanMs + 1);
      }),
      { numRuns: 100 },
    );
  });

  test('beats no lower bound', () => {
    fc.assert(
      fc.property(setup, (one) => {
        const { tasks, makespanMs } = rehearse(one);
        const { budget, cpus } = one.config;
        const done = one.tasks.filter(({ id }) => tasks.get(id)?.outcome === 'succeeded');
        const bounds = boundsOf(
          done.map(({ id, needs }) => ({
            steps: stepsOf(one.courseOf(id), RISE_SHARE * one.host.capacityBytes),
            cpus: one.courseOf(id).cpus,
            arrivalMs: one.arrivalMs?.(id) ?? 0,
            needs: done[0]?.id === 't0' ? needs.map(() => 0) : [],
          })),
          { memoryBytes: budget.kind === 'bytes' ? budget.bytes : NaN, cpus },
        );
        // Moments are whole milliseconds.
        expect(makespanMs + 1).toBeGreaterThanOrEqual(highestOf(bounds));
      }),
      { numRuns: 100 },
    );
  });
});
