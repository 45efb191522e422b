import type { AttemptRef, AttemptTally } from '../observation.js';
import type { NodeSignal } from '../task-spec.js';
import type { Step } from './course.js';

/** A point in time on both clocks of a virtual host, milliseconds: the wall's, and that of work done. */
export interface Moment {
  readonly ms: number;
  readonly work: number;
}

/** How an attempt ends before it is done. */
export interface Death {
  readonly atMs: number;
  readonly signal: NodeSignal;
}

/** What an attempt does, what it may take, and what it costs to begin. */
export interface AttemptTerms {
  readonly steps: readonly Step[];
  /** Processors it keeps busy. */
  readonly cpus: number;
  readonly limitBytes: number | undefined;
  /** 0..4, as in the jobfile. */
  readonly level: number;
  /** Work before its course begins, milliseconds; meanwhile it holds what the first step of its course does. */
  readonly startUpMs: number;
}

/** What an attempt keeps of the processors is worth a look this often. */
const LOOK_AGAIN_MS = 10_000;

/**
 * One attempt on the virtual host. Its progress is measured on a clock of work that all attempts share and that goes
 * slower than the wall's while more processors are wanted than there are.
 */
export class RehearsedAttempt {
  readonly ref: AttemptRef;
  readonly terms: AttemptTerms;
  readonly oom = { oomKill: 0, oom: 0, max: 0 };
  bytes = 0;
  peakBytes = 0;
  death: Death | undefined;
  /** When it was last looked at. */
  lookedAtMs = -Infinity;
  /** More than it is given: it stands still until there is room. */
  wantsBytes: number | undefined;
  /** It stands still until it is thawed. */
  isFrozen = false;
  /** The step of its course that it is in. */
  #step = 0;
  /** When that step ends: on the clock of work while it works, milliseconds from where it stands otherwise. */
  #edge: number;
  #isWorking = true;
  /** Since when it holds `bytes`, and what it has held over time before: bytes × milliseconds of the wall. */
  #heldSinceMs: number;
  #heldByteMs = 0;
  #workedMs = 0;
  #workingSince: number;

  constructor(ref: AttemptRef, terms: AttemptTerms, now: Moment) {
    this.ref = ref;
    this.terms = terms;
    this.#edge = now.work + terms.startUpMs + (terms.steps[0]?.ms ?? 0);
    this.#heldSinceMs = now.ms;
    this.#workingSince = now.work;
  }

  /** On the clock of work: when it comes to the end of its step; Infinity while it does not work. */
  get edgeWork(): number {
    return this.#isWorking ? this.#edge : Infinity;
  }

  /** It gets on: it neither waits for memory nor dies. */
  get isWorking(): boolean {
    return this.#isWorking;
  }

  /** It has come to the end of its course. */
  get isDone(): boolean {
    return this.#step >= this.terms.steps.length;
  }

  /** What the step that it is in uses. */
  get plannedBytes(): number {
    return this.terms.steps[this.#step]?.bytes ?? 0;
  }

  /** Goes on to the next step of its course. */
  turn(): void {
    this.#step += 1;
    this.#edge += this.terms.steps[this.#step]?.ms ?? 0;
  }

  /** Holds so much from now on. */
  hold(bytes: number, nowMs: number): void {
    this.#heldByteMs = this.heldByteMs(nowMs);
    this.#heldSinceMs = nowMs;
    this.bytes = bytes;
    this.peakBytes = Math.max(this.peakBytes, bytes);
  }

  /** What it uses has changed since the last look, or that was so long ago that its processor time is worth a new one. */
  isWorthALook(nowMs: number): boolean {
    return this.lookedAtMs <= this.#heldSinceMs || nowMs - this.lookedAtMs >= LOOK_AGAIN_MS;
  }

  /** Memory held over time so far, bytes × milliseconds of the wall. */
  heldByteMs(nowMs: number): number {
    return this.#heldByteMs + this.bytes * (nowMs - this.#heldSinceMs);
  }

  /** Stops working: it waits for memory, or dies. */
  pause({ work }: Moment): void {
    if (!this.#isWorking) return;
    this.#isWorking = false;
    this.#edge -= work;
    this.#workedMs += work - this.#workingSince;
  }

  /** Goes on where it stopped. */
  resume({ work }: Moment): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    this.#edge += work;
    this.#workingSince = work;
  }

  /** Processor time so far. */
  cpuMs({ work }: Moment): number {
    const workedMs = this.#workedMs + (this.#isWorking ? work - this.#workingSince : 0);
    return workedMs * this.terms.cpus;
  }

  /** What is counted about it when it is over. */
  tally(now: Moment): AttemptTally {
    return { peakBytes: this.peakBytes, cpuMs: Math.round(this.cpuMs(now)), oom: { ...this.oom } };
  }
}
