import type { RunEvent, RunStarted } from '../../src/core/events.js';
import type { MemoryNumbers } from '../../src/core/reasons.js';
import type { TaskSpec } from '../../src/core/task-spec.js';
import { GiB, MiB } from '../../src/util/bytes.js';
import { plainConfig, plainTask } from '../sim/specs.js';

const BUDGET_BYTES = 60 * GiB;
const JOBS = ['fetch', 'trim', 'align', 'sort', 'dedup', 'call', 'annotate', 'stats', 'plot', 'qc'];
/** Every so many-th task is preempted once, or fails. */
const PREEMPTED_EVERY = 97;
const FAILS_EVERY = 101;
const TICK_MS = 500;

/** What a made journal looks like. */
export interface MadeRun {
  readonly tasks: number;
  /** At the same time. */
  readonly parallel: number;
  readonly runId: string;
  /** Default: a plain one. */
  readonly nameOf?: (index: number) => string;
}

/** The first event of a made journal. */
export function madeStart({ runId, tasks }: Pick<MadeRun, 'runId' | 'tasks'>): RunStarted {
  return {
    kind: 'run-started',
    tMs: 0,
    version: 1,
    runId,
    startedAtMs: Date.UTC(2026, 10, 25, 18),
    bootId: 'boot',
    pid: 1,
    memsched: '0.1.0',
    jobfile: 'jobs.yaml',
    tier: 'cgroup',
    tasks,
    config: plainConfig({ name: 'made', cpus: 32 }),
  };
}

/** A task of a made journal. */
export function madeSpec(id: string, index: number, job: string): TaskSpec {
  return plainTask(id, {
    index,
    job,
    cpus: 1,
    preemptible: 3,
    retries: { max: 0, on: [], delayMs: 0, backoff: 1 },
    group: `${job}#3f9c12ab`,
  });
}

interface Live {
  readonly id: string;
  readonly index: number;
  readonly attempt: number;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly peakBytes: number;
}

/**
 * The events of a run of many tasks, as memsched would write them: a few at a time, some preempted and run again, some
 * failed, a sample a second. The same every time.
 */
export function* madeRun(order: MadeRun): Generator<RunEvent, void> {
  const { tasks, parallel, nameOf = (index: number) => `${jobOf(index)}.s${index}` } = order;
  yield madeStart(order);
  yield {
    kind: 'budget-changed',
    tMs: 0,
    budgetBytes: BUDGET_BYTES,
    capacityBytes: 64 * GiB,
    outsideBytes: 2 * GiB,
  };
  for (let index = 0; index < tasks; index += 1)
    yield { kind: 'task-planned', tMs: 0, spec: madeSpec(nameOf(index), index, jobOf(index)) };
  const queue = Array.from({ length: tasks }, (_, index) => ({ index, attempt: 1 }));
  let live: Live[] = [];
  let failed = 0;
  let preemptions = 0;
  let nowMs = 0;
  for (let next = 0; next < queue.length || live.length > 0; nowMs += TICK_MS) {
    for (const each of live.filter(({ untilMs }) => untilMs <= nowMs)) {
      const isPreempted = each.attempt === 1 && each.index % PREEMPTED_EVERY === 5;
      const fails = each.index % FAILS_EVERY === 7;
      if (isPreempted) {
        yield* preempted(each, live, nowMs);
        preemptions += 1;
        queue.push({ index: each.index, attempt: 2 });
      } else {
        yield* ended(each, nowMs, fails ? 1 : 0);
        if (fails) failed += 1;
      }
      live = live.filter((other) => other !== each);
    }
    for (; live.length < parallel && next < queue.length; next += 1) {
      const { index = 0, attempt = 1 } = queue[next] ?? {};
      const started = begun({ id: nameOf(index), index, attempt }, nowMs);
      yield* admitted(started, live, nowMs);
      live.push(started);
    }
    if (nowMs % 1000 === 0) yield sampled(live, nowMs);
  }
  yield {
    kind: 'run-ended',
    tMs: nowMs,
    outcomes: { succeeded: tasks - failed, failed },
    preemptions,
    oomKills: 0,
  };
}

function jobOf(index: number): string {
  return JOBS[index % JOBS.length] ?? '';
}

