/**
 * One and a half deviations of a sum of many tasks: one look in fifteen is above. Measured (bench/packing, eager, 64 GB):
 * with two, 0.1 instead of 0.3 % of the work is thrown away and the makespan is 6 % longer; with one 1.3 %, and it is no
 * shorter.
 */
const LEAST_SIGMAS = 1.5;
const MOST_SIGMAS = 3;
/** So much work may be thrown away, of what comes to its end. */
const KILLED_SHARE = 0.01;
/** With each preemption beyond that, caution grows by this factor; */
const RISE = 1.1;
/** with each task of usual size that ends while less is thrown away, it falls by this. */
const FALL = 0.01;

/**
 * How many standard deviations of what tasks use over time admission leaves room for, and what that has come to so far:
 * multiplicative increase, additive decrease, by the work that preemption throws away.
 */
export interface Caution {
  readonly sigmas: number;
  /** Memory over time of attempts that were preempted, and of those that came to their end: bytes × milliseconds. */
  readonly killedByteMs: number;
  readonly usefulByteMs: number;
  /** Attempts that came to their end. */
  readonly completed: number;
}

/** Before anything has happened. */
export const FIRST_CAUTION: Caution = {
  sigmas: LEAST_SIGMAS,
  killedByteMs: 0,
  usefulByteMs: 0,
  completed: 0,
};

/** An attempt was preempted: its work is lost. */
export function afterPreemption(before: Caution, byteMs: number): Caution {
  const after = { ...before, killedByteMs: before.killedByteMs + byteMs };
  if (hasRoom(after)) return after;
  return { ...after, sigmas: Math.min(MOST_SIGMAS, before.sigmas * RISE) };
}

/** An attempt came to its end. One that is small beside the others says less. */
export function afterCompletion(before: Caution, byteMs: number): Caution {
  const completed = before.completed + 1;
  const usefulByteMs = before.usefulByteMs + byteMs;
  const after = { ...before, completed, usefulByteMs };
  if (!hasRoom(after)) return after;
  const weight = Math.min(1, byteMs / Math.max(1, usefulByteMs / completed));
  return { ...after, sigmas: Math.max(LEAST_SIGMAS, before.sigmas - FALL * weight) };
}

function hasRoom({ killedByteMs, usefulByteMs }: Caution): boolean {
  return killedByteMs <= KILLED_SHARE * usefulByteMs;
}
