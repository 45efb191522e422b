import { keyedNumber } from './flat-keyed.js';

/** A cgroup's `memory.stat`, as far as it matters here. Bytes, but for `scannedPages`. */
export interface MemoryStat {
  readonly anonBytes: number;
  /** tmpfs and shared memory: inside `file`, but on the anonymous lists, and not to be dropped. */
  readonly shmemBytes: number;
  /** Page cache that can be dropped, both lists. */
  readonly cacheBytes: number;
  readonly slabReclaimableBytes: number;
  /** Pages scanned for reclaim, whoever was short of memory. */
  readonly scannedPages: number;
}

/** Parses cgroup v2 `memory.stat` (cgroup-v2.rst). A missing key is 0. */
export function parseMemoryStat(text: string): MemoryStat {
  const number = (key: string): number => keyedNumber(text, key) ?? 0;
  return {
    anonBytes: number('anon'),
    shmemBytes: number('shmem'),
    cacheBytes: number('inactive_file') + number('active_file'),
    slabReclaimableBytes: number('slab_reclaimable'),
    scannedPages: number('pgscan'),
  };
}

/**
 * Working set: what cannot be had back for free, `max(anon + shmem, current − page cache − reclaimable slab)`.
 *
 * `memory.current` is exact while `memory.stat` lags by up to 2 s (kernel commit aa48e47e39), so the second term
 * follows allocations at once; the first guards against a stale, too large page cache, and nothing exceeds `current`.
 */
export function workingSetBytes(currentBytes: number, stat: MemoryStat): number {
  const held = stat.anonBytes + stat.shmemBytes;
  const rest = currentBytes - stat.cacheBytes - stat.slabReclaimableBytes;
  return Math.max(0, Math.min(currentBytes, Math.max(held, rest)));
}