function begun(who: Pick<Live, 'id' | 'index' | 'attempt'>, nowMs: number): Live {
  return {
    ...who,
    sinceMs: nowMs,
    untilMs: nowMs + 2000 + ((who.index * 7919) % 30_000),
    peakBytes: (200 + ((who.index * 104_729) % 2000)) * MiB,
  };
}

function usedBytes({ sinceMs, untilMs, peakBytes }: Live, nowMs: number): number {
  return Math.round(peakBytes * Math.min(1, 0.2 + (nowMs - sinceMs) / (untilMs - sinceMs)));
}

function numbers(live: readonly Live[], nowMs: number): MemoryNumbers {
  const used = live.reduce((sum, each) => sum + usedBytes(each, nowMs), 0);
  return {
    usedBytes: used,
    budgetBytes: BUDGET_BYTES,
    availableBytes: 62 * GiB - used,
    growthBytesPerS: 0,
    somePct: (used / BUDGET_BYTES) * 12,
    fullPct: (used / BUDGET_BYTES) * 3,
  };
}

function* admitted(each: Live, live: readonly Live[], tMs: number): Generator<RunEvent, void> {
  const { id: task, attempt } = each;
  const estimate = { bytes: 1024 * MiB, source: 'group', samples: 12, rule: 'max × 1.15' } as const;
  const reason = {
    rule: 'fits',
    estimate,
    claimedBytes: live.length * GiB,
    allowanceBytes: 0.9 * BUDGET_BYTES,
    numbers: numbers(live, tMs),
    passed: 0,
  } as const;
  yield { kind: 'attempt-admitted', tMs, task, attempt, reason };
  yield { kind: 'attempt-launched', tMs: tMs + 3, task, attempt, pid: 1000 + each.index };
}

function* ended(each: Live, tMs: number, code: number): Generator<RunEvent, void> {
  const { id: task, attempt } = each;
  yield { kind: 'attempt-exited', tMs, task, attempt, exit: { kind: 'code', code } };
  yield over(each, tMs, { kind: 'exit', code });
  yield { kind: 'task-finished', tMs, task, outcome: code === 0 ? 'succeeded' : 'failed' };
}

function* preempted(each: Live, live: readonly Live[], tMs: number): Generator<RunEvent, void> {
  const { id: task, attempt, peakBytes } = each;
  const candidates = live.map((other, at) => ({
    task: other.id,
    attempt: other.attempt,
    usedBytes: usedBytes(other, tMs),
    estimateBytes: 1024 * MiB,
    ageMs: tMs - other.sinceMs,
    verdict:
      other === each
        ? ({ kind: 'taken', rank: 1, effectiveLevel: 3 } as const)
        : ({ kind: 'spared', rank: at + 2, effectiveLevel: 3 } as const),
  }));
  yield {
    kind: 'attempt-stopping',
    tMs,
    task,
    attempt,
    graceMs: 5000,
    reason: {
      kind: 'preempted',
      preempt: {
        level: 'preempt',
        numbers: numbers(live, tMs),
        targetBytes: 0.85 * BUDGET_BYTES,
        dyingBytes: 0,
        candidates,
      },
    },
  };
  yield over(each, tMs + 50, { kind: 'preempted', peakBytes });
  yield {
    kind: 'task-requeued',
    tMs: tMs + 50,
    task,
    cause: { kind: 'preempted', preemptions: 1 },
    notBeforeMs: tMs + 1050,
    floorBytes: peakBytes,
  };
}

function over(
  { id: task, attempt, peakBytes, sinceMs }: Live,
  tMs: number,
  verdict: Extract<RunEvent, { kind: 'attempt-ended' }>['verdict'],
): RunEvent {
  const ranMs = tMs - sinceMs;
  return { kind: 'attempt-ended', tMs, task, attempt, verdict, peakBytes, cpuMs: ranMs / 2, ranMs };
}

function sampled(live: readonly Live[], tMs: number): RunEvent {
  return {
    kind: 'sampled',
    tMs,
    level: 'open',
    claimedBytes: live.length * GiB,
    numbers: numbers(live, tMs),
    attempts: live.map((each) => ({
      task: each.id,
      attempt: each.attempt,
      usedBytes: usedBytes(each, tMs),
      peakBytes: usedBytes(each, tMs),
    })),
  };
}
