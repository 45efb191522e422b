import { removeSubtree, type CgroupTree } from './cgroup-fs.js';

const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 1000;

interface Pending {
  dueMs: number;
  waitMs: number;
}

/**
 * Cgroups that are empty and still do not go: right after the last process the kernel may answer EBUSY for a moment.
 * Each is tried again after 1 ms, 2 ms, 4 ms and so on.
 */
export class RemovalList {
  readonly #pending = new Map<string, Pending>();

  constructor(
    private readonly tree: CgroupTree,
    private readonly now: () => number,
  ) {}

  /** How many are left. */
  get size(): number {
    return this.#pending.size;
  }

  /** Removes a cgroup, now or later. */
  remove(directory: string): void {
    if (removeSubtree(directory, this.tree) === 'removed') return;
    this.#pending.set(directory, { dueMs: this.now() + FIRST_WAIT_MS, waitMs: FIRST_WAIT_MS });
  }

  /** Tries again those whose time has come. */
  retryDue(): void {
    if (this.#pending.size === 0) return;
    const nowMs = this.now();
    for (const [directory, pending] of this.#pending) {
      if (pending.dueMs > nowMs) continue;
      if (removeSubtree(directory, this.tree) === 'removed') {
        this.#pending.delete(directory);
        continue;
      }
      pending.waitMs = Math.min(LONGEST_WAIT_MS, pending.waitMs * 2);
      pending.dueMs = nowMs + pending.waitMs;
    }
  }
}
