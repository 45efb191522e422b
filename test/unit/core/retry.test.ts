import { describe, expect, test } from 'vitest';
import type { OomCounters, Verdict } from '../../../src/core/outcome.js';
import { grownLimit, requeueAfter } from '../../../src/core/retry.js';
import type { TaskRecord } from '../../../src/core/run-state.js';
import type { LimitGrowth, MemorySpec, RetrySpec } from '../../../src/core/task-spec.js';
import { MiB } from '../../../src/util/bytes.js';
import { plainTask } from '../../sim/specs.js';
import { Loop } from './loop.js';

const OOM: OomCounters = { oomKill: 1, oom: 0, max: 0 };
const PEAK = 400 * MiB;
const FAILED: Verdict = { kind: 'exit', code: 75 };
const PREEMPTED: Verdict = { kind: 'preempted', peakBytes: PEAK };
const BYSTANDER: Verdict = {
  kind: 'bystander',
  peakBytes: PEAK,
  usedBytes: PEAK,
  budgetBytes: PEAK,
  oom: OOM,
};
const OVER_BUDGET: Verdict = { kind: 'over-budget', peakBytes: PEAK, budgetBytes: PEAK, oom: OOM };
const TIMED_OUT: Verdict = { kind: 'timed-out', timeoutMs: 1 };
const SIGNALLED: Verdict = { kind: 'external-signal', signal: 'SIGSEGV' };
const NOT_STARTED: Verdict = { kind: 'could-not-start', error: 'no such program' };
const SHORTAGE: Verdict = { kind: 'could-not-start', error: 'EAGAIN', isShortage: true };

function ownLimit(limitBytes: number): Verdict {
  return { kind: 'own-limit', limitBytes, peakBytes: limitBytes, oom: OOM };
}

interface Given {
  readonly retries?: Partial<RetrySpec>;
  readonly memory?: MemorySpec;
  readonly before?: Partial<TaskRecord>;
}

function recordOf({ retries, memory, before }: Given): TaskRecord {
  const spec = plainTask('a', {
    retries: { max: 0, on: [], delayMs: 1000, backoff: 2, ...retries },
    ...(memory === undefined ? {} : { memory }),
  });
  return Object.assign(new Loop([spec]).record('a'), before);
}

function requeue(verdict: Verdict, given: Given = {}, estimateBytes = 100 * MiB) {
  return requeueAfter(recordOf(given), { verdict, peakBytes: PEAK, estimateBytes });
}

describe('retries', () => {
  test.each<[string, Verdict, Partial<RetrySpec>, boolean]>([
    ['success needs no retry', { kind: 'exit', code: 0 }, { max: 3 }, false],
    ['no retries, no retry', FAILED, { max: 0 }, false],
    ['every cause by default', FAILED, { max: 1 }, true],
    ['failure covers every code', FAILED, { max: 1, on: ['failure'] }, true],
    ['the code that was named', FAILED, { max: 1, on: ['exit:75'] }, true],
    ['another code', FAILED, { max: 1, on: ['exit:74'] }, false],
    ['oom covers no failure', FAILED, { max: 1, on: ['oom', 'timeout'] }, false],
    ['timeout', TIMED_OUT, { max: 1, on: ['timeout'] }, true],
    ['timeout is no failure', TIMED_OUT, { max: 1, on: ['failure'] }, false],
    ['a signal is a failure', SIGNALLED, { max: 1, on: ['failure'] }, true],
    ['the signal that was named', SIGNALLED, { max: 1, on: ['signal:SIGSEGV'] }, true],
    ['another signal', SIGNALLED, { max: 1, on: ['signal:SIGBUS'] }, false],
    ['not started is a failure', NOT_STARTED, { max: 1, on: ['failure'] }, true],
    ['over the budget is oom', OVER_BUDGET, { max: 1, on: ['oom'] }, true],
    ['over its own limit is oom', ownLimit(PEAK), { max: 1, on: ['oom'] }, true],
  ])('%s', (_, verdict, retries, isRetried) => {
    expect(requeue(verdict, { retries })?.cause.kind).toBe(isRetried ? 'retry' : undefined);
  });

  test.each<[string, Verdict]>([
    ['canceled with its run', { kind: 'canceled', by: 'signal' }],
    ['lost with its supervisor', { kind: 'lost', why: 'died', withSupervisor: true }],
  ])('%s goes on at once in a run that does, whatever has happened to it before', (_, verdict) => {
    const before = { retries: 9, bystanderKills: 9 };
    expect(requeue(verdict, { retries: { max: 0 }, before })).toMatchObject({
      cause: { kind: 'resumed' },
      delayMs: 0,
    });
  });

  test('are used up', () => {
    const retries = { max: 2 };
    expect(requeue(FAILED, { retries, before: { retries: 1 } })?.cause).toEqual({
      kind: 'retry',
      retry: 2,
      of: 2,
    });
    expect(requeue(FAILED, { retries, before: { retries: 2 } })).toBeUndefined();
  });

  test('wait longer each time, up to an hour', () => {
    const delays = [0, 1, 2, 30].map(
      (used) => requeue(FAILED, { retries: { max: 99 }, before: { retries: used } })?.delayMs,
    );
    expect(delays).toEqual([1000, 2000, 4000, 3_600_000]);
  });

  test('do not raise the estimate: the failure was not about memory', () => {
    expect(requeue(FAILED, { retries: { max: 1 } })?.floorBytes).toBe(0);
  });
});

