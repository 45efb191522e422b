import { describe, expect, test } from 'vitest';
import type { TaskRequeued } from '../../../src/core/events.js';
import type { ExitStatus, Verdict } from '../../../src/core/outcome.js';
import type {
  AdmitReason,
  Estimate,
  MemoryNumbers,
  RequeueCause,
  SkipCause,
  StopReason,
  WaitReason,
} from '../../../src/core/reasons.js';
import {
  candidateVerdictWords,
  levelWords,
  memoryWords,
} from '../../../src/reporters/words-memory.js';
import {
  admitWords,
  exitedWords,
  requeueWords,
  skipWords,
  stopWords,
  verdictWords,
  waitWords,
} from '../../../src/reporters/words.js';
import { GiB, MiB } from '../../../src/util/bytes.js';

const oom = { oom: 1, oomKill: 3, max: 7 };
const numbers: MemoryNumbers = {
  usedBytes: 1.2 * GiB,
  budgetBytes: 1.5 * GiB,
  availableBytes: 600 * MiB,
  growthBytesPerS: 300 * MiB,
  somePct: 12.34,
  fullPct: 0.4,
};
const estimate: Estimate = { bytes: 300 * MiB, source: 'group', samples: 3 };

const VERDICTS: [Verdict, string][] = [
  [{ kind: 'exit', code: 0 }, 'succeeded'],
  [{ kind: 'exit', code: 2 }, 'exit code 2'],
  [{ kind: 'exit', code: 127 }, 'exit code 127 (the shell did not find a command)'],
  [{ kind: 'exit', code: 137 }, 'exit code 137 (as shells report a command ended by signal 9)'],
  [
    { kind: 'own-limit', limitBytes: 400 * MiB, peakBytes: 399 * MiB, oom },
    'killed by the kernel at its own limit: peak 399M of limit 400M (oom 1, oom_kill 3, max 7)',
  ],
  [
    {
      kind: 'own-limit',
      limitBytes: 200 * MiB,
      peakBytes: 207 * MiB,
      oom: { oom: 0, oomKill: 0, max: 0, of: 'sampled' },
    },
    'ended by memsched at its own limit, seen by sampling: peak 207M of limit 200M',
  ],
  [
    {
      kind: 'bystander',
      peakBytes: 300 * MiB,
      usedBytes: 1.2 * GiB,
      budgetBytes: 1.5 * GiB,
      oom: { oom: 0, oomKill: 1, max: 0 },
    },
    'killed by the kernel for want of memory elsewhere, no fault of its own: peak 300M, while all tasks used 1.2G of the budget 1.5G (oom 0, oom_kill 1, max 0)',
  ],
  [
    { kind: 'over-budget', peakBytes: 1.5 * GiB, budgetBytes: 1.5 * GiB, oom },
    'killed by the kernel although it ran alone, it does not fit the budget: peak 1.5G of budget 1.5G (oom 1, oom_kill 3, max 7)',
  ],
  [
    {
      kind: 'bystander',
      peakBytes: 300 * MiB,
      usedBytes: 1.2 * GiB,
      budgetBytes: 1.5 * GiB,
      oom: { oom: 0, oomKill: 2, max: 0, of: 'host' },
    },
    'killed by the kernel for want of memory elsewhere, no fault of its own: peak 300M, while all tasks used 1.2G of the budget 1.5G (while it ran, oom_kill of the host rose by 2)',
  ],
  [{ kind: 'preempted', peakBytes: 312 * MiB }, 'preempted at a peak of 312M'],
  [{ kind: 'timed-out', timeoutMs: 3_600_000 }, 'stopped at its timeout of 1h00m'],
  [{ kind: 'canceled', by: 'signal' }, 'canceled: memsched was told to stop'],
  [{ kind: 'canceled', by: 'halt' }, 'canceled: the run was halted'],
  [
    { kind: 'over-pids', pids: 300, maxPids: 400 },
    'ended by memsched: it had 300 processes when all tasks together had reached max_pids, 400',
  ],
  [
    { kind: 'external-signal', signal: 'SIGKILL' },
    "ended by SIGKILL from outside: memsched did not send it, and nothing shows that the kernel's OOM killer did",
  ],
  [
    { kind: 'external-signal', signal: 'SIGSEGV' },
    'crashed with SIGSEGV: the program itself is the likely cause, memsched did not send it',
  ],
  [
    { kind: 'external-signal', signal: 'SIGABRT' },
    'crashed with SIGABRT: the program itself is the likely cause, memsched did not send it',
  ],
  [
    { kind: 'could-not-start', error: 'no such file: \x1b[31mx' },
    'could not be started: no such file: \\x1b[31mx',
  ],
  [
    { kind: 'lost', why: 'the launch helper was ended by SIGKILL' },
    'lost, no fault of its own: the launch helper was ended by SIGKILL',
  ],
];

