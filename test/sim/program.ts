import type { ExitStatus } from '../../src/core/outcome.js';

/** A point of a memory curve: after so much progress, so much memory. */
export interface CurvePoint {
  readonly atMs: number;
  readonly bytes: number;
}

/** What a task does when it runs: how long, with how much memory, and how it answers to signals. */
export interface Program {
  /** Of undisturbed progress. */
  readonly durationMs: number;
  /** Joined by straight lines; in order, from 0 to the end. */
  readonly curve: readonly CurvePoint[];
  /** Files it reads: page cache, reclaimable at any time. */
  readonly cacheBytesPerS: number;
  /** Processors it keeps busy. */
  readonly cpus: number;
  /** Its first attempts that come to their end fail with this code. */
  readonly failing: { readonly attempts: number; readonly code: number };
  readonly onTerm: TermAnswer;
}

/** What a program does about SIGTERM. */
export type TermAnswer =
  | { readonly kind: 'die' }
  | { readonly kind: 'ignore' }
  /** Tidies up first, then exits with the code. */
  | { readonly kind: 'tidy'; readonly forMs: number; readonly code: number };

/** What happens to one attempt besides what its program does. */
export interface Mishaps {
  readonly spawn:
    /** Moves in so long after the order; that is told later still. */
    | { readonly kind: 'ok'; readonly latencyMs: number; readonly toldAfterMs: number }
    | { readonly kind: 'fails-at-once' }
    | { readonly kind: 'fails-late'; readonly afterMs: number };
  /** The last process is gone, but its enclosure counts as populated for so long. */
  readonly emptiesLateMs: number;
  /** SIGKILL takes so long to work: stuck in the kernel. */
  readonly stuckMs: number;
  /** Somebody else kills it after so much progress. */
  readonly killedFromOutsideAtMs: number | undefined;
  /** Processes that stay when the main one is gone: for so long, or until they are killed. */
  readonly leavesBehind: { readonly bytes: number; readonly forMs: number } | undefined;
  /** Share of looks at it that find nothing although it is there. */
  readonly unseenShare: number;
}

/** Nothing out of the ordinary. */
export const NO_MISHAPS: Mishaps = {
  spawn: { kind: 'ok', latencyMs: 5, toldAfterMs: 0 },
  emptiesLateMs: 0,
  stuckMs: 0,
  killedFromOutsideAtMs: undefined,
  leavesBehind: undefined,
  unseenShare: 0,
};

/** What the program holds after so much progress, in bytes. */
export function bytesAt(curve: readonly CurvePoint[], progressMs: number): number {
  let before: CurvePoint | undefined;
  for (const point of curve) {
    if (point.atMs >= progressMs) {
      if (before === undefined || point.atMs === before.atMs) return point.bytes;
      const share = (progressMs - before.atMs) / (point.atMs - before.atMs);
      return Math.round(before.bytes + share * (point.bytes - before.bytes));
    }
    before = point;
  }
  return before?.bytes ?? 0;
}

/** How the program ends if nobody interferes; `finished` counts earlier attempts that came to their end. */
export function exitOf({ failing }: Program, finished: number): ExitStatus {
  return { kind: 'code', code: finished < failing.attempts ? failing.code : 0 };
}

/** A program that grows to `bytes` over `rampMs` and holds that for `holdMs`; all else is ordinary. */
export function rampAndHold(bytes: number, rampMs: number, holdMs: number): Program {
  const durationMs = rampMs + holdMs;
  return {
    durationMs,
    curve: [
      { atMs: 0, bytes: 0 },
      { atMs: rampMs, bytes },
      { atMs: durationMs, bytes },
    ],
    cacheBytesPerS: 0,
    cpus: 1,
    failing: { attempts: 0, code: 1 },
    onTerm: { kind: 'die' },
  };
}
