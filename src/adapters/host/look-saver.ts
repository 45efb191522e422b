/** Below this number of attempts nothing is saved: looks at so few cost nothing. */
const FEW = 20;
/** Every attempt is looked at this often, */
const ALL_EVERY_MS = 500;
/** and at once when the memory that is free has moved by this much since, or by this share of the budget. */
const MOVED_BYTES = 16 * 2 ** 20;
const MOVED_SHARE = 1 / 64;

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
  /** In this look everyone is looked at. */
  get isForAll(): boolean {
    return this.#isForAll;
  }

  #isForAll = true;
  #allAtMs = -Infinity;
  #freeBytesThen = 0;

  /**
   * A new look begins.
   *
   * @param attempts - how many there are.
   * @param freeBytes - what tasks leave free, by the best count there is that costs one read.
   * @param budgetBytes - undefined before the first look.
   */
  startLook(
    nowMs: number,
    attempts: number,
    freeBytes: number,
    budgetBytes: number | undefined,
  ): void {
    const most = Math.min(MOVED_BYTES, (budgetBytes ?? 0) * MOVED_SHARE);
    this.#isForAll =
      attempts <= FEW ||
      nowMs - this.#allAtMs >= ALL_EVERY_MS ||
      Math.abs(freeBytes - this.#freeBytesThen) >= most;
    if (!this.#isForAll) return;
    this.#allAtMs = nowMs;
    this.#freeBytesThen = freeBytes;
  }
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
