import { describe, expect, it } from 'vitest';
import type { AttemptEnded } from '../../../../src/core/events.js';
import { isPeakSeen } from '../../../../src/core/learning/peak-seen.js';
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

  describe('where memory is known from looks alone', () => {
    const curve = Array<number>(16).fill(60 * MiB);
    const inProcfs = (more: Partial<AttemptEnded>) =>
      sampleOf(ended({ kind: 'exit', code: 0 }, more), 'procfs', ENDED_AT_MS);

    it.each([
      ['it was over at once', { ranMs: 120, curve }],
      ['no look found it', { ranMs: 4000 }],
    ])('is no peak when %s, but what any task is set aside', (_, more) => {
      const sample = inProcfs({ peakBytes: 180 * 1024, ...more });
      expect(sample).toMatchObject({ kind: 'completed', peakBytes: 16 * MiB, tier: 'procfs' });
      expect(sample).not.toHaveProperty('curve');
      expect(sample !== undefined && isPeakSeen(sample)).toBe(false);
    });

    it('is no less than a look found, however short it was', () => {
      expect(inProcfs({ ranMs: 120, peakBytes: 60 * MiB, curve })?.peakBytes).toBe(60 * MiB);
    });

    it('is its peak after two looks and more', () => {
      const sample = inProcfs({ ranMs: 200, peakBytes: 60 * MiB, curve });
      expect(sample).toMatchObject({ peakBytes: 60 * MiB, curve });
      expect(sample !== undefined && isPeakSeen(sample)).toBe(true);
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
