import { performance } from 'node:perf_hooks';
import type { Contestant } from './contestants.js';
import type { Job } from './job.js';
import { wasteOf } from './waste.js';

/**
 * When a contestant is told what a job used: `sequential` before the next one begins, as if no two had ever run at the
 * same time; `delayed` once it had ended, as it was.
 */
export type Feedback = 'sequential' | 'delayed';

/** What a contestant made of a set of jobs. */
export interface Score {
  readonly jobs: number;
  /** Jobs of whose group nothing was known: their user's request was taken. */
  readonly cold: number;
  /** Jobs that went beyond what was set aside at first. */
  readonly overruns: number;
  readonly usedByteMs: number;
  readonly overByteMs: number;
  readonly failedByteMs: number;
  /** What was wasted on each group that is large enough to tell, bytes times milliseconds. */
  readonly wastedByGroup: ReadonlyMap<string, number>;
  /** Time that a prediction or a lesson took, on average. */
  readonly usPerOperation: number;
}

/** Groups of fewer jobs are hardly more than their first, of which nobody can know. */
const TELLING_JOBS = 20;

/** Something that happens in a replay. */
type Step =
  { readonly kind: 'begins'; readonly job: Job } | { readonly kind: 'ended'; readonly job: Job };

/** Replays the jobs; the contestant is asked when one begins, and told when it has ended. */
export function replay(jobs: readonly Job[], contestant: Contestant, feedback: Feedback): Score {
  const steps = inTime(feedback === 'sequential' ? oneByOne(jobs) : jobs);
  const largest = new Map<string, number>();
  const groups = new Map<string, { readonly jobs: number; readonly byteMs: number }>();
  const totals = { cold: 0, overruns: 0, usedByteMs: 0, overByteMs: 0, failedByteMs: 0 };
  let spentMs = 0;
  for (const { kind, job } of steps) {
    const known = largest.get(job.group) ?? 0;
    const beganMs = performance.now();
    if (kind === 'ended') {
      contestant.learn(job);
      spentMs += performance.now() - beganMs;
      largest.set(job.group, Math.max(known, job.run.peakBytes));
      continue;
    }
    const predicted = contestant.predict(job);
    spentMs += performance.now() - beganMs;
    const waste = wasteOf(job, predicted ?? job.requestBytes, known);
    totals.cold += predicted === undefined ? 1 : 0;
    totals.overruns += waste.failedAttempts > 0 ? 1 : 0;
    totals.usedByteMs += waste.usedByteMs;
    totals.overByteMs += waste.overByteMs;
    totals.failedByteMs += waste.failedByteMs;
    const { jobs: before, byteMs } = groups.get(job.group) ?? { jobs: 0, byteMs: 0 };
    groups.set(job.group, {
      jobs: before + 1,
      byteMs: byteMs + waste.overByteMs + waste.failedByteMs,
    });
  }
  return {
    jobs: jobs.length,
    ...totals,
    wastedByGroup: new Map(
      [...groups]
        .filter(([, group]) => group.jobs >= TELLING_JOBS)
        .map(([name, { byteMs }]) => [name, byteMs]),
    ),
    usPerOperation: (1000 * spentMs) / steps.length,
  };
}

/** The jobs in the order in which they were submitted, each beginning when the one before it has ended. */
function oneByOne(jobs: readonly Job[]): Job[] {
  let nowMs = Math.min(...jobs.map(({ submittedAtMs }) => submittedAtMs));
  return [...jobs]
    .sort((a, b) => a.submittedAtMs - b.submittedAtMs)
    .map((job) => {
      const startedAtMs = nowMs;
      nowMs += job.run.durationMs;
      return { ...job, startedAtMs, run: { ...job.run, endedAtMs: nowMs } };
    });
}

/** What ended at the moment at which another began was known to it; no job is known to itself, however short it was. */
function inTime(jobs: readonly Job[]): Step[] {
  return jobs
    .flatMap((job) => [
      { atMs: job.startedAtMs, rank: 1, step: { kind: 'begins', job } as const },
      {
        atMs: job.run.endedAtMs,
        rank: job.run.endedAtMs > job.startedAtMs ? 0 : 2,
        step: { kind: 'ended', job } as const,
      },
    ])
    .sort((a, b) => a.atMs - b.atMs || a.rank - b.rank)
    .map(({ step }) => step);
}

/** Memory set aside for nothing: beyond the peak where it was enough, all of it where it was not. Gigabyte hours. */
export function wastedGBh({ overByteMs, failedByteMs }: Score): number {
  return gigabyteHours(overByteMs + failedByteMs);
}

/** Bytes times milliseconds as gigabyte hours. */
export function gigabyteHours(byteMs: number): number {
  return byteMs / 1e9 / 3_600_000;
}

/** Share of all that was set aside that was used, 0 to 1. */
export function maqOf({ usedByteMs, overByteMs, failedByteMs }: Score): number {
  return usedByteMs / (usedByteMs + overByteMs + failedByteMs);
}
