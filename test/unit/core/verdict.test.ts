import { describe, expect, test } from 'vitest';
import type { ExitStatus, OomCounters, Verdict } from '../../../src/core/outcome.js';
import type { StopReason } from '../../../src/core/reasons.js';
import type { LiveAttempt } from '../../../src/core/run-state.js';
import { outcomeOf, verdictOf, type EndOfAttempt } from '../../../src/core/verdict.js';

const NO_OOM: OomCounters = { oomKill: 0, oom: 0, max: 0 };
const KILLED: ExitStatus = { kind: 'signal', signal: 'SIGKILL' };
const LOST: ExitStatus = { kind: 'unknown', why: 'its parent died' };

interface Case {
  readonly exit?: ExitStatus;
  readonly stop?: StopReason;
  readonly couldAnswer?: boolean;
  readonly oom?: OomCounters;
  readonly limitBytes?: number;
  readonly peakBytes?: number;
  readonly wasAlone?: boolean;
  readonly hostOomKills?: number;
}

function verdict({
  exit,
  stop,
  couldAnswer = true,
  oom,
  limitBytes,
  peakBytes = 500,
  wasAlone = false,
  hostOomKills = 0,
}: Case): Verdict {
  const attempt: LiveAttempt = {
    number: 1,
    admittedAtMs: 0,
    estimate: { bytes: 100, source: 'request', samples: 0 },
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(exit === undefined ? {} : { exited: { status: exit, atMs: 10 } }),
  };
  const end: EndOfAttempt = {
    attempt,
    stop,
    couldAnswer,
    tally: { peakBytes, cpuMs: 0, ...(oom === undefined ? {} : { oom }) },
    budgetBytes: 1000,
    usedBytes: 900,
    wasAlone,
    hostOomKills,
  };
  return verdictOf(end);
}

const PREEMPTED: StopReason = {
  kind: 'preempted',
  preempt: {
    level: 'preempt',
    numbers: { usedBytes: 0, budgetBytes: 0, availableBytes: 0, growthBytesPerS: 0 },
    targetBytes: 0,
    dyingBytes: 0,
    candidates: [],
  },
};

