import { GiB, MiB } from '../../src/util/bytes.js';
import type { Enclosure } from './enclosure.js';
import type { SwapSpec } from './machine-spec.js';
import type { Sums } from './memory.js';

/** Dropping page cache is quick, but not free. */
const DROPPED_BYTES_PER_MS = GiB / 250;

const WORTH_WAITING_BYTES = MiB;

/** How the kernel gets memory back without killing: page cache at once, the rest by moving it out, slowly. */
export class Reclaim {
  /** Counts as `pgscan` does: it moves when the kernel looked for memory. */
  scans = 0;
  /** What the allocators of this step have waited, ms. */
  waitedMs = 0;
  readonly #swap: SwapSpec | undefined;
  readonly #sums: readonly Sums[];
  /** What may still be moved in and out in this step. */
  #outLeftBytes = 0;
  #inLeftBytes = 0;

  constructor(swap: SwapSpec | undefined, sums: readonly Sums[]) {
    this.#swap = swap;
    this.#sums = sums;
  }

  /** A new step of so many ms. */
  begin(ms: number): void {
    const bytes = (this.#swap?.bytesPerMs ?? 0) * ms;
    this.#outLeftBytes = bytes;
    this.#inLeftBytes = bytes;
  }

  get swapFreeBytes(): number {
    if (this.#swap === undefined) return 0;
    let free = this.#swap.totalBytes;
    for (const { swapBytes } of this.#sums) free -= swapBytes;
    return Math.max(0, free);
  }

  /** Frees up to `bytes`; the allocator waits for it. Returns how much it got. */
  free(from: readonly Enclosure[], bytes: number): number {
    this.scans += 1;
    const dropped = this.drop(from, bytes);
    this.waitedMs += dropped / DROPPED_BYTES_PER_MS;
    if (this.#swap === undefined || dropped >= bytes) return dropped;
    const moved = this.#moveOut(from, bytes - dropped);
    this.waitedMs += moved / this.#swap.bytesPerMs;
    return dropped + moved;
  }

  /** Drops up to `bytes` of page cache. */
  drop(from: readonly Enclosure[], bytes: number): number {
    let left = bytes;
    for (const { memory } of from) {
      if (left <= 0) break;
      const taken = Math.min(left, memory.cacheBytes);
      if (taken === 0) continue;
      memory.cache(-taken);
      left -= taken;
    }
    return bytes - left;
  }

  /** Moves up to `bytes` of one of them out, and nobody waits for it. Returns how much. */
  moveOutOf(one: Enclosure, bytes: number): number {
    if (this.#swap === undefined) return 0;
    this.scans += 1;
    return this.#moveOut([one], bytes);
  }

  /** Whether more could be had, in time: what is too little to speak of does not keep the OOM killer from acting. */
  hasMore(from: readonly Enclosure[]): boolean {
    let bytes = 0;
    for (const one of from) bytes += one.memory.cacheBytes;
    if (bytes >= WORTH_WAITING_BYTES) return true;
    if (this.swapFreeBytes < WORTH_WAITING_BYTES) return false;
    for (const one of from) bytes += movableBytes(one);
    return bytes >= WORTH_WAITING_BYTES;
  }

  /** How much of what it wants back in comes back in this step. */
  mayMoveIn(bytes: number): number {
    const granted = Math.min(bytes, this.#inLeftBytes);
    this.#inLeftBytes -= granted;
    return granted;
  }

  /** From all of them alike, as what nobody has touched lately is everywhere. */
  #moveOut(from: readonly Enclosure[], wantedBytes: number): number {
    const bytes = Math.min(wantedBytes, this.#outLeftBytes, this.swapFreeBytes);
    const movable = from.reduce((sum, one) => sum + movableBytes(one), 0);
    if (bytes <= 0 || movable <= 0) return 0;
    const share = Math.min(1, bytes / movable);
    let moved = 0;
    for (const one of from) {
      const part = Math.floor(movableBytes(one) * share);
      one.memory.moveOut(part);
      moved += part;
    }
    this.#outLeftBytes -= moved;
    return moved;
  }
}

/** What of an attempt may be moved out: `memory.swap.max` bounds it. */
function movableBytes({ memory, limits }: Enclosure): number {
  const room = (limits.swapBytes ?? Infinity) - memory.swapBytes;
  return Math.max(0, Math.min(memory.anonBytes, room));
}
