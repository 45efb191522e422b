import { remembered } from './memo.js';
import type { GroupProfile, RunFacts } from './profile.js';
import {
  CURVE_BINS,
  MOST_COURSE_RUNS,
  type CompletedRun,
  type CourseRun,
  type Curve,
  type CurveForecast,
} from './types.js';

/** Fewer curves than this say nothing of how far runs differ, in use or in time. */
const TELLING_CURVES = 3;
/** Then this share of its mean is taken for one standard deviation of a bin. */
const FEW_CURVES_DEVIATION = 0.1;
/** Of fewer none can be told to be more like the next run than another. */
const FEWEST_TO_CHOOSE_FROM = 2;
/** A run weighs half as much after so many newer ones. */
const HALF_LIFE_RUNS = 30;
/** So many runs of the most similar inputs are asked; with fewer than twice as many, all are. */
const NEIGHBOURS = 10;

type CurvedRun = CompletedRun & { readonly curve: Curve };

const forecastFor = remembered((profile, inputBytes) =>
  forecastFrom(
    inputBytes === undefined ? curvedRuns(profile.runs) : similarRuns(profile, inputBytes),
  ),
);

/**
 * What the next run is expected to use over its time: mean and variance of each bin of the curves, the newer the
 * heavier. Where the size of the input is known, the runs with the most similar ones are asked: they tell the duration,
 * too. In the bins one or two curves count as uncertain by a stated share, and each with its neighbours: the next run may
 * be faster or slower. From two on there are also the runs themselves, of which likely-course.ts chooses.
 *
 * @returns undefined without any curve.
 */
export function forecastOf(
  profile: GroupProfile,
  { inputBytes }: RunFacts = {},
): CurveForecast | undefined {
  return forecastFor(profile, inputBytes);
}

/** Those that were looked at. */
export function curvedRuns(runs: readonly CompletedRun[]): readonly CurvedRun[] {
  return runs.filter((run): run is CurvedRun => run.curve !== undefined);
}

function similarRuns(profile: GroupProfile, inputBytes: number): readonly CurvedRun[] {
  const runs = curvedRuns(profile.runs);
  const distanceOf = (run: CurvedRun): number =>
    run.inputBytes === undefined
      ? Infinity
      : Math.abs(Math.log1p(run.inputBytes) - Math.log1p(inputBytes));
  const near = runs.filter((run) => run.inputBytes !== undefined);
  if (near.length < 2 * NEIGHBOURS) return runs;
  // The nearest last: the last weighs most.
  return near.sort((a, b) => distanceOf(b) - distanceOf(a)).slice(-NEIGHBOURS);
}

/** {@link forecastOf} of these runs alone, oldest first. */
export function forecastFrom(runs: readonly CurvedRun[]): CurveForecast | undefined {
  if (runs.length === 0) return undefined;
  const weights = runs.map((_, at) => 2 ** ((at - runs.length) / HALF_LIFE_RUNS));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const shares = weights.map((weight) => weight / total);
  const bins = Array.from({ length: CURVE_BINS }, (_, bin) => forecastBin(runs, shares, bin));
  return {
    meanBytes: bins.map(({ mean }) => mean),
    varianceBytes2: bins.map(({ variance }) => variance),
    maxBytes: bins.map(({ max }) => max),
    durationMs: runs.reduce((sum, run, at) => sum + (shares[at] ?? 0) * run.durationMs, 0),
    samples: runs.length,
    runs: runs.length < FEWEST_TO_CHOOSE_FROM ? [] : newestOf(runs, weights),
  };
}

function newestOf(runs: readonly CurvedRun[], weights: readonly number[]): CourseRun[] {
  const newest = runs.slice(-MOST_COURSE_RUNS);
  const counted = weights.slice(-MOST_COURSE_RUNS);
  const total = counted.reduce((sum, weight) => sum + weight, 0);
  return newest.map(({ curve, durationMs }, at) => ({
    curve,
    durationMs,
    share: (counted[at] ?? 0) / total,
  }));
}

interface Bin {
  readonly mean: number;
  readonly variance: number;
  readonly max: number;
}

/** Asked again with each run that ends: loops that make nothing, not arrays of what each run has in the bin. */
function forecastBin(runs: readonly CurvedRun[], shares: readonly number[], bin: number): Bin {
  const isTelling = runs.length >= TELLING_CURVES;
  let mean = 0;
  let max = 0;
  for (let at = 0; at < runs.length; at += 1) {
    const bytes = useIn(runs[at]?.curve, bin, isTelling);
    mean += (shares[at] ?? 0) * bytes;
    max = Math.max(max, bytes);
  }
  let variance = 0;
  for (let at = 0; at < runs.length; at += 1)
    variance += (shares[at] ?? 0) * (useIn(runs[at]?.curve, bin, isTelling) - mean) ** 2;
  // Of n runs the mean itself is uncertain by a part 1/n of the variance, and the sample's variance is too low by as much.
  const widened = isTelling ? (runs.length + 1) / (runs.length - 1) : 1;
  const doubt = isTelling ? 0 : (FEW_CURVES_DEVIATION * mean) ** 2;
  return { mean, variance: Math.max(widened * variance, doubt), max };
}

function useIn(curve: Curve = [], bin: number, isTelling: boolean): number {
  const bytes = curve[bin] ?? 0;
  return isTelling ? bytes : Math.max(curve[bin - 1] ?? 0, bytes, curve[bin + 1] ?? 0);
}
