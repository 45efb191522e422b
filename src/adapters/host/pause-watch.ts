import type { PausedBy } from '../../core/observation.js';

/** An attempt that uses no processor for this long is looked at more closely: reading all its processes costs more. */
const IDLE_MS = 5000;
/** One that was found stopped is looked at again this soon. */
const AGAIN_MS = 1000;

/** Finds out whether an attempt does nothing because processes of it were stopped by a signal. */
export class PauseWatch {
  #cpuMs = -1;
  #dueMs = 0;
  #found: PausedBy | undefined;

  /**
   * Looks, if it is time to.
   *
   * @param cpuMs - what the attempt has used so far: while it moves, nothing is stopped that matters.
   * @param isAnyStopped - looks at its processes.
   */
  look(nowMs: number, cpuMs: number, isAnyStopped: () => boolean): PausedBy | undefined {
    if (cpuMs !== this.#cpuMs) {
      this.#cpuMs = cpuMs;
      this.#dueMs = nowMs + IDLE_MS;
      this.#found = undefined;
    } else if (nowMs >= this.#dueMs) {
      this.#found = isAnyStopped() ? 'signal' : undefined;
      this.#dueMs = nowMs + (this.#found === undefined ? IDLE_MS : AGAIN_MS);
    }
    return this.#found;
  }
}
