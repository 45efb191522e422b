import type { PidsSample } from '../../core/observation.js';
import { keyedNumber, singleNumber } from '../host/flat-keyed.js';
import {
  readKernelFile,
  refusal,
  writeKernelFile,
  type KernelFile,
  type KernelFiles,
} from '../host/kernel-file.js';

/** From this share of the limit on it is looked whose processes they are. */
const NEAR_SHARE = 0.9;

/** Keeps all tasks together within a number of processes and threads, by the kernel's pids controller. */
export class PidsGuard {
  readonly #current: KernelFile;
  readonly #refusalsOf = new Map<string, number>();
  #refusals = 0;
  #isNear = false;

  private constructor(
    private readonly tasksDirectory: string,
    files: KernelFiles,
    private readonly max: number,
  ) {
    this.#current = files.file(`${tasksDirectory}/pids.current`);
  }

  /**
   * Sets the limit.
   *
   * @returns why it cannot be set, in a few words.
   */
  static create(tasksDirectory: string, files: KernelFiles, max: number): PidsGuard | string {
    const written = writeKernelFile(`${tasksDirectory}/pids.max`, String(max));
    if (written === 'gone') return 'there is no pids controller here';
    return refusal(written) ?? new PidsGuard(tasksDirectory, files, max);
  }

  /** Whether it was close to the limit at the last look. */
  get isNear(): boolean {
    return this.#isNear;
  }

  /**
   * Looks. Who was refused is counted where the kernel counts it: before 6.11 in the cgroup that wanted to fork, since
   * then in the one whose limit it was (cgroup-v2.rst, `pids.events`).
   *
   * What was refused before it came close to the limit is history, also a dead supervisor's, and counts for nothing.
   *
   * @param attempts - cgroups of the attempts.
   */
  look(attempts: Iterable<string>): PidsSample {
    const current = singleNumber(this.#current.read() ?? '');
    const count = typeof current === 'number' ? current : 0;
    const wasNear = this.#isNear;
    this.#isNear = count >= NEAR_SHARE * this.max;
    if (this.#isNear)
      for (const each of [this.tasksDirectory, ...attempts]) {
        const fresh = this.#countIn(each);
        if (wasNear) this.#refusals += fresh;
      }
    return { current: count, max: this.max, refusals: this.#refusals };
  }

  /** An attempt is over. */
  forget(directory: string): void {
    this.#refusalsOf.delete(directory);
  }

  close(): void {
    this.#current.close();
  }

  /** How many forks were refused since the last time. */
  #countIn(directory: string): number {
    const now = keyedNumber(readKernelFile(`${directory}/pids.events`) ?? '', 'max') ?? 0;
    const before = this.#refusalsOf.get(directory) ?? 0;
    this.#refusalsOf.set(directory, now);
    return Math.max(0, now - before);
  }
}
