import type { CompletedRun } from './types.js';

/** A retry goes this much beyond the largest peak ever seen, */
const BEYOND_LARGEST = 1.1;
/** at least this much beyond what was too little, */
const LEAST_STEP = 1.25;
/** and this much where even the largest peak was too little. */
const BLIND_STEP = 2;
/** Every peak is reached well before so many retries. */
const MOST_RETRIES = 64;

/** What is set aside for a task that went beyond `bytes`, where the largest peak so far was `largestBytes`. */
export function nextRung(bytes: number, largestBytes: number): number {
  return bytes < largestBytes
    ? Math.max(BEYOND_LARGEST * largestBytes, LEAST_STEP * bytes)
    : BLIND_STEP * bytes;
}

/**
 * What it would have cost to set aside `bytes` for this run, in bytes times milliseconds: what was set aside and not
 * used; where it was too little, what it had used until it went beyond, times `penalty`, and the same again with more.
 *
 * @param largestBytes - the largest peak known when it began.
 */
export function costOf(
  bytes: number,
  run: CompletedRun,
  largestBytes: number,
  penalty: number,
): number {
  const { peakBytes, durationMs } = run;
  let set = Math.max(bytes, 1);
  let cost = 0;
  for (let retry = 0; set < peakBytes && retry < MOST_RETRIES; retry += 1) {
    cost += penalty * set * durationMs * crossedAt(run, set);
    set = nextRung(set, largestBytes);
  }
  return cost + Math.max(0, set - peakBytes) * durationMs;
}

/** The share of its duration after which a run went beyond `bytes`: 1 where that is not known. */
function crossedAt({ curve }: CompletedRun, bytes: number): number {
  if (curve === undefined) return 1;
  const bin = curve.findIndex((most) => most > bytes);
  return bin === -1 ? 1 : (bin + 0.5) / curve.length;
}
