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

/** Constants of the Kubernetes vertical pod autoscaler's recommender. */
const FIRST_BYTES = 1e7;
const GROWTH = 1.05;
const HALF_LIFE_MS = 24 * 3_600_000;
const PERCENTILE = 0.9;
const MARGIN = 1.15;

/**
 * The vertical pod autoscaler's rule: the 90th percentile of a histogram of peaks that decays by time, and 15 %. Its
 * least recommendation of 250 MB is left out: it is meant for services, and would only make small tasks look worse.
 */
export function vpa(): Advisor {
  const groups = new Map<string, Map<number, number>>();
  return {
    requestFor: (job) => {
      const weights = groups.get(job.group);
      return weights === undefined ? asked(job) : MARGIN * percentile(weights);
    },
    learn: (job, nowMs) => {
      const weights = groups.get(job.group) ?? new Map<number, number>();
      const bucket = Math.floor(
        Math.log(1 + (peakOf(job) * (GROWTH - 1)) / FIRST_BYTES) / Math.log(GROWTH),
      );
      weights.set(bucket, (weights.get(bucket) ?? 0) + 2 ** (nowMs / HALF_LIFE_MS));
      groups.set(job.group, weights);
    },
  };
}

/** The upper edge of the bucket in which it lies. */
function percentile(weights: ReadonlyMap<number, number>): number {
  const buckets = [...weights].sort(([a], [b]) => a - b);
  const total = buckets.reduce((sum, [, weight]) => sum + weight, 0);
  let reached = 0;
  for (const [bucket, weight] of buckets) {
    reached += weight;
    if (reached >= PERCENTILE * total)
      return (FIRST_BYTES * (GROWTH ** (bucket + 1) - 1)) / (GROWTH - 1);
  }
  throw new RangeError('no peak was ever learned');
}

function asked(job: PackingJob): number {
  return job.requestBytes ?? peakOf(job);
}
