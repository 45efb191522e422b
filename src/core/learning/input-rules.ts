import type { Rule } from './rules.js';
import {
  ascending,
  mostWithout,
  quantile,
  quantileWithout,
  topOf,
  type Top,
} from './statistics.js';

/** A completed run of which the size of the input was known. */
export interface InputPoint {
  readonly inputBytes: number;
  readonly peakBytes: number;
}

/** How peaks have depended on inputs so far. */
export interface InputView {
  /** Oldest first, as in {@link InputPoint}. */
  readonly peaks: readonly number[];
  readonly inputs: readonly number[];
  /** {@link similarity} of each input. */
  readonly places: readonly number[];
  readonly largestPeak: Top;
  readonly largestInput: Top;
  /** One for each of {@link SCALES}; undefined where the peak does not rise with the input. */
  readonly fits: readonly (Fit | undefined)[];
}

/** What the input rules are asked. Bytes. */
export interface InputQuestion {
  /** One for each of {@link SCALES}. */
  readonly fitted: readonly (Fitted | undefined)[];
  /** Peaks of the runs with the most similar inputs, nearest first. */
  readonly nearestPeaks: readonly number[];
  /** No fit is followed beyond this. */
  readonly mostBytes: number;
}

/** What a fit says, and by what factor peaks lay above it: one for each of {@link RATIO_QUANTILES}. */
interface Fitted {
  readonly bytes: number;
  readonly ratios: readonly number[];
}

/** A line through the points on some scale. */
interface Fit {
  readonly at: (inputBytes: number) => number;
  /** What it would say at the point at this place, had that point not been there. */
  readonly without: (place: number) => number;
  /** By what factor each point lies above it, and the same in ascending order. */
  readonly ratios: readonly number[];
  readonly sortedRatios: Float64Array;
}

/** Fewer points than this say nothing of how the peak depends on the input. */
const POINTS_FROM = 4;
/** Peaks that grow by so much a byte, and peaks that grow by so much a doubling. */
const SCALES = [
  { name: 'line in input', to: (bytes: number) => bytes, from: (value: number) => value },
  { name: 'power of input', to: Math.log1p, from: Math.expm1 },
] as const;
const RATIO_QUANTILES = [0.8, 0.95, 1];
const FIT_MARGIN = 1.05;
const NEIGHBOURS = [3, 5];
const NEIGHBOUR_MARGINS = [1.01, 1.05, 1.1];
const MOST_NEIGHBOURS = Math.max(...NEIGHBOURS);
/** No fit is believed beyond so many times the largest peak; for an input larger than all seen, in proportion to it, */
const MOST_INSIDE = 1.1;
/** but never beyond so many times; */
const MOST_BEYOND = 2;
/** nor below this share of the smallest peak. */
const LEAST_SHARE = 0.5;

/** The rules that go by the size of the input. */
export const INPUT_RULES: readonly Rule<InputQuestion>[] = [
  ...SCALES.flatMap(({ name }, scale) =>
    RATIO_QUANTILES.map((q, at) => ({
      name: `${name}, p${100 * q}`,
      bytesOf: ({ fitted, mostBytes }: InputQuestion) => {
        const fit = fitted[scale];
        return fit && Math.min(FIT_MARGIN * fit.bytes * (fit.ratios[at] ?? 1), mostBytes);
      },
      isCautious: false,
    })),
  ),
  ...NEIGHBOURS.flatMap((neighbours) =>
    NEIGHBOUR_MARGINS.map((margin) => ({
      name: `max of ${neighbours} nearest × ${margin}`,
      bytesOf: ({ nearestPeaks }: InputQuestion) =>
        margin * topOf(nearestPeaks, 0, neighbours).most,
      isCautious: false,
    })),
  ),
];

/**
 * @param points - oldest first.
 * @returns undefined when they are too few, or all alike.
 */
export function inputViewOf(points: readonly InputPoint[]): InputView | undefined {
  const inputs = points.map(({ inputBytes }) => inputBytes);
  const peaks = points.map(({ peakBytes }) => peakBytes);
  if (points.length < POINTS_FROM || inputs.every((bytes) => bytes === inputs[0])) return undefined;
  return {
    peaks,
    inputs,
    places: inputs.map(similarity),
    largestPeak: topOf(peaks),
    largestInput: topOf(inputs),
    fits: SCALES.map(({ to, from }) => fitOf(inputs, peaks, to, from)),
  };
}