describe('preempted', () => {
  test('is no failure: it runs again without using up a retry', () => {
    expect(requeue(PREEMPTED)?.cause).toEqual({ kind: 'preempted', preemptions: 1 });
  });

  test('comes back later each time, up to a minute', () => {
    const delays = [0, 1, 2, 9].map(
      (preemptions) => requeue(PREEMPTED, { before: { preemptions } })?.delayMs,
    );
    expect(delays).toEqual([1000, 2000, 4000, 60_000]);
  });

  test.each([
    ['a small peak by 100 MiB', 200 * MiB, 300 * MiB],
    ['a large peak by a fifth', 1000 * MiB, 1200 * MiB],
    ['never below what was expected', 10 * MiB, 250 * MiB],
  ])('raises the estimate over %s', (_, peakBytes, floorBytes) => {
    const end = { verdict: PREEMPTED, peakBytes, estimateBytes: 250 * MiB };
    expect(requeueAfter(recordOf({}), end)?.floorBytes).toBe(floorBytes);
  });
});

describe('killed as a bystander', () => {
  test('is requeued unchanged and uses up no retry', () => {
    expect(requeue(BYSTANDER, { retries: { max: 1 } }, PEAK)).toEqual({
      cause: { kind: 'bystander', times: 1 },
      delayMs: 1000,
      floorBytes: 0,
      limitBytes: undefined,
    });
  });

  test('runs again with what it was seen to need when that was more than expected', () => {
    const again = requeue(BYSTANDER);
    expect(again?.floorBytes).toBe(PEAK + 100 * MiB);
  });

  test('is forgiven five times; then it counts', () => {
    const before = { bystanderKills: 5 };
    expect(requeue(BYSTANDER, { before })).toBeUndefined();
    expect(requeue(BYSTANDER, { before, retries: { max: 1 } })?.cause.kind).toBe('retry');
  });
});

describe('not started for want of processes or descriptors', () => {
  test('is no fault of its own: it runs again, a little later each time', () => {
    expect(requeue(SHORTAGE)).toMatchObject({
      cause: { kind: 'bystander', times: 1 },
      delayMs: 1000,
    });
    const again = requeue(SHORTAGE, { before: { bystanderKills: 3 } });
    expect(again?.delayMs).toBe(8000);
  });

  test('counts as its own failure in the end', () => {
    const before = { bystanderKills: 5 };
    expect(requeue(SHORTAGE, { before })).toBeUndefined();
    expect(requeue(SHORTAGE, { before, retries: { max: 1 } })?.cause.kind).toBe('retry');
  });
});

describe('lost', () => {
  const lost: Verdict = { kind: 'lost', why: 'its parent died' };

  test('is requeued unchanged, uses up no retry, and shares the bound of bystanders', () => {
    expect(requeue(lost)).toEqual({
      cause: { kind: 'bystander', times: 1 },
      delayMs: 1000,
      floorBytes: 0,
      limitBytes: undefined,
    });
    const before = { bystanderKills: 5 };
    expect(requeue(lost, { before })).toBeUndefined();
    expect(requeue(lost, { before, retries: { max: 1 } })?.cause.kind).toBe('retry');
  });
});

describe('over its own limit', () => {
  const memory: MemorySpec = { grow: { kind: 'factor', factor: 1.5 }, limitBytes: 400 * MiB };

  test('runs again with a larger one, and uses up no retry', () => {
    expect(requeue(ownLimit(400 * MiB), { memory })).toEqual({
      cause: { kind: 'limit-grown', fromBytes: 400 * MiB, toBytes: 600 * MiB },
      delayMs: 1000,
      floorBytes: 400 * MiB,
      limitBytes: 600 * MiB,
    });
  });

  test('does not forget that an earlier attempt was seen to need more', () => {
    const before = { floorBytes: 500 * MiB };
    expect(requeue(ownLimit(400 * MiB), { memory, before })?.floorBytes).toBe(500 * MiB);
  });

  test('is a failure when it may not grow', () => {
    expect(requeue(ownLimit(PEAK))).toBeUndefined();
    expect(requeue(ownLimit(PEAK), { retries: { max: 1 } })?.cause.kind).toBe('retry');
  });

  test.each<[string, LimitGrowth, number | undefined, number, number, number | undefined]>([
    ['by a factor', { kind: 'factor', factor: 2 }, undefined, 100, 0, 200],
    ['by a factor, five times', { kind: 'factor', factor: 2 }, undefined, 100, 4, 200],
    ['by a factor, not six times', { kind: 'factor', factor: 2 }, undefined, 100, 5, undefined],
    ['up to the maximum', { kind: 'factor', factor: 2 }, 150, 100, 0, 150],
    ['not beyond the maximum', { kind: 'factor', factor: 2 }, 150, 150, 1, undefined],
    ['along a list', { kind: 'list', bytes: [200, 300] }, undefined, 200, 1, 300],
    ['to the end of the list', { kind: 'list', bytes: [200, 300] }, undefined, 300, 2, undefined],
    ['never downwards', { kind: 'list', bytes: [50] }, undefined, 100, 0, undefined],
    ['not at all', { kind: 'none' }, undefined, 100, 0, undefined],
  ])('grows %s', (_, grow, maxBytes, limitBytes, growths, next) => {
    const spec: MemorySpec = { grow, ...(maxBytes === undefined ? {} : { maxBytes }) };
    expect(grownLimit(spec, limitBytes, growths)).toBe(next);
  });
});
