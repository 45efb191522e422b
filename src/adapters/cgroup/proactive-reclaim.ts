import { open } from 'node:fs/promises';
import { MiB } from '../../util/bytes.js';

/** The kernel is asked for so much at a time: whoever is thawed meanwhile does not lose much more. */
const STEP_BYTES = 32 * MiB;
/** It may find less than it was asked for (EAGAIN), and more the next time; so often in a row, and there is no more. */
const MISSES_MAX = 3;

/**
 * Has the kernel move memory of a cgroup out (`memory.reclaim`, kernel 5.19, cgroup-v2.rst). A write comes back when it is
 * done, which with swap on a slow disk takes its time: so it happens apart from the loop, step by step.
 */
export class ProactiveReclaim {
  readonly #path: string;
  #leftBytes = 0;
  #isAtWork = false;

  /** @param path - of the cgroup's `memory.reclaim`. */
  constructor(path: string) {
    this.#path = path;
  }

  /** From now on up to so much is to be moved out. */
  ask(bytes: number): void {
    this.#leftBytes = bytes;
    if (!this.#isAtWork) void this.#work();
  }

  /** No more than the step that is under way. */
  stop(): void {
    this.#leftBytes = 0;
  }

  async #work(): Promise<void> {
    this.#isAtWork = true;
    let misses = 0;
    while (this.#leftBytes > 0 && misses < MISSES_MAX) {
      const bytes = Math.min(STEP_BYTES, this.#leftBytes);
      const came = await reclaimed(this.#path, bytes);
      if (came === 'never') break;
      misses = came === 'less' ? misses + 1 : 0;
      this.#leftBytes -= bytes;
    }
    this.#leftBytes = 0;
    this.#isAtWork = false;
  }
}

/** `never`: the kernel has no such file, the cgroup is gone, or we may not. */
async function reclaimed(path: string, bytes: number): Promise<'all' | 'less' | 'never'> {
  let file;
  try {
    file = await open(path, 'r+');
  } catch {
    return 'never';
  }
  try {
    await file.write(String(bytes));
    return 'all';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 'less' : 'never';
  } finally {
    await file.close();
  }
}
