import { VpaHistogram } from '../vpa.js';
import { peakOf, type PackingJob } from './workload.js';

/** Writes requests, as an autoscaler does: again for every task that waits, by what has finished. */
export interface Advisor {
  requestFor(job: PackingJob): number;
  /** @param nowMs - when it finished, since the start of the run. */
  learn(job: PackingJob, nowMs: number): void;
}

/** A quantile of the group's peaks so far, times a margin; before the first, what the user asked for. */
export function quantileOf(q: number, margin: number): Advisor {
  const groups = new Map<string, number[]>();
  return {
    requestFor: (job) => {
      const peaks = groups.get(job.group);
      return peaks === undefined
        ? asked(job)
        : margin * (peaks[Math.ceil(q * peaks.length) - 1] ?? 0);
    },
    learn: (job) => {
      const peaks = groups.get(job.group) ?? [];
      const peakBytes = peakOf(job);
      const at = peaks.findIndex((peak) => peak >= peakBytes);
      peaks.splice(at === -1 ? peaks.length : at, 0, peakBytes);
      groups.set(job.group, peaks);
    },
  };
}

/** The vertical pod autoscaler's rule; see {@link VpaHistogram}. */
export function vpa(): Advisor {
  const groups = new Map<string, VpaHistogram>();
  return {
    requestFor: (job) => groups.get(job.group)?.recommendation() ?? asked(job),
    learn: (job, nowMs) => {
      const known = groups.get(job.group) ?? new VpaHistogram(nowMs);
      groups.set(job.group, known);
      known.learn(peakOf(job), nowMs);
    },
  };
}

function asked(job: PackingJob): number {
  return job.requestBytes ?? peakOf(job);
}
