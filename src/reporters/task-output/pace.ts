import { setImmediate } from 'node:timers/promises';

/** So much is passed on, or for so long, before everything else has its turn. */
const TURN_BYTES = 1024 * 1024;
const TURN_MS = 5;

/**
 * Lets the event loop go on between pieces of long work: a stream that takes everything at once would leave no turn to the
 * watch over memory, to signals, or to the news that nobody reads any more.
 */
export class Pace {
  #bytes = 0;
  #sinceMs = performance.now();

  /** To be awaited after each piece. */
  async step(bytes: number): Promise<void> {
    this.#bytes += bytes;
    if (this.#bytes < TURN_BYTES && performance.now() - this.#sinceMs < TURN_MS) return;
    await setImmediate();
    this.#bytes = 0;
    this.#sinceMs = performance.now();
  }
}