describe('who ended it', () => {
  test.each<[string, Case, Verdict['kind']]>([
    ['exit 0', { exit: { kind: 'code', code: 0 } }, 'exit'],
    ['exit 7', { exit: { kind: 'code', code: 7 } }, 'exit'],
    ['a signal that nobody of us sent', { exit: KILLED, oom: NO_OOM }, 'external-signal'],
    ['a signal where there are no counters', { exit: KILLED }, 'external-signal'],
    ['SIGKILL while the host counted a kill', { exit: KILLED, hostOomKills: 1 }, 'bystander'],
    [
      'the shell says 137 while the host counted a kill',
      { exit: { kind: 'code', code: 137 }, hostOomKills: 1 },
      'bystander',
    ],
    [
      'another signal while the host counted a kill',
      { exit: { kind: 'signal', signal: 'SIGTERM' }, hostOomKills: 1 },
      'external-signal',
    ],
    [
      'another code while the host counted a kill',
      { exit: { kind: 'code', code: 1 }, hostOomKills: 1 },
      'exit',
    ],
    [
      'the host counted a kill, and its own counters say that it was not hit',
      { exit: KILLED, oom: NO_OOM, hostOomKills: 1 },
      'external-signal',
    ],
    [
      'the host counted a kill, alone and as large as the budget',
      { exit: KILLED, hostOomKills: 1, peakBytes: 900, wasAlone: true },
      'over-budget',
    ],
    [
      'we preempted it while the host counted a kill',
      { exit: KILLED, stop: PREEMPTED, hostOomKills: 1 },
      'preempted',
    ],
    ['we preempted it', { exit: KILLED, stop: PREEMPTED }, 'preempted'],
    [
      'it tidied up and exited 0',
      { exit: { kind: 'code', code: 0 }, stop: PREEMPTED },
      'preempted',
    ],
    [
      'it had succeeded when the kill came that nobody had told it of',
      { exit: { kind: 'code', code: 0 }, stop: PREEMPTED, couldAnswer: false },
      'exit',
    ],
    [
      'it failed when the kill came: a shell whose command was killed first says so, too',
      { exit: { kind: 'code', code: 137 }, stop: PREEMPTED, couldAnswer: false },
      'preempted',
    ],
    [
      'its time was up',
      { exit: KILLED, stop: { kind: 'timed-out', timeoutMs: 5, ranMs: 6 } },
      'timed-out',
    ],
    ['the user', { exit: KILLED, stop: { kind: 'signal', signal: 'SIGINT' } }, 'canceled'],
    ['the run was halted', { exit: KILLED, stop: { kind: 'halt', failures: 1 } }, 'canceled'],
    [
      'it ended and left others behind',
      { exit: { kind: 'code', code: 3 }, stop: { kind: 'left-behind' } },
      'exit',
    ],
    [
      'its own limit',
      { exit: KILLED, limitBytes: 500, oom: { oomKill: 1, oom: 1, max: 9 } },
      'own-limit',
    ],
    [
      'its own limit, found by sampling',
      { exit: KILLED, limitBytes: 500, oom: { ...NO_OOM, of: 'sampled' } },
      'own-limit',
    ],
    [
      'the kernel, with a limit that was not in the way',
      { exit: KILLED, limitBytes: 500, oom: { oomKill: 1, oom: 0, max: 0 } },
      'bystander',
    ],
    ['the kernel', { exit: KILLED, oom: { oomKill: 1, oom: 0, max: 0 } }, 'bystander'],
    [
      'the kernel took a child and the shell exits 137',
      { exit: { kind: 'code', code: 137 }, oom: { oomKill: 1, oom: 0, max: 0 } },
      'bystander',
    ],
    [
      'the kernel, alone and as large as the budget',
      { exit: KILLED, oom: { oomKill: 1, oom: 0, max: 0 }, peakBytes: 900, wasAlone: true },
      'over-budget',
    ],
    [
      'the kernel, as large as the budget but not alone',
      { exit: KILLED, oom: { oomKill: 1, oom: 0, max: 0 }, peakBytes: 900 },
      'bystander',
    ],
    [
      'the kernel took a child and it succeeded all the same',
      { exit: { kind: 'code', code: 0 }, oom: { oomKill: 1, oom: 1, max: 1 }, limitBytes: 500 },
      'exit',
    ],
    ['nothing is known of its end', {}, 'could-not-start'],
    ['nobody can tell how it ended', { exit: LOST, oom: NO_OOM }, 'lost'],
    [
      'nobody can tell how it ended, nor who of the host was killed',
      { exit: LOST, hostOomKills: 1 },
      'lost',
    ],
    [
      'nobody can tell how it ended, but its own counters do',
      { exit: LOST, oom: { oomKill: 1, oom: 0, max: 0 } },
      'bystander',
    ],
    [
      'nobody can tell how it ended, and we had stopped it',
      { exit: LOST, stop: PREEMPTED },
      'preempted',
    ],
  ])('%s', (_, end, kind) => {
    expect(verdict(end).kind).toBe(kind);
  });

  test('carries the numbers', () => {
    const oom = { oomKill: 2, oom: 1, max: 7 };
    expect(verdict({ exit: KILLED, limitBytes: 480, oom })).toEqual({
      kind: 'own-limit',
      limitBytes: 480,
      peakBytes: 500,
      oom,
    });
    expect(verdict({ exit: KILLED, hostOomKills: 3 })).toMatchObject({
      oom: { oomKill: 3, oom: 0, max: 0, of: 'host' },
    });
    expect(verdict({ exit: KILLED, oom })).toEqual({
      kind: 'bystander',
      peakBytes: 500,
      usedBytes: 900,
      budgetBytes: 1000,
      oom,
    });
  });
});

describe('what becomes of it without another try', () => {
  const oom = NO_OOM;
  test.each<[Verdict, string]>([
    [{ kind: 'exit', code: 0 }, 'succeeded'],
    [{ kind: 'exit', code: 1 }, 'failed'],
    [{ kind: 'own-limit', limitBytes: 1, peakBytes: 1, oom }, 'oom-killed'],
    [{ kind: 'bystander', peakBytes: 1, usedBytes: 1, budgetBytes: 1, oom }, 'oom-killed'],
    [{ kind: 'over-budget', peakBytes: 1, budgetBytes: 1, oom }, 'oom-killed'],
    [{ kind: 'timed-out', timeoutMs: 1 }, 'timed-out'],
    [{ kind: 'canceled', by: 'signal' }, 'canceled'],
    [{ kind: 'external-signal', signal: 'SIGSEGV' }, 'failed'],
    [{ kind: 'could-not-start', error: 'no' }, 'failed'],
    [{ kind: 'lost', why: 'no' }, 'failed'],
  ])('%o is %s', (given, outcome) => {
    expect(outcomeOf(given)).toBe(outcome);
  });
});
