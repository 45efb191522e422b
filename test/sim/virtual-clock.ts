import type { Clock } from '../../src/supervisor/ports.js';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  /** Undefined once it was taken back. */
  callback: (() => void) | undefined;
}

const EPOCH_MS = Date.UTC(2024, 0, 1);

/** Time that passes only when told to: callbacks run in the order of their time, then of their asking. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #wallOffsetMs = 0;
  #asked = 0;
  /** A binary heap, the next one first: a parent never comes after its children, at `2i + 1` and `2i + 2`. */
  readonly #heap: Timer[] = [];

  monotonicMs(): number {
    return this.#nowMs;
  }

  epochMs(): number {
    return EPOCH_MS + this.#wallOffsetMs + this.#nowMs;
  }

  after(ms: number, callback: () => void): () => void {
    const timer: Timer = {
      atMs: this.#nowMs + Math.max(0, ms),
      order: (this.#asked += 1),
      callback,
    };
    this.#rise(timer);
    return () => {
      timer.callback = undefined;
    };
  }

  /** The machine was suspended, or starved: time has passed and nobody has run. */
  jump(ms: number): void {
    this.#nowMs += ms;
  }

  /** Somebody set the wall clock: only what day it is has changed. */
  setWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /**
   * Lets time pass until `isDone`.
   *
   * @returns false when `limitMs` came first, or when nothing is left that could happen.
   */
  runUntil(isDone: () => boolean, limitMs: number): boolean {
    while (!isDone()) {
      const timer = this.#heap[0];
      if (timer === undefined || timer.atMs > limitMs) return false;
      this.#takeFirst();
      if (timer.callback === undefined) continue;
      if (timer.atMs > this.#nowMs) this.#nowMs = timer.atMs;
      timer.callback();
    }
    return true;
  }

  #rise(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, timer)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = timer;
  }

  #takeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      let child = heap[below];
      if (child === undefined) break;
      const right = heap[below + 1];
      if (right !== undefined && isBefore(right, child)) {
        below += 1;
        child = right;
      }
      if (isBefore(last, child)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** The same time, but callbacks come late by what `lagMs` says: a supervisor on a busy host. */
export class LaggingClock implements Clock {
  readonly #inner: Clock;
  readonly #lagMs: () => number;

  constructor(inner: Clock, lagMs: () => number) {
    this.#inner = inner;
    this.#lagMs = lagMs;
  }

  monotonicMs(): number {
    return this.#inner.monotonicMs();
  }

  epochMs(): number {
    return this.#inner.epochMs();
  }

  after(ms: number, callback: () => void): () => void {
    return this.#inner.after(ms + this.#lagMs(), callback);
  }
}
