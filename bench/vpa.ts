/** Constants of the Kubernetes vertical pod autoscaler's recommender. */
const FIRST_BYTES = 1e7;
const GROWTH = 1.05;
const HALF_LIFE_MS = 24 * 3_600_000;
const PERCENTILE = 0.9;
const MARGIN = 1.15;

/**
 * The vertical pod autoscaler's rule for one group: the 90th percentile of a histogram of peaks that decays by time, and
 * 15 %. Its least recommendation of 250 MB is left out: it is meant for services, and would only make small tasks look
 * worse.
 */
export class VpaHistogram {
  /** Weights of peaks by bucket; a newer one weighs more, doubling every {@link HALF_LIFE_MS}. */
  readonly #weights = new Map<number, number>();
  readonly #firstMs: number;

  /** @param firstMs - when its first peak was seen. */
  constructor(firstMs: number) {
    this.#firstMs = firstMs;
  }

  /** Takes in a peak. */
  learn(peakBytes: number, atMs: number): void {
    const bucket = Math.floor(
      Math.log(1 + (peakBytes * (GROWTH - 1)) / FIRST_BYTES) / Math.log(GROWTH),
    );
    const weight = 2 ** ((atMs - this.#firstMs) / HALF_LIFE_MS);
    this.#weights.set(bucket, (this.#weights.get(bucket) ?? 0) + weight);
  }

  /** What the next of the group is to be set aside, bytes. */
  recommendation(): number {
    return MARGIN * percentile(this.#weights);
  }
}

/** The upper edge of the bucket in which it lies. */
function percentile(weights: ReadonlyMap<number, number>): number {
  const buckets = [...weights].sort(([a], [b]) => a - b);
  const total = buckets.reduce((sum, [, weight]) => sum + weight, 0);
  let reached = 0;
  for (const [bucket, weight] of buckets) {
    reached += weight;
    if (reached >= PERCENTILE * total)
      return (FIRST_BYTES * (GROWTH ** (bucket + 1) - 1)) / (GROWTH - 1);
  }
  throw new RangeError('no peak was ever learned');
}
