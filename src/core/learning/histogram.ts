import { MiB } from '../../util/bytes.js';

/** Width of the first bucket. */
const FIRST_BYTES = MiB;
/** Each bucket is wider than the one below it by this share (as in the Kubernetes vertical pod autoscaler). */
const GROWTH = 0.05;
/** A sample weighs half as much after so many newer ones: batch groups rest for days and then run by the hundred. */
const HALF_LIFE_SAMPLES = 30;
/** It also weighs half as much after this time. */
const HALF_LIFE_MS = 14 * 24 * 3_600_000;
/** A bucket below this weight is forgotten; the newest sample weighs 1. */
const FORGOTTEN_WEIGHT = 1e-4;

/**
 * How often which peak was seen, the newer the more. Bucket `b` holds what is at least `lowerEdge(b)` and less than
 * `lowerEdge(b + 1)`. Plain data, so that it can be stored.
 */
export interface Histogram {
  /** Lowest first, none twice, weights above 0. */
  readonly buckets: readonly Bucket[];
  /** Of all samples, decayed as the buckets are, but exact. */
  readonly weight: number;
  readonly weightedSumBytes: number;
  /** Wall clock of the newest sample, milliseconds since 1970; weights are as of then. 0 while it is empty. */
  readonly newestMs: number;
}

/** Number of a bucket and the weight of its samples. */
export type Bucket = readonly [index: number, weight: number];

/** One that has seen nothing. */
export const EMPTY_HISTOGRAM: Histogram = {
  buckets: [],
  weight: 0,
  weightedSumBytes: 0,
  newestMs: 0,
};

/** The smallest value that belongs into bucket `index`, bytes; the upper edge of the one below. */
export function lowerEdge(index: number): number {
  return (FIRST_BYTES * ((1 + GROWTH) ** index - 1)) / GROWTH;
}

/**
 * Adds a sample. What is there decays: by half every {@link HALF_LIFE_SAMPLES} samples and every
 * {@link HALF_LIFE_MS}. A sample that comes late has decayed itself.
 *
 * @param atMs - wall clock, milliseconds since 1970.
 */
export function addSample(histogram: Histogram, bytes: number, atMs: number): Histogram {
  const newestMs = Math.max(histogram.newestMs, atMs);
  const weight = halvedPer(HALF_LIFE_MS, newestMs - atMs);
  const old = decayed(histogram, newestMs, halvedPer(HALF_LIFE_SAMPLES, 1));
  return added(old, {
    buckets: [[bucketOf(bytes), weight]],
    weight,
    weightedSumBytes: weight * bytes,
    newestMs,
  });
}

/** Both together, as of the newer one. */
export function mergeHistograms(a: Histogram, b: Histogram): Histogram {
  const newestMs = Math.max(a.newestMs, b.newestMs);
  return added(decayed(a, newestMs, 1), decayed(b, newestMs, 1));
}

/**
 * The upper edge of the bucket in which the share `q` of all weight is reached, bytes: never below the true percentile,
 * and above it by {@link GROWTH} and {@link FIRST_BYTES} at the most. Undefined when it is empty.
 *
 * @param q - 0 to 1.
 */
export function percentile({ buckets }: Histogram, q: number): number | undefined {
  const total = buckets.reduce((sum, [, weight]) => sum + weight, 0);
  let reached = 0;
  let last: number | undefined;
  for (const [index, weight] of buckets) {
    reached += weight;
    last = index;
    if (reached >= q * total) break;
  }
  return last === undefined ? undefined : lowerEdge(last + 1);
}

/** Mean of the samples, the newer the heavier; not rounded to buckets. Undefined when it is empty. */
export function meanBytes({ weight, weightedSumBytes }: Histogram): number | undefined {
  return weight > 0 ? weightedSumBytes / weight : undefined;
}

function bucketOf(bytes: number): number {
  const index = Math.floor(Math.log1p((bytes * GROWTH) / FIRST_BYTES) / Math.log1p(GROWTH));
  // The logarithm is off by a hair at the edges; the powers decide.
  if (bytes >= lowerEdge(index + 1)) return index + 1;
  return bytes < lowerEdge(index) ? index - 1 : index;
}

function halvedPer(halfLife: number, passed: number): number {
  return 2 ** (-passed / halfLife);
}

function decayed(histogram: Histogram, newestMs: number, factor: number): Histogram {
  const { buckets, weight, weightedSumBytes } = histogram;
  const left = factor * halvedPer(HALF_LIFE_MS, newestMs - histogram.newestMs);
  if (left === 1 || weight === 0) return { ...histogram, newestMs };
  return {
    buckets: buckets.map(([index, held]) => [index, held * left]),
    weight: weight * left,
    weightedSumBytes: weightedSumBytes * left,
    newestMs,
  };
}

/** Sum of two histograms as of the same time, without what may be forgotten. */
function added(a: Histogram, b: Histogram): Histogram {
  const weights = new Map<number, number>(a.buckets);
  for (const [index, weight] of b.buckets) weights.set(index, (weights.get(index) ?? 0) + weight);
  return {
    buckets: [...weights]
      .filter(([, weight]) => weight >= FORGOTTEN_WEIGHT)
      .sort(([left], [right]) => left - right),
    weight: a.weight + b.weight,
    weightedSumBytes: a.weightedSumBytes + b.weightedSumBytes,
    newestMs: a.newestMs,
  };
}
