import { describe, expect, test } from 'vitest';
import { claimOf, estimateFor, isGuess, raisedFloor } from '../../../src/core/estimate.js';
import { learnFrom } from '../../../src/core/knowledge.js';
import { newRecorder } from '../../../src/core/learning/curve.js';
import type { RunSample } from '../../../src/core/learning/types.js';
import type { Estimate } from '../../../src/core/reasons.js';
import type { LiveAttempt, TaskRecord } from '../../../src/core/run-state.js';
import type { TaskSpec } from '../../../src/core/task-spec.js';
import { GiB, MiB } from '../../../src/util/bytes.js';
import { plainTask } from '../../sim/specs.js';
import { Loop } from './loop.js';

interface Given {
  readonly spec?: Partial<TaskSpec>;
  readonly before?: Partial<TaskRecord>;
  readonly peaksMib?: readonly number[];
  readonly lowerBoundMib?: readonly number[];
  readonly liveMib?: number;
  readonly settledMib?: number;
  /** First peaks of other groups of the run. */
  readonly run?: readonly number[];
}

const BUDGET = 8 * GiB;

/** The estimate of a task in MiB, and what it rests on. */
function estimate({
  spec,
  before,
  peaksMib = [],
  lowerBoundMib = [],
  liveMib,
  settledMib,
  run = [],
}: Given): string {
  const loop = new Loop([plainTask('a', { profile: 'peak', ...spec })]);
  const record = Object.assign(loop.record('a'), before);
  const { knowledge } = loop.control;
  for (const sample of [...peaksMib.map(completed), ...lowerBoundMib.map(stopped)])
    learnFrom(knowledge, 'a', sample);
  for (const mib of run) {
    knowledge.run.groups.add(`other ${knowledge.run.groups.size}`);
    knowledge.run.maxBytes = Math.max(knowledge.run.maxBytes, mib * MiB);
    knowledge.run.sumBytes += mib * MiB;
  }
  const basis = {
    budgetBytes: BUDGET,
    liveGroupPeaks: new Map(liveMib === undefined ? [] : [['a', liveMib * MiB]]),
    settledGroupPeaks: new Map(settledMib === undefined ? [] : [['a', settledMib * MiB]]),
  };
  const { bytes, source, samples } = estimateFor(record, knowledge, basis);
  return `${Math.round(bytes / MiB)} ${source} ${samples}`;
}

let endedAtMs = 0;

function completed(mib: number): RunSample {
  endedAtMs += 1000;
  const times = { durationMs: 1000, cpuMs: 500, endedAtMs };
  return { kind: 'completed', peakBytes: mib * MiB, ...times, tier: 'cgroup' };
}

function stopped(mib: number): RunSample {
  endedAtMs += 1000;
  const times = { durationMs: 1000, endedAtMs };
  return { kind: 'lower-bound', peakBytes: mib * MiB, ...times, tier: 'cgroup' };
}

const request = (mib: number): Partial<TaskSpec> => ({
  memory: { requestBytes: mib * MiB, grow: { kind: 'none' } },
});

