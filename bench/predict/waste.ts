import { nextRung } from '../../src/core/learning/ladder.js';
import type { Job } from './job.js';

/** What one job cost; all in bytes times milliseconds. */
export interface JobWaste {
  /** What it used at its peak, over its duration. */
  readonly usedByteMs: number;
  /** What the attempt that succeeded had set aside beyond that. */
  readonly overByteMs: number;
  /** What the attempts that failed had set aside until they did. */
  readonly failedByteMs: number;
  readonly failedAttempts: number;
}

/** More retries than any real peak needs: a bug rather than a workload. */
const MOST_RETRIES = 64;

/**
 * Runs a job with `allocatedBytes` set aside, and with more each time it went beyond. An attempt fails at the moment at
 * which the job first used more; where that is not recorded, at its end.
 *
 * @param largestBytes - the largest peak of its group that was known when it began; the retry goes by it.
 * @throws RangeError when nothing was set aside.
 */
export function wasteOf(job: Job, allocatedBytes: number, largestBytes: number): JobWaste {
  if (!(allocatedBytes > 0)) throw new RangeError(`nothing was set aside for ${job.group}`);
  const { peakBytes, durationMs } = job.run;
  let set = allocatedBytes;
  let failedByteMs = 0;
  let failedAttempts = 0;
  while (set < peakBytes && failedAttempts < MOST_RETRIES) {
    failedByteMs += set * durationMs * failsAt(job, set);
    failedAttempts += 1;
    set = nextRung(set, largestBytes);
  }
  return {
    usedByteMs: peakBytes * durationMs,
    overByteMs: (set - peakBytes) * durationMs,
    failedByteMs,
    failedAttempts,
  };
}

/** The share of its duration after which the job goes beyond `bytes`, taken from the middle of the part it is in. */
function failsAt({ courseBytes }: Job, bytes: number): number {
  const part = courseBytes?.findIndex((most) => most > bytes) ?? -1;
  return courseBytes === undefined || part === -1 ? 1 : (part + 0.5) / courseBytes.length;
}
