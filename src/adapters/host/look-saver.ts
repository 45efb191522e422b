import type { HostSample, PidsSample } from '../../core/observation.js';
import type { Glance } from './host-reader.js';

/** Below this number of attempts nothing is saved: looks at so few cost nothing. */
const FEW = 20;
/** Every attempt is looked at this often, */
const ALL_EVERY_MS = 500;
/** and at once when the memory that is free has moved by this much since, or by this share of the budget. */
const MOVED_BYTES = 16 * 2 ** 20;
const MOVED_SHARE = 1 / 64;
/** A look before its time is due, too, when somebody has stood still so long for want of memory, microseconds. */
const STALLED_US = 10_000;

/** An attempt is quiet that has not moved for this long… */
const QUIET_AFTER_MS = 2000;
/** …by this much, or this share. */
const STIR_BYTES = 256 * 2 ** 10;
const STIR_SHARE = 1 / 256;

/**
 * Says in which look only those attempts are looked at that move. With hundreds of them most stand still, and a look at
 * each costs two to four reads of 2 to 5 µs: ten times a second that is a tenth of a processor for a thousand. Somebody
 * quiet who begins to grow takes from the memory that is free, and then all are looked at in that very look.
 */
export class LookSaver {
  #isForAll = true;
  #isTaken = true;
  #allAtMs = -Infinity;
  #freeBytesThen = 0;
  #last: HostSample | undefined;

  /** In this look everyone is looked at. */
  get isForAll(): boolean {
    return this.#isForAll;
  }

  /** How many times as much as in one look of ten a second may be spent on dear files in this one. */
  allowance(attempts: number): number {
    return this.#isForAll && attempts > FEW ? ALL_EVERY_MS / 100 : 1;
  }

  /**
   * A new look begins.
   *
   * @param attempts - how many there are.
   * @param freeBytes - what tasks leave free, by the best count there is that costs one read.
   */
  startLook(nowMs: number, attempts: number, freeBytes: number): void {
    // One that nobody took the samples of is still to come.
    const isLeft = this.#isForAll && !this.#isTaken;
    this.#isForAll =
      isLeft ||
      arePidsPressing(this.#last?.pids) ||
      attempts <= FEW ||
      nowMs - this.#allAtMs >= ALL_EVERY_MS ||
      this.#isFar(freeBytes, this.#freeBytesThen);
    if (!this.#isForAll) return;
    this.#isTaken = false;
    this.#allAtMs = nowMs;
    this.#freeBytesThen = freeBytes;
  }

  /**
   * Whether a glance says that something has happened since the last look that is worth another.
   *
   * @param treeMovedBytes - by how much the tasks' own count has moved; 0 where nobody counts.
   */
  hasMoved({ availableBytes, psi }: Glance, treeMovedBytes = 0): boolean {
    const last = this.#last;
    if (last === undefined || arePidsPressing(last.pids)) return true;
    if (this.#isFar(treeMovedBytes, 0)) return true;
    if (psi !== undefined && psi.someUs - (last.psi?.someUs ?? 0) >= STALLED_US) return true;
    return this.#isFar(availableBytes, last.availableBytes);
  }

  #isFar(freeBytes: number, thenBytes: number): boolean {
    const most = Math.min(MOVED_BYTES, (this.#last?.budgetBytes ?? 0) * MOVED_SHARE);
    return Math.abs(freeBytes - thenBytes) >= most;
  }

  /** What the look has found of the host: the next one goes by its budget and its processes. */
  noteHost(sample: HostSample): HostSample {
    this.#last = sample;
    return sample;
  }

  /** The samples of this look were taken. */
  noteTaken(): void {
    this.#isTaken = true;
  }
}

/** From this share of `max_pids` on, who has how many decides who is ended. */
const PRESSING_PIDS_SHARE = 0.9;

function arePidsPressing(pids: PidsSample | undefined): boolean {
  return pids !== undefined && pids.current >= PRESSING_PIDS_SHARE * pids.max;
}

/** How long the memory of one attempt has stood still. */
export class Stir {
  #bytes = Number.NaN;
  #sinceMs = -Infinity;

  /** What a look has found. */
  note(usedBytes: number, nowMs: number): void {
    const moved = Math.abs(usedBytes - this.#bytes);
    if (moved < Math.max(STIR_BYTES, this.#bytes * STIR_SHARE)) return;
    this.#bytes = usedBytes;
    this.#sinceMs = nowMs;
  }

  isQuiet(nowMs: number): boolean {
    return !Number.isNaN(this.#bytes) && nowMs - this.#sinceMs >= QUIET_AFTER_MS;
  }
}
