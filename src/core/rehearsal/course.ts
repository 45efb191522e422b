import { assert } from '../../util/assert.js';

/** What a task does when nobody disturbs it: one attempt from its start to exit code 0. */
export interface Course {
  /** Maximum of the working set in each of equal parts of its duration, bytes; at least one part. */
  readonly curve: readonly number[];
  readonly durationMs: number;
  /** Processors it keeps busy. */
  readonly cpus: number;
}

/** Use that stays the same for a while. */
export interface Step {
  readonly bytes: number;
  readonly ms: number;
}

/**
 * A course in steps, as a machine without continuous time plays it: a rise is spread evenly over the part in which it
 * happens, in steps of at most `riseBytes`; a fall happens at once. A curve says no more than that a part's maximum was
 * reached somewhere in it, and a jump of gigabytes in no time would be a harder test than any real task.
 */
export function stepsOf({ curve, durationMs }: Course, riseBytes: number): Step[] {
  const partMs = durationMs / curve.length;
  const steps: Step[] = [];
  let before = 0;
  for (const bytes of curve) {
    const count = Math.max(1, Math.ceil((bytes - before) / riseBytes));
    for (let step = count - 1; step >= 0; step -= 1)
      steps.push({ bytes: bytes - ((bytes - before) * step) / count, ms: partMs / count });
    before = bytes;
  }
  return steps;
}

/** Memory held over time from start to end, bytes × milliseconds. */
export function areaOf(steps: readonly Step[]): number {
  return steps.reduce((area, { bytes, ms }) => area + bytes * ms, 0);
}

/** @throws InvariantError when no machine could follow it. */
export function checkCourse({ curve, durationMs, cpus }: Course): void {
  assert(curve.length > 0, 'a course has at least one part');
  assert(
    curve.every((bytes) => bytes >= 0 && Number.isFinite(bytes)),
    'every part of a course uses some bytes, or none',
  );
  assert(
    durationMs >= 0 && Number.isFinite(durationMs) && cpus >= 0 && Number.isFinite(cpus),
    'a course takes no negative time and no negative processors, nor for ever',
  );
}
