import { describe, expect, it } from 'vitest';
import type { AttemptEnded } from '../../../../src/core/events.js';
import { sampleOf } from '../../../../src/core/learning/sample.js';
import type { Verdict } from '../../../../src/core/outcome.js';
import { MiB } from '../../../../src/util/bytes.js';

const ENDED_AT_MS = 1_700_000_009_000;
const show = (attempt: AttemptEnded) => sampleOf(attempt, 'cgroup', ENDED_AT_MS);
const OOM = { oomKill: 1, oom: 0, max: 0 };

const ended = (verdict: Verdict, more: Partial<AttemptEnded> = {}): AttemptEnded => ({
  kind: 'attempt-ended',
  tMs: 9000,
  task: 'a',
  attempt: 1,
  verdict,
  peakBytes: 100 * MiB,
  cpuMs: 3000,
  ranMs: 4000,
  ...more,
});

describe('what an attempt shows', () => {
  it('is all of it when it succeeded', () => {
    const curve = Array<number>(16).fill(100 * MiB);
    const sample = show(ended({ kind: 'exit', code: 0 }, { curve, inputBytes: 7 }));
    expect(sample).toEqual({
      kind: 'completed',
      peakBytes: 100 * MiB,
      durationMs: 4000,
      cpuMs: 3000,
      endedAtMs: ENDED_AT_MS,
      tier: 'cgroup',
      inputBytes: 7,
      curve,
    });
  });

  it.each<Verdict>([
    { kind: 'preempted', peakBytes: 1 },
    { kind: 'own-limit', limitBytes: 1, peakBytes: 1, oom: OOM },
    { kind: 'bystander', peakBytes: 1, usedBytes: 1, budgetBytes: 1, oom: OOM },
    { kind: 'over-budget', peakBytes: 1, budgetBytes: 1, oom: OOM },
    { kind: 'timed-out', timeoutMs: 1 },
    { kind: 'canceled', by: 'signal' },
    { kind: 'external-signal', signal: 'SIGKILL' },
  ])('is a lower bound after $kind', (verdict) => {
    expect(show(ended(verdict))).toEqual({
      kind: 'lower-bound',
      peakBytes: 100 * MiB,
      durationMs: 4000,
      endedAtMs: ENDED_AT_MS,
      tier: 'cgroup',
    });
  });

  it.each<[string, Verdict, Partial<AttemptEnded>]>([
    ['it failed', { kind: 'exit', code: 3 }, {}],
    ['it crashed', { kind: 'external-signal', signal: 'SIGSEGV' }, {}],
    ['it never ran', { kind: 'could-not-start', error: 'no' }, {}],
    ['it was stopped unseen', { kind: 'canceled', by: 'signal' }, { peakBytes: 0 }],
  ])('is nothing when %s', (_, verdict, more) => {
    expect(show(ended(verdict, more))).toBeUndefined();
  });
});