/** Asks of an input of this size. */
export function questionOf(view: InputView, inputBytes: number): InputQuestion {
  const { fits, largestInput, largestPeak } = view;
  return {
    fitted: fits.map(
      (fit) =>
        fit && {
          bytes: fit.at(inputBytes),
          ratios: RATIO_QUANTILES.map((q) => quantile(fit.sortedRatios, q)),
        },
    ),
    nearestPeaks: nearestPeaks(view, inputBytes, undefined),
    mostBytes: mostAt(inputBytes, largestInput.most, largestPeak.most),
  };
}

/** Asks of the input of a known point what would have been said had that point come last. */
export function questionWithout(view: InputView, place: number): InputQuestion {
  const { inputs, fits, largestInput, largestPeak } = view;
  const inputBytes = inputs[place] ?? 0;
  return {
    fitted: fits.map((fit) => {
      if (fit === undefined) return undefined;
      const { ratios, sortedRatios } = fit;
      const own = sortedRatios.indexOf(ratios[place] ?? 0);
      return {
        bytes: fit.without(place),
        ratios: RATIO_QUANTILES.map((q) => quantileWithout(sortedRatios, q, own)),
      };
    }),
    nearestPeaks: nearestPeaks(view, inputBytes, place),
    mostBytes: mostAt(
      inputBytes,
      mostWithout(largestInput, place),
      mostWithout(largestPeak, place),
    ),
  };
}

function mostAt(inputBytes: number, largestInputBytes: number, largestPeakBytes: number): number {
  const beyond = MOST_INSIDE * Math.max(1, inputBytes / largestInputBytes);
  return largestPeakBytes * Math.min(beyond, MOST_BEYOND);
}

/** Inputs are as similar as their sizes lie close on a logarithmic scale. */
function similarity(inputBytes: number): number {
  return Math.log1p(inputBytes);
}

/** The newest first among equals. */
function nearestPeaks(
  { peaks, places }: InputView,
  inputBytes: number,
  without: number | undefined,
): number[] {
  const here = similarity(inputBytes);
  const nearest: number[] = [];
  const distances: number[] = [];
  for (let at = places.length - 1; at >= 0; at -= 1) {
    const distance = Math.abs((places[at] ?? 0) - here);
    if (at === without || distance >= (distances[MOST_NEIGHBOURS - 1] ?? Infinity)) continue;
    let slot = Math.min(distances.length, MOST_NEIGHBOURS - 1);
    for (; slot > 0 && (distances[slot - 1] ?? 0) > distance; slot -= 1) {
      distances[slot] = distances[slot - 1] ?? 0;
      nearest[slot] = nearest[slot - 1] ?? 0;
    }
    distances[slot] = distance;
    nearest[slot] = peaks[at] ?? 0;
  }
  return nearest;
}

/** Least squares; undefined where the peak does not rise with the input. */
function fitOf(
  inputs: readonly number[],
  peaks: readonly number[],
  to: (bytes: number) => number,
  from: (value: number) => number,
): Fit | undefined {
  const count = inputs.length;
  const xs = inputs.map(to);
  const ys = peaks.map(to);
  const meanX = xs.reduce((sum, x) => sum + x, 0) / count;
  const meanY = ys.reduce((sum, y) => sum + y, 0) / count;
  const sumXX = xs.reduce((sum, x) => sum + (x - meanX) ** 2, 0);
  const sumXY = xs.reduce((sum, x, at) => sum + (x - meanX) * ((ys[at] ?? 0) - meanY), 0);
  const slope = sumXY / sumXX;
  if (!(slope > 0)) return undefined;
  const least = Math.max(1, LEAST_SHARE * Math.min(...peaks));
  const line = (x: number): number => meanY + slope * (x - meanX);
  const bytesAt = (value: number): number => Math.max(least, from(value));
  const ratios = peaks.map((peak, at) => peak / bytesAt(line(xs[at] ?? 0)));
  return {
    at: (inputBytes) => bytesAt(line(to(inputBytes))),
    // A point's own pull on the line is its leverage: a fit without it misses it by residual / (1 - leverage).
    without: (place) => {
      const x = xs[place] ?? 0;
      const y = ys[place] ?? 0;
      const leverage = 1 / count + (x - meanX) ** 2 / sumXX;
      return leverage < 1 ? bytesAt(y - (y - line(x)) / (1 - leverage)) : least;
    },
    ratios,
    sortedRatios: ascending(ratios),
  };
}
