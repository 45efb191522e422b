/**
 * Stretches of the future that grow longer the further off they are: the first lasts this long; each further one is
 * {@link STRETCH_GROWTH} times as long as all before it.
 */
const FIRST_STRETCH_MS = 250;
const STRETCH_GROWTH = 2 ** (1 / 3);
/** Enough to look three days ahead. */
export const STRETCHES = 64;

/** Where the stretches begin, milliseconds from now. The last one has no end. */
export const STARTS_MS: readonly number[] = Array.from({ length: STRETCHES }, (_, at) =>
  at === 0 ? 0 : FIRST_STRETCH_MS * STRETCH_GROWTH ** (at - 1),
);

/** Where stretch `at` ends, milliseconds from now. */
export function endOfStretch(at: number): number {
  return STARTS_MS[at + 1] ?? Infinity;
}

/**
 * One task over the stretches of its life, which may be over before the last: bytes, and bytes squared. Arrays of
 * numbers, not of objects.
 */
export interface Stretches {
  readonly meanBytes: readonly number[];
  readonly varianceBytes2: readonly number[];
}

/** The same for ever. */
export function unchanging(bytes: number, varianceBytes2: number): Stretches {
  return {
    meanBytes: Array<number>(STRETCHES).fill(bytes),
    varianceBytes2: Array<number>(STRETCHES).fill(varianceBytes2),
  };
}
