import { CURVE_BINS, type Curve } from './types.js';

/** Parts that are kept of a run whose duration is not known yet. */
const PARTS = 64;
/** Length of a part at first; it doubles whenever they no longer hold the run. */
const FIRST_PART_MS = 16;

/** What a live attempt was seen to use, in a bounded number of parts of equal length. Changed in place. */
export interface CurveRecorder {
  partMs: number;
  /** The most seen in each part; undefined where no look fell into it. {@link PARTS} at the most. */
  readonly mostBytes: (number | undefined)[];
}

/** A recorder for an attempt that begins now. */
export function newRecorder(): CurveRecorder {
  return { partMs: FIRST_PART_MS, mostBytes: [] };
}

/**
 * Takes in one look.
 *
 * @param elapsedMs - since the attempt was launched, 0 or more.
 * @param bytes - its working set.
 */
export function noteUse(recorder: CurveRecorder, elapsedMs: number, bytes: number): void {
  while (elapsedMs >= PARTS * recorder.partMs) halve(recorder);
  const { mostBytes, partMs } = recorder;
  const at = Math.floor(elapsedMs / partMs);
  while (mostBytes.length <= at) mostBytes.push(undefined);
  mostBytes[at] = Math.max(mostBytes[at] ?? 0, bytes);
}

/**
 * The curve of a run that is over: {@link CURVE_BINS} maxima. A bin into which no look fell holds what was seen last
 * before it, or first after it. The highest bin is raised to the peak, which may have come between two looks.
 *
 * @returns undefined when the run was over before it could be looked at.
 */
export function curveOf(
  { partMs, mostBytes }: CurveRecorder,
  durationMs: number,
  peakBytes: number,
): Curve | undefined {
  if (durationMs <= 0) return undefined;
  const seen: (number | undefined)[] = Array<undefined>(CURVE_BINS).fill(undefined);
  for (const [part, bytes] of mostBytes.entries()) {
    if (bytes === undefined) continue;
    const share = ((part + 0.5) * partMs) / durationMs;
    const bin = Math.min(Math.floor(share * CURVE_BINS), CURVE_BINS - 1);
    seen[bin] = Math.max(seen[bin] ?? 0, bytes);
  }
  let last = seen.find((bytes) => bytes !== undefined);
  if (last === undefined) return undefined;
  const bins: number[] = [];
  for (const bytes of seen) {
    last = bytes ?? last;
    bins.push(Math.min(last, peakBytes));
  }
  bins[bins.lastIndexOf(Math.max(...bins))] = peakBytes;
  return bins;
}

function halve(recorder: CurveRecorder): void {
  const { mostBytes } = recorder;
  for (let at = 0; 2 * at < mostBytes.length; at += 1) {
    const left = mostBytes[2 * at];
    const right = mostBytes[2 * at + 1];
    mostBytes[at] = left === undefined ? right : Math.max(left, right ?? 0);
  }
  mostBytes.length = Math.ceil(mostBytes.length / 2);
  recorder.partMs *= 2;
}
