import { Random } from '../../test/sim/random.js';

const PARTS = 16;
/** Of recorded jobs of a minute and more, so many reach 95 % of their peak in the first tenth of their time, */
const EARLY_SHARE = 0.25;
/** and so many only in the last three tenths (prediction.md section 5). */
const LATE_SHARE = 0.31;

/**
 * A made-up curve of a category of tasks as shares of the peak, by its name: the same category has the same curve.
 * Early, late and in between are as frequent as among recorded tasks.
 */
export function curveFor(category: string): number[] {
  const chance = new Random(0).fork(category);
  const drawn = chance.next();
  const low = chance.between(0.2, 0.7);
  if (drawn < EARLY_SHARE) return curve((at) => (at < chance.between(0.05, 0.3) ? 1 : low));
  if (drawn < EARLY_SHARE + LATE_SHARE) {
    const risesAt = chance.between(0.7, 0.95);
    return curve((at) => (at < risesAt ? low : 1));
  }
  return curve((at) => low + (1 - low) * at);
}

/** @param shareAt - of the peak, after a share of the time; its highest value becomes 1. */
export function curve(shareAt: (elapsed: number) => number): number[] {
  const shares = Array.from({ length: PARTS }, (_, part) => shareAt((part + 1) / PARTS));
  const most = Math.max(...shares);
  return shares.map((share) => share / most);
}