const EXITS: [ExitStatus, string][] = [
  [{ kind: 'code', code: 3 }, 'its main process ends with exit code 3'],
  [{ kind: 'signal', signal: 'SIGRTMIN+2' }, 'its main process is ended by SIGRTMIN+2'],
  [
    { kind: 'unknown', why: 'the launch helper died' },
    'its main process is out of sight: the launch helper died',
  ],
];

const foresight = { peakBytes: 1.4 * GiB, inMs: 40_000, sigmas: 2 };

const WAITS: [WaitReason, string][] = [
  [
    {
      kind: 'memory',
      estimate: { ...estimate, rule: 'max × 1.05' },
      claimedBytes: 1 * GiB,
      allowanceBytes: 1.35 * GiB,
      foresight,
    },
    'waits for memory: with it all are expected to reach 1.4G in 40s (2.0 standard deviations above the mean), more than the 1.4G that claims may fill; estimate 300M (from 3 runs of its group: max × 1.05)',
  ],
  [
    { kind: 'memory', estimate, claimedBytes: 1.2 * GiB, allowanceBytes: 1.35 * GiB },
    'waits for memory: estimate 300M (from 3 runs of its group) on top of claims 1.2G is more than the 1.4G that claims may fill',
  ],
  [
    { kind: 'level', level: 'hold', numbers },
    'held back, the level is hold: used 1.2G of budget 1.5G, growing 300M/s, host has 600M available, pressure some 12.3% full 0.4%',
  ],
  [
    { kind: 'slow-start', group: 'align#3f2a', running: 2, limit: 2 },
    'waits for first results: nothing is known of group align#3f2a yet, and of such tasks 2 run where 2 may',
  ],
  [
    { kind: 'cpus', wanted: 2, inUse: 3, capacity: 4 },
    'waits for processors: it wants 2, 3 of 4 are taken',
  ],
  [
    { kind: 'resource', name: 'gpu', wanted: 1, inUse: 1, capacity: 1 },
    'waits for resource gpu: it wants 1, 1 of 1 are taken',
  ],
  [
    { kind: 'concurrency', name: 'network', limit: 4 },
    'waits for a place in group network, of which 4 may run at once',
  ],
  [{ kind: 'max-parallel', limit: 16 }, 'waits for a place: max_parallel is 16'],
  [{ kind: 'back-off', untilMs: 12_000 }, 'waits out its back-off, 2.0s more'],
];

const STOPS: [StopReason, string][] = [
  [
    {
      kind: 'preempted',
      preempt: {
        level: 'preempt',
        numbers,
        targetBytes: 1.3 * GiB,
        dyingBytes: 100 * MiB,
        candidates: [],
      },
    },
    'level preempt: used 1.2G of budget 1.5G, growing 300M/s, host has 600M available, pressure some 12.3% full 0.4%; aims at 1.3G, 100M being freed already; 0 of 0 running chosen',
  ],
  [{ kind: 'timed-out', timeoutMs: 1000, ranMs: 1040 }, 'it ran 1.0s, its timeout is 1.0s'],
  [{ kind: 'signal', signal: 'SIGTERM' }, 'memsched got SIGTERM'],
  [{ kind: 'halt', failures: 1 }, 'the run was halted after 1 failure'],
  [
    { kind: 'over-pids', pids: 300, maxPids: 400 },
    'it has 300 processes, the most of all, and max_pids is 400',
  ],
  [{ kind: 'left-behind' }, 'its main process ended and left others behind'],
];

const REQUEUES: [RequeueCause, string][] = [
  [
    { kind: 'preempted', preemptions: 2 },
    'runs again after preemption 2, estimate at least 500M, in 2.0s at the earliest',
  ],
  [
    { kind: 'bystander', times: 1 },
    'runs again, not counted as its failure (first time), estimate at least 500M, in 2.0s at the earliest',
  ],
  [
    { kind: 'limit-grown', fromBytes: 400 * MiB, toBytes: 600 * MiB },
    'runs again with limit 600M instead of 400M, in 2.0s at the earliest',
  ],
  [{ kind: 'retry', retry: 1, of: 3 }, 'runs again, retry 1 of 3, in 2.0s at the earliest'],
];

const SKIPS: [SkipCause, string][] = [
  [
    { kind: 'need-did-not-succeed', job: 'fetch' },
    'skipped: it needs fetch, which did not succeed',
  ],
  [{ kind: 'halted', failures: 2 }, 'skipped: the run was halted after 2 failures'],
  [{ kind: 'stopped', signal: 'SIGINT' }, 'not started: memsched got SIGINT'],
];

