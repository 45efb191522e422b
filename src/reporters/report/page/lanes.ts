/** What takes a lane for some time. */
export interface Stay {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Puts stays into as few lanes as can be, each into the first that is free: what ran at the same time lies side by side.
 *
 * @param stays - in the order of `fromMs`.
 * @returns the lane of each, from 0, and how many there are.
 */
export function lanesOf(stays: readonly Stay[]): {
  readonly lanes: readonly number[];
  readonly count: number;
} {
  const freeFromMs: number[] = [];
  const lanes = stays.map(({ fromMs, toMs }) => {
    const free = freeFromMs.findIndex((ms) => ms <= fromMs);
    const lane = free < 0 ? freeFromMs.length : free;
    freeFromMs[lane] = toMs;
    return lane;
  });
  return { lanes, count: freeFromMs.length };
}
