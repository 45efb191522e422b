import type { LikenessKey } from './likeness.js';
import type { WaitReason } from './reasons.js';

/** Why tasks were refused on one walk along the queue: nobody like them needs to be looked at again on it. */
export class Refusals {
  readonly #forMemory = new Map<string, WaitReason>();
  readonly #forOthers = new Map<string, WaitReason>();

  /** Tasks unlike each other that were refused. */
  get size(): number {
    return this.#forMemory.size + this.#forOthers.size;
  }

  note({ forMemory, forOthers }: LikenessKey, reason: WaitReason): void {
    if (isAboutMemory(reason)) this.#forMemory.set(forMemory, reason);
    else this.#forOthers.set(forOthers, reason);
  }

  /** Why one that is like it was refused; undefined when none was. */
  of({ forMemory, forOthers }: LikenessKey): WaitReason | undefined {
    return this.#forOthers.get(forOthers) ?? this.#forMemory.get(forMemory);
  }
}

/** It is about what the task itself needs, or is not known to need. */
export function isAboutMemory({ kind }: WaitReason): boolean {
  return kind === 'memory' || kind === 'slow-start';
}