describe('one sentence for each', () => {
  test.each(VERDICTS)('verdict %j', (verdict, words) => {
    expect(verdictWords(verdict)).toBe(words);
  });

  test.each(EXITS)('exit %j', (exit, words) => {
    expect(exitedWords(exit)).toBe(words);
  });

  test.each(WAITS)('wait %j', (reason, words) => {
    expect(waitWords(reason, 10_000)).toBe(words);
  });

  test.each(STOPS)('stop %j', (reason, words) => {
    expect(stopWords(reason)).toBe(words);
  });

  test.each(REQUEUES)('requeue %j', (cause, words) => {
    const event: TaskRequeued = {
      kind: 'task-requeued',
      tMs: 1000,
      task: 'a',
      cause,
      notBeforeMs: 3000,
      floorBytes: 500 * MiB,
    };
    expect(requeueWords(event)).toBe(words);
  });

  test.each(SKIPS)('skip %j', (cause, words) => {
    expect(skipWords(cause)).toBe(words);
  });
});

describe('admission', () => {
  const reason: AdmitReason = {
    rule: 'fits',
    estimate,
    claimedBytes: 600 * MiB,
    allowanceBytes: 1.35 * GiB,
    numbers,
    passed: 2,
  };

  test('what all are expected to reach, when it was let in by curves', () => {
    expect(admitWords({ ...reason, foresight: { ...foresight, peakBytes: 1.2 * GiB } })).toBe(
      'it fits: estimate 300M (from 3 runs of its group); with it all are expected to reach 1.2G in 40s (2.0 standard deviations above the mean), of the 1.4G that claims may fill; it passed 2 tasks that must wait',
    );
  });

  test('what it fits into, and whom it passed', () => {
    expect(admitWords(reason)).toBe(
      'it fits: estimate 300M (from 3 runs of its group) on top of claims 600M, of the 1.4G that claims may fill; it passed 2 tasks that must wait',
    );
  });

  test('the progress rule says so', () => {
    expect(admitWords({ ...reason, rule: 'progress', passed: 0 })).toMatch(
      /^nothing else runs, so it starts whatever the numbers say/,
    );
  });

  test.each([
    [{ bytes: MiB, source: 'unknown', samples: 0 }, 'a guess: nothing is known of it yet'],
    [
      { bytes: MiB, source: 'run', samples: 1 },
      'a guess: nothing is known of it yet, only of 1 other group',
    ],
    [{ bytes: MiB, source: 'request', samples: 0 }, 'as declared'],
    [{ bytes: MiB, source: 'same-task', samples: 2 }, 'from 2 earlier runs of the same task'],
    [
      { bytes: MiB, source: 'earlier-attempt', samples: 1 },
      'raised: an earlier attempt was stopped on its way up',
    ],
  ] as [Estimate, string][])('estimate %j', (given, words) => {
    expect(admitWords({ ...reason, estimate: given })).toContain(`estimate 1.0M (${words})`);
  });
});

describe('levels and candidates', () => {
  test.each([
    ['usage', 1.2 * GiB, '; the line for hold is 1.2G'],
    ['some-pressure', 10, 'some task stalled on memory 12.3% of the time, the line is 10%; '],
    ['full-pressure', 20, 'all tasks stalled on memory 0.4% of the time, the line is 20%; '],
    ['growth', 1.5 * GiB, 'at this rate the budget of 1.5G is full before a kill takes effect; '],
    ['settled', 1.1 * GiB, '; it stayed under 1.1G'],
  ] as const)('rule %s', (rule, line, words) => {
    const text = levelWords({
      kind: 'level-changed',
      tMs: 0,
      from: 'open',
      to: 'hold',
      reason: { rule, line, numbers },
    });
    expect(text).toMatch(/^open → hold: /);
    expect(text).toContain(words);
    expect(text).toContain(memoryWords(numbers));
  });

  test('a host without PSI, where nothing grows, has fewer numbers', () => {
    const { usedBytes, budgetBytes, availableBytes } = numbers;
    expect(memoryWords({ usedBytes, budgetBytes, availableBytes, growthBytesPerS: -5 * MiB })).toBe(
      'used 1.2G of budget 1.5G, host has 600M available',
    );
  });

  test.each([
    [{ kind: 'taken', rank: 1, effectiveLevel: 3 }, 'taken, rank 1, level 3 (high)'],
    [{ kind: 'spared', rank: 2, effectiveLevel: 1 }, 'spared, rank 2, level 1 (low)'],
    [{ kind: 'rejected', because: 'level-0' }, 'not touched: not preemptible'],
    [
      { kind: 'rejected', because: 'immune' },
      'not touched: was preempted so often that it is left alone',
    ],
    [{ kind: 'rejected', because: 'stopping' }, 'not touched: is being stopped already'],
    [
      { kind: 'rejected', because: 'last-one-running' },
      'not touched: the last one that makes progress',
    ],
  ] as const)('candidate %j', (verdict, words) => {
    expect(candidateVerdictWords(verdict)).toBe(words);
  });
});
