import type { KernelFile, KernelFiles } from '../host/kernel-file.js';
import { keyedNumber, singleNumber } from '../host/flat-keyed.js';
import { parseMemoryStat, workingSetBytes, type MemoryStat } from '../host/memory-stat.js';
import type { ProcessMemory } from '../host/process-memory.js';
import { parsePids, procsBelow } from './cgroup-fs.js';

/** Measures one attempt. */
export interface MemoryMeter {
  /** Working set now, in bytes; undefined when the cgroup is gone. */
  usedBytes(): number | undefined;
  /** The largest working set that a look has found, in bytes. */
  sampledPeakBytes(): number;
  /** The largest working set so far, in bytes, with whatever else tells of it; for the end. */
  peakBytes(): number;
  /** How many processes there were at the last look; undefined where they are not looked at one by one. */
  readonly processes?: number;
  close(): void;
}

/** memory.stat is read again after this long, */
const STAT_EVERY_MS = 1000;
/** or when memory.current has moved this much since, */
const STAT_MOVED_BYTES = 4 * 2 ** 20;
/** but for no more attempts than this in one look: 15 µs each. */
const STATS_PER_LOOK = 100;

/** How many memory.stat files may still be read in this look: shared by all meters. */
export class StatAllowance {
  #left = STATS_PER_LOOK;

  /** A new look begins, with so many times the usual allowance. */
  renew(times: number): void {
    this.#left = STATS_PER_LOOK * times;
  }

  /** Takes one; false when there is none left. */
  take(): boolean {
    this.#left -= 1;
    return this.#left >= 0;
  }
}

/**
 * The kernel's own count: `memory.current` at every look (2 µs), `memory.stat` where it moved or grew old. In between,
 * what `current` gained or lost since is taken for working set: at worst some page cache counts for a moment.
 */
export class KernelMeter implements MemoryMeter {
  readonly #current: KernelFile;
  readonly #stat: KernelFile;
  readonly #peak: KernelFile;
  #last:
    | { readonly currentBytes: number; readonly usedBytes: number; readonly atMs: number }
    | undefined;
  #peakBytes = 0;
  /** The most page cache and slab that a look has found. */
  #mostCacheBytes = 0;

  constructor(
    directory: string,
    files: KernelFiles,
    private readonly allowance: StatAllowance,
    private readonly now: () => number,
  ) {
    this.#current = files.file(`${directory}/memory.current`);
    this.#stat = files.file(`${directory}/memory.stat`);
    this.#peak = files.file(`${directory}/memory.peak`);
  }

  usedBytes(): number | undefined {
    const current = singleNumber(this.#current.read() ?? '');
    if (typeof current !== 'number') return undefined;
    return this.#fromStat(current) ?? this.#sinceLast(current);
  }

  sampledPeakBytes(): number {
    return this.#peakBytes;
  }

  /**
   * The largest sample, or what `memory.peak` (kernel 5.19) says less the most page cache that was ever seen. The
   * first may miss a spike between two looks; the second counts cache that was there before our first look.
   */
  peakBytes(): number {
    const peak = singleNumber(this.#peak.read() ?? '');
    if (typeof peak !== 'number') return this.#peakBytes;
    this.#look();
    return Math.max(this.#peakBytes, peak - this.#mostCacheBytes);
  }

  close(): void {
    for (const file of [this.#current, this.#stat, this.#peak]) file.close();
  }

  #fromStat(currentBytes: number): number | undefined {
    const last = this.#last;
    const nowMs = this.now();
    const fresh =
      last !== undefined &&
      nowMs - last.atMs < STAT_EVERY_MS &&
      Math.abs(currentBytes - last.currentBytes) < STAT_MOVED_BYTES;
    if (fresh || !this.allowance.take()) return undefined;
    const stat = this.#look();
    if (stat === undefined) return undefined;
    const usedBytes = workingSetBytes(currentBytes, stat);
    this.#last = { currentBytes, usedBytes, atMs: nowMs };
    this.#peakBytes = Math.max(this.#peakBytes, usedBytes);
    return usedBytes;
  }

  #sinceLast(currentBytes: number): number {
    if (this.#last === undefined) return currentBytes;
    const moved = this.#last.usedBytes + currentBytes - this.#last.currentBytes;
    return Math.min(currentBytes, Math.max(0, moved));
  }

  #look(): MemoryStat | undefined {
    const text = this.#stat.read();
    if (text === undefined) return undefined;
    const stat = parseMemoryStat(text);
    const cacheBytes = stat.cacheBytes + stat.slabReclaimableBytes;
    this.#mostCacheBytes = Math.max(this.#mostCacheBytes, cacheBytes);
    return stat;
  }
}

/** The sum over the processes of the cgroup, for trees without the memory controller. */
export class SummingMeter implements MemoryMeter {
  readonly #procs: KernelFile;
  readonly #cgroupStat: KernelFile;
  #lastText = '';
  #hasChildren = false;
  #peakBytes = 0;
  #processes = 0;

  constructor(
    private readonly directory: string,
    files: KernelFiles,
    private readonly memory: ProcessMemory,
  ) {
    this.#procs = files.file(`${directory}/cgroup.procs`);
    this.#cgroupStat = files.file(`${directory}/cgroup.stat`);
  }

  usedBytes(): number | undefined {
    const text = this.#procs.read();
    if (text === undefined) return undefined;
    // Whoever moves into a cgroup of the task's own making leaves this one: no change here, no new children.
    if (this.#hasChildren || text !== this.#lastText) {
      this.#lastText = text;
      this.#hasChildren = (keyedNumber(this.#cgroupStat.read() ?? '', 'nr_descendants') ?? 0) > 0;
    }
    const pids = this.#hasChildren ? procsBelow(this.directory) : parsePids(text);
    this.#processes = pids.length;
    const used = pids.reduce((sum, pid) => sum + (this.memory.usedBytes(pid) ?? 0), 0);
    this.#peakBytes = Math.max(this.#peakBytes, used);
    return used;
  }

  sampledPeakBytes(): number {
    return this.#peakBytes;
  }

  peakBytes(): number {
    return this.#peakBytes;
  }

  get processes(): number {
    return this.#processes;
  }

  close(): void {
    this.#procs.close();
    this.#cgroupStat.close();
  }
}
