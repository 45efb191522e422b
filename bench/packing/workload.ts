import type { Course } from '../../src/core/rehearsal/course.js';

/** One task of a workload: what a scheduler may know of it beforehand, and what it then does. */
export interface PackingJob {
  /** Tasks that are expected to be alike. */
  readonly group: string;
  readonly course: Course;
  /** What its user set aside for it; absent where nobody did. */
  readonly requestBytes?: number;
  /** Size of its input, where it was known before the task ran. */
  readonly inputBytes?: number;
  /** After the start of the workload. */
  readonly arrivalMs: number;
  /** Places in the workload of jobs that must have finished first. */
  readonly needs: readonly number[];
}

/** Tasks to be packed onto one machine. */
export interface Workload {
  readonly name: string;
  readonly jobs: readonly PackingJob[];
  /** How it was made, in a sentence for whoever reads the table. */
  readonly about: string;
}

/** The most that a job ever uses, bytes. */
export function peakOf({ course }: PackingJob): number {
  return course.curve.reduce((most, bytes) => Math.max(most, bytes), 0);
}

/** The workload without what could never run in so much memory. */
export function fitting(workload: Workload, memoryBytes: number): Workload {
  const places = new Map<number, number>();
  for (const [at, job] of workload.jobs.entries())
    if (peakOf(job) <= memoryBytes) places.set(at, places.size);
  const jobs = workload.jobs.flatMap((job, at) =>
    places.has(at) ? [{ ...job, needs: job.needs.flatMap((need) => places.get(need) ?? []) }] : [],
  );
  return { ...workload, jobs };
}

/** The workload with its jobs in another order; those that arrive at different times keep their times. */
export function shuffled(workload: Workload, next: () => number): Workload {
  const order = workload.jobs.map((_, at) => at);
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = Math.floor(next() * (at + 1));
    [order[at], order[other]] = [order[other] ?? at, order[at] ?? other];
  }
  const places = new Map(order.map((before, at) => [before, at]));
  const jobs = order.flatMap((before) => {
    const job = workload.jobs[before];
    return job === undefined
      ? []
      : [{ ...job, needs: job.needs.flatMap((need) => places.get(need) ?? []) }];
  });
  return { ...workload, jobs };
}
