import type { Clock } from '../../src/supervisor/ports.js';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

const EPOCH_MS = Date.UTC(2024, 0, 1);

/** Time that passes only when told to: callbacks run in the order of their time, then of their asking. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #asked = 0;
  /** The next one last. */
  readonly #timers: Timer[] = [];

  monotonicMs(): number {
    return this.#nowMs;
  }

  epochMs(): number {
    return EPOCH_MS + this.#nowMs;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, ms), order: (this.#asked += 1), callback };
    let at = this.#timers.length;
    while (at > 0 && isBefore(this.#timers[at - 1], timer)) at -= 1;
    this.#timers.splice(at, 0, timer);
    return () => {
      const found = this.#timers.indexOf(timer);
      if (found >= 0) this.#timers.splice(found, 1);
    };
  }

  /** The machine was suspended, or starved: time has passed and nobody has run. */
  jump(ms: number): void {
    this.#nowMs += ms;
  }

  /**
   * Lets time pass until `isDone`.
   *
   * @returns false when `limitMs` came first, or when nothing is left that could happen.
   */
  runUntil(isDone: () => boolean, limitMs: number): boolean {
    while (!isDone()) {
      const timer = this.#timers.pop();
      if (timer === undefined || timer.atMs > limitMs) return false;
      this.#nowMs = Math.max(this.#nowMs, timer.atMs);
      timer.callback();
    }
    return true;
  }
}

function isBefore(other: Timer | undefined, timer: Timer): boolean {
  if (other === undefined) return false;
  return other.atMs < timer.atMs || (other.atMs === timer.atMs && other.order < timer.order);
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
