import { ascending, mostWithout, quantile, quantileWithout, topOf } from './statistics.js';

/** One way to say what the next run will need. */
export interface Rule<Basis> {
  /** For people, so short; and the key of what it has cost: another rule needs another name. */
  readonly name: string;
  /** Its estimate, bytes; undefined where it has nothing to say. */
  readonly bytesOf: (basis: Basis) => number | undefined;
  /** It is never below the largest peak, so that it may be followed without a record of its own. */
  readonly isCautious: boolean;
}

/** What the plain rules go by. Bytes. */
export interface PeakSummary {
  readonly largest: number;
  readonly smallest: number;
  /** Of each of {@link QUANTILES}. */
  readonly quantiles: readonly number[];
  /** The largest of the newest {@link RECENT_RUNS}. */
  readonly recentLargest: number;
  /** The largest before the newest of each of {@link RISE_RUNS}; undefined where there was nothing before them. */
  readonly earlierLargest: readonly (number | undefined)[];
}

const MAX_MARGINS = [1.01, 1.02, 1.05, 1.1, 1.15, 1.3];
const QUANTILES = [0.5, 0.8, 0.9, 0.95];
const QUANTILE_MARGINS = [1.05, 1.2];
/** The largest of so many runs forgets a past that no longer holds. */
const RECENT_RUNS = 20;
const RECENT_MARGIN = 1.1;
/** A maximum that so many runs have raised is taken to rise as much again: of tasks begun at once, light ones end first. */
const RISE_RUNS = [5, 10];
const RISE_MARGIN = 1.02;
/** What it is taken to rise by when there are no more runs than that. */
const RISE_UNKNOWN = 0.3;

/** The rules that go by peaks alone. */
export const PLAIN_RULES: readonly Rule<PeakSummary>[] = [
  ...MAX_MARGINS.map((margin) => ({
    name: `max × ${margin}`,
    bytesOf: ({ largest }: PeakSummary) => margin * largest,
    isCautious: true,
  })),
  ...QUANTILES.flatMap((q, at) =>
    QUANTILE_MARGINS.map((margin) => ({
      name: `p${100 * q} × ${margin}`,
      bytesOf: ({ quantiles }: PeakSummary) => margin * (quantiles[at] ?? 0),
      isCautious: false,
    })),
  ),
  {
    name: `max of last ${RECENT_RUNS} × ${RECENT_MARGIN}`,
    bytesOf: ({ recentLargest }) => RECENT_MARGIN * recentLargest,
    isCautious: false,
  },
  ...RISE_RUNS.map((runs, at) => ({
    name: `max + rise of ${runs} runs`,
    bytesOf: ({ largest, earlierLargest }: PeakSummary) => {
      const earlier = earlierLargest[at];
      const rise = earlier === undefined ? RISE_UNKNOWN * largest : largest - earlier;
      return RISE_MARGIN * largest + rise;
    },
    isCautious: true,
  })),
];

/** @param peaks - oldest first. */
export function summaryOf(peaks: readonly number[]): PeakSummary {
  const sorted = ascending(peaks);
  return {
    largest: sorted.at(-1) ?? 0,
    smallest: sorted.at(0) ?? 0,
    quantiles: QUANTILES.map((q) => quantile(sorted, q)),
    recentLargest: topOf(peaks, peaks.length - RECENT_RUNS).most,
    earlierLargest: RISE_RUNS.map((runs) =>
      peaks.length > runs ? topOf(peaks, 0, peaks.length - runs).most : undefined,
    ),
  };
}

/**
 * For each peak the summary of all others: what would have been known had it come last. In one pass: it is asked for
 * after every run.
 *
 * @param peaks - oldest first.
 */
export function summariesWithoutOne(peaks: readonly number[]): PeakSummary[] {
  const count = peaks.length;
  const sorted = ascending(peaks);
  const all = topOf(peaks);
  const recentFrom = count - RECENT_RUNS;
  const recent = topOf(peaks, recentFrom);
  const recentAndOne = topOf(peaks, recentFrom - 1);
  const rises = RISE_RUNS.map((runs) => ({
    end: count - runs,
    whole: topOf(peaks, 0, count - runs),
    shorter: topOf(peaks, 0, count - runs - 1),
  }));
  return peaks.map((peak, at) => {
    const place = sorted.indexOf(peak);
    return {
      largest: mostWithout(all, at),
      smallest: quantileWithout(sorted, 0, place),
      quantiles: QUANTILES.map((q) => quantileWithout(sorted, q, place)),
      recentLargest: at >= recentFrom ? mostWithout(recentAndOne, at) : recent.most,
      earlierLargest: rises.map(({ end, whole, shorter }) => {
        if (end < 2) return undefined;
        return at < end ? mostWithout(whole, at) : shorter.most;
      }),
    };
  });
}
