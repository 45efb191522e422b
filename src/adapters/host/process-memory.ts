import { readIfAllowed, type KernelFile, type KernelFiles } from './kernel-file.js';
import { parseSmapsRollup, parseStatm, type Statm } from './process-maps.js';

/** PSS is asked for again after this long, of small processes more rarely, most so while they stand still… */
const PSS_EVERY_MS = 1000;
const PSS_SMALL_EVERY_MS = 5000;
const PSS_STILL_EVERY_MS = 15_000;
const PSS_SMALL_BYTES = 4 * 2 ** 20;
/** …or when its anonymous memory has moved by this share and this much since, or what it shares by this much, */
const PSS_MOVED_SHARE = 0.25;
const PSS_MOVED_BYTES = 16 * 2 ** 20;
/** …but no more than this long in one look at all processes: smaps_rollup walks page tables, 1 ms a GiB or so. */
const PSS_MS_PER_LOOK = 5;

interface Known {
  /** Kept open: it goes on meaning this process, should the pid come round again. */
  readonly statm: KernelFile;
  seenLook: number;
  /** Resident anonymous bytes when PSS was last read. */
  anonBytes: number;
  /** Resident pages of files and of shared memory then. */
  sharedBytes: number;
  /** PSS by RSS of the anonymous part: 1 for memory of its own, less for pages shared after a fork. */
  share: number;
  shmemBytes: number;
  readMs: number;
}

/**
 * Memory of processes where no memory controller counts it: the anonymous and shared-memory part of PSS, page cache
 * left out. RSS is cheap and read at every look; PSS is dear and read about once a second, and in between the RSS is
 * scaled by what their relation was. Memory that no process maps (a file in tmpfs) is not seen this way.
 */
export class ProcessMemory {
  readonly #known = new Map<number, Known>();
  #pssMsLeft = PSS_MS_PER_LOOK;
  #look = 0;
  #lookForAll = 0;

  /**
   * @param procPath - `/proc`.
   * @param files - keeps files open.
   * @param pageBytes - the kernel's page size.
   * @param now - milliseconds, for rates.
   */
  constructor(
    private readonly procPath: string,
    private readonly files: KernelFiles,
    private readonly pageBytes: number,
    private readonly now: () => number,
  ) {}

  /**
   * A new look begins: the time that PSS may take is fresh, and who was not seen since the last one at everybody began is
   * forgotten.
   *
   * @param isForAll - whether it is one at everybody.
   * @param allowance - how many times the usual time PSS may take.
   */
  startLook(isForAll: boolean, allowance: number): void {
    this.#pssMsLeft = PSS_MS_PER_LOOK * allowance;
    this.#look += 1;
    if (!isForAll) return;
    for (const [pid, known] of this.#known) {
      if (known.seenLook < this.#lookForAll) this.#forget(pid, known);
    }
    this.#lookForAll = this.#look;
  }

  /** What a process uses, in bytes; undefined when it is gone. */
  usedBytes(pid: number): number | undefined {
    const known = this.#known.get(pid) ?? this.#meet(pid);
    const text = known.statm.read();
    const statm = text === undefined ? undefined : parseStatm(text, this.pageBytes);
    if (statm === undefined) {
      this.#forget(pid, known);
      return undefined;
    }
    known.seenLook = this.#look;
    if (this.#pssMsLeft > 0 && isStale(known, statm, this.now())) {
      this.#readPss(pid, known, statm);
    }
    return Math.round(statm.anonBytes * known.share + known.shmemBytes);
  }

  #meet(pid: number): Known {
    const known = {
      statm: this.files.file(`${this.procPath}/${pid}/statm`),
      seenLook: this.#look,
      anonBytes: 0,
      sharedBytes: 0,
      share: 1,
      shmemBytes: 0,
      readMs: -Infinity,
    };
    this.#known.set(pid, known);
    return known;
  }

  #forget(pid: number, known: Known): void {
    known.statm.close();
    this.#known.delete(pid);
  }

  #readPss(pid: number, known: Known, { anonBytes, sharedBytes }: Statm): void {
    const nowMs = this.now();
    const text = readIfAllowed(`${this.procPath}/${pid}/smaps_rollup`);
    this.#pssMsLeft -= this.now() - nowMs;
    const pss = text === undefined ? undefined : parseSmapsRollup(text);
    known.anonBytes = anonBytes;
    known.sharedBytes = sharedBytes;
    known.share = pss === undefined || anonBytes === 0 ? 1 : Math.min(1, pss.anonBytes / anonBytes);
    known.shmemBytes = pss?.shmemBytes ?? 0;
    known.readMs = nowMs;
  }
}

function isStale(known: Known, { anonBytes, sharedBytes }: Statm, nowMs: number): boolean {
  const moved = Math.abs(anonBytes - known.anonBytes);
  const sharedMoved = Math.abs(sharedBytes - known.sharedBytes);
  const isStill = moved === 0 && sharedMoved === 0;
  if (nowMs - known.readMs >= staleAfterMs(anonBytes, isStill)) return true;
  if (sharedMoved >= PSS_MOVED_BYTES) return true;
  return moved >= PSS_MOVED_BYTES && moved >= known.anonBytes * PSS_MOVED_SHARE;
}

function staleAfterMs(anonBytes: number, isStill: boolean): number {
  if (anonBytes >= PSS_SMALL_BYTES) return PSS_EVERY_MS;
  return isStill ? PSS_STILL_EVERY_MS : PSS_SMALL_EVERY_MS;
}