describe('the estimate', () => {
  test.each<[string, Given, string]>([
    ['nothing is known: a quarter of the budget', {}, '2048 unknown 0'],
    ['a running one of its group has gone higher', { liveMib: 2000 }, '2600 unknown 0'],
    ['a stopped one of its group has gone higher', { lowerBoundMib: [3000] }, '3900 unknown 0'],
    ['the run knows one other', { run: [100] }, '1638 run 1'],
    ['the run knows three others, large ones', { run: [100, 1500, 100] }, '2048 run 3'],
    ['the run knows some, small ones', { run: [100, 100, 300, 300] }, '1024 run 4'],
    ['the run knows many', { run: Array<number>(60).fill(100) }, '150 run 60'],
    [
      'the same, and it may be preempted',
      { spec: { preemptible: 1 }, run: [100, 100, 300, 300] },
      '200 run 4',
    ],
    ['the run knows some, larger than its share', { run: [9000, 9000, 9000, 9000] }, '2048 run 4'],
    [
      'one of its group runs and stands still',
      { spec: { preemptible: 1 }, liveMib: 300, settledMib: 300 },
      '600 unknown 0',
    ],
    [
      'another of its group has gone higher since',
      { spec: { preemptible: 1 }, liveMib: 900, settledMib: 300 },
      '1170 unknown 0',
    ],
    ['one of its group has finished', { peaksMib: [300] }, '390 group 1'],
    ['two have', { peaksMib: [300, 200] }, '340 group 2'],
    ['two have, alike', { peaksMib: [300, 300] }, '315 group 2'],
    ['three have, far apart', { peaksMib: [300, 200, 100] }, '365 group 3'],
    ['three have, all alike', { peaksMib: [300, 300, 300] }, '315 group 3'],
    [
      'one that was stopped went higher',
      { peaksMib: [300, 200, 100], lowerBoundMib: [500] },
      '500 group 3',
    ],
    ['it says what it needs', { spec: request(700) }, '700 request 0'],
    ['it says less than others needed', { spec: request(200), peaksMib: [300] }, '300 request 1'],
    [
      'it says more than others needed',
      { spec: request(900), peaksMib: [300, 300, 300] },
      '315 group 3',
    ],
    ['it wants no profile', { spec: { profile: 'none' }, peaksMib: [9, 9, 9] }, '1638 run 1'],
    ['it is tiny', { peaksMib: [1, 1, 1] }, '16 group 3'],
    [
      'an earlier attempt went higher',
      { peaksMib: [300, 300, 300], before: { floorBytes: 400 * MiB } },
      '400 earlier-attempt 0',
    ],
    [
      'an earlier attempt went lower',
      { peaksMib: [300, 300, 300], before: { floorBytes: 200 * MiB } },
      '315 group 3',
    ],
    ['its limit is lower', { before: { limitBytes: 150 * MiB } }, '150 unknown 0'],
    [
      'its limit stands for a request',
      { spec: { memory: { limitBytes: 600 * MiB, grow: { kind: 'none' } } } },
      '600 request 0',
    ],
  ])('%s', (_, given, expected) => {
    expect(estimate(given)).toBe(expected);
  });

  test.each<[Partial<Estimate>, boolean]>([
    [{ source: 'unknown' }, true],
    [{ source: 'run', samples: 50 }, true],
    [{ source: 'group', samples: 1 }, true],
    [{ source: 'group', samples: 2 }, false],
    [{ source: 'request' }, false],
    [{ source: 'earlier-attempt' }, false],
  ])('%o is a guess: %s', (given, expected) => {
    expect(isGuess({ bytes: 1, source: 'unknown', samples: 0, ...given })).toBe(expected);
  });

  test('after a stop is the largest of what was expected and what was seen and some more', () => {
    expect(raisedFloor(0, 0, 1000 * MiB)).toBe(1200 * MiB);
    expect(raisedFloor(0, 0, 100 * MiB)).toBe(200 * MiB);
    expect(raisedFloor(0, 900 * MiB, 100 * MiB)).toBe(900 * MiB);
    expect(raisedFloor(950 * MiB, 900 * MiB, 100 * MiB)).toBe(950 * MiB);
  });
});

describe('the claim of a running attempt', () => {
  const attempt = (source: Estimate['source'], mib: number): LiveAttempt => ({
    number: 1,
    admittedAtMs: 0,
    estimate: { bytes: mib * MiB, source, samples: source === 'group' ? 3 : 0 },
  });
  const memory = (usedMib: number, peakMib = usedMib, attemptNumber = 1) => ({
    attempt: attemptNumber,
    usedBytes: usedMib * MiB,
    peakBytes: peakMib * MiB,
    flatSinceMs: 0,
    lookedAtMs: 0,
    cpu: { sinceMs: 0, cpuMs: 0, cpus: undefined },
    recorder: newRecorder(),
  });
  const claim = (
    live: LiveAttempt,
    seen: ReturnType<typeof memory> | undefined,
    level = 0,
    nowMs = 0,
  ): number => Math.round(claimOf(live, seen, level, nowMs) / MiB);

  test('is its estimate before it was looked at, and while only an older attempt was', () => {
    expect(claim(attempt('unknown', 800), undefined)).toBe(800);
    expect(claim(attempt('unknown', 800), memory(5, 5, 0))).toBe(800);
  });

  test('is the larger of use and estimate when that is known', () => {
    expect(claim(attempt('group', 800), memory(100), 0, 1e6)).toBe(800);
    expect(claim(attempt('group', 800), memory(900))).toBe(900);
  });

  test('gives way while a guess does not grow, in 10 s by half; where nothing could stop it, half of it stays', () => {
    const guess = attempt('unknown', 1000);
    expect(claim(guess, memory(200))).toBe(220 + 800);
    expect(claim(guess, memory(200), 0, 120_000)).toBe(220 + 400);
    expect(claim(guess, memory(200), 0, 1e6)).toBe(220 + 400);
    expect(claim(guess, memory(200), 1, 10_000)).toBe(220 + 400);
    expect(claim(guess, memory(200), 1, 1e6)).toBe(220);
  });

  test('keeps to the peak of a guess that has shrunk', () => {
    expect(claim(attempt('unknown', 1000), memory(50, 200), 1, 1e6)).toBe(220);
  });
});
