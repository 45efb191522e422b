import type { ExitStatus } from '../../src/core/outcome.js';
import { bytesAt, type CurvePoint } from './curves.js';

/** What a task does when it runs: how long, with how much memory, and how it answers to signals. */
export interface Program {
  /** Of undisturbed progress. */
  readonly durationMs: number;
  /** What it holds over its progress; in order, from 0 to the end. */
  readonly curve: readonly CurvePoint[];
  /** Files it reads once: page cache, reclaimable at any time. */
  readonly cacheBytesPerS: number;
  /** Files it comes back to again and again: without them in the page cache it waits for the disk. */
  readonly hotCacheBytes?: number;
  /** Processors it keeps busy. */
  readonly cpus: number;
  /** Its first attempts that come to their end fail with this code. */
  readonly failing: { readonly attempts: number; readonly code: number };
  readonly onTerm: TermAnswer;
  /** It keeps its work from one attempt to the next; absent: it begins anew each time. */
  readonly saves?: SaveHabit;
  /** It runs below a shell, which holds nothing and says 137 when its child was killed. */
  readonly isWrapped?: boolean;
}

/** How a program saves its work. */
export interface SaveHabit {
  /** What it, or the command that saves its work, does when it is asked: `deaf` handles no such signal. */
  readonly answer: 'saves' | 'saves-and-exits' | 'ignores' | 'deaf' | 'fails';
  readonly takesMs: number;
  /** Exit code that says that it has saved its work. */
  readonly code: number;
  /** After so much progress of one attempt it exits with that code: its work saved, or, by a bug, not. */
  readonly yields?: { readonly afterMs: number; readonly isSaved: boolean };
}

/** What a program does about SIGTERM. */
export type TermAnswer =
  | { readonly kind: 'die' }
  | { readonly kind: 'ignore' }
  /** Tidies up first, then exits with the code. */
  | { readonly kind: 'tidy'; readonly forMs: number; readonly code: number };

/** What happens to one attempt besides what its program does. */
export interface Mishaps {
  readonly spawn: SpawnMishap;
  /** The last process is gone, but its enclosure counts as populated for so long. */
  readonly emptiesLateMs: number;
  /** The main process is gone, and its parent hears of it so much later. */
  readonly exitsLateMs: number;
  /** Once it is cleared away its cgroup stays for so long: EBUSY. */
  readonly busyMs: number;
  /** SIGKILL takes so long to work: stuck in the kernel. */
  readonly stuckMs: number;
  /** Somebody else kills it after so much progress. */
  readonly killedFromOutsideAtMs: number | undefined;
  /** Somebody moves it out of its cgroup, and removes that, after so much progress. */
  readonly vanishesAtMs: number | undefined;
  /** Processes that stay when the main one is gone: for so long, or until they are killed. */
  readonly leavesBehind: { readonly bytes: number; readonly forMs: number } | undefined;
  /** Share of looks at it that find nothing although it is there. */
  readonly unseenShare: number;
}

/** How starting it goes: well, not at all, or wrong after the fork. */
export type SpawnMishap =
  /** Moves in so long after the order; that is told later still. */
  | { readonly kind: 'ok'; readonly latencyMs: number; readonly toldAfterMs: number }
  | { readonly kind: 'no-enclosure' }
  | { readonly kind: 'fails-at-once' }
  | { readonly kind: 'fails-late'; readonly afterMs: number };

/** Nothing out of the ordinary. */
export const NO_MISHAPS: Mishaps = {
  spawn: { kind: 'ok', latencyMs: 5, toldAfterMs: 0 },
  emptiesLateMs: 0,
  exitsLateMs: 0,
  busyMs: 0,
  stuckMs: 0,
  killedFromOutsideAtMs: undefined,
  vanishesAtMs: undefined,
  leavesBehind: undefined,
  unseenShare: 0,
};

/** How far a program has come, and what it holds there: progress only ever grows, so no curve is searched twice. */
export class Course {
  progressMs = 0;
  readonly #curve: readonly CurvePoint[];
  #at = 0;

  constructor({ curve }: Program) {
    this.#curve = curve;
  }

  /** What it holds after `ms` more of progress, bytes. */
  bytesIn(ms: number): number {
    return bytesAt(this.#curve, this.progressMs + ms, this.#at);
  }

  /** Gets on by `ms`. */
  advance(ms: number): void {
    this.progressMs += ms;
    while ((this.#curve[this.#at + 1]?.atMs ?? Infinity) <= this.progressMs) this.#at += 1;
  }
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
