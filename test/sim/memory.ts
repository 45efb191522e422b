/** Memory of many, summed up: whoever changes one changes the sums. Bytes. */
export class Sums {
  anonBytes = 0;
  cacheBytes = 0;
  swapBytes = 0;

  /** What a cgroup's `memory.current` says. */
  get currentBytes(): number {
    return this.anonBytes + this.cacheBytes;
  }
}

/** What one enclosure holds, by what the kernel can do about it. */
export class Holding {
  /** In memory, and only to be had back by moving it out or by killing. */
  anonBytes = 0;
  /** Page cache: can be dropped at any time. */
  cacheBytes = 0;
  /** Moved out. */
  swapBytes = 0;
  /** Highest `anonBytes` so far. */
  peakBytes = 0;
  /** Highest `cacheBytes` so far. */
  mostCacheBytes = 0;
  #sums: Sums;

  constructor(sums: Sums) {
    this.#sums = sums;
  }

  /** All that its processes have asked for. */
  get heldBytes(): number {
    return this.anonBytes + this.swapBytes;
  }

  /** Its processes hold `bytes` from now on; what they give back comes from both places alike. */
  hold(bytes: number): void {
    const held = this.heldBytes;
    let swapBytes = this.swapBytes;
    if (bytes < held && swapBytes > 0) swapBytes = Math.floor((swapBytes * bytes) / held);
    this.#set(bytes - swapBytes, swapBytes);
  }

  /** Moves so much out of memory. */
  moveOut(bytes: number): void {
    this.#set(this.anonBytes - bytes, this.swapBytes + bytes);
  }

  /** Moves so much back in. */
  moveIn(bytes: number): void {
    this.#set(this.anonBytes + bytes, this.swapBytes - bytes);
  }

  /** Reads files (or, negative, loses what it has read). */
  cache(bytes: number): void {
    this.cacheBytes += bytes;
    this.#sums.cacheBytes += bytes;
    if (this.cacheBytes > this.mostCacheBytes) this.mostCacheBytes = this.cacheBytes;
  }

  /** Everything is given back. */
  release(): void {
    this.#set(0, 0);
    this.cache(-this.cacheBytes);
  }

  /** It counts in another sum from now on. */
  moveTo(sums: Sums): void {
    const { anonBytes, swapBytes, cacheBytes } = this;
    this.release();
    this.#sums = sums;
    this.#set(anonBytes, swapBytes);
    this.cache(cacheBytes);
  }

  #set(anonBytes: number, swapBytes: number): void {
    this.#sums.anonBytes += anonBytes - this.anonBytes;
    this.#sums.swapBytes += swapBytes - this.swapBytes;
    this.anonBytes = anonBytes;
    this.swapBytes = swapBytes;
    if (anonBytes > this.peakBytes) this.peakBytes = anonBytes;
  }
}
