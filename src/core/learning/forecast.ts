import { remembered } from './memo.js';
import type { GroupProfile, RunFacts } from './profile.js';
import { CURVE_BINS, type CompletedRun, type Curve, type CurveForecast } from './types.js';

/** Fewer curves than this say nothing of how far runs differ, in use or in time. */
const TELLING_CURVES = 3;
/** Then this share of its mean is taken for one standard deviation of a bin. */
const FEW_CURVES_DEVIATION = 0.1;
/** A run weighs half as much after so many newer ones. */
const HALF_LIFE_RUNS = 30;
/** So many runs of the most similar inputs are asked; with fewer than twice as many, all are. */
const NEIGHBOURS = 10;

type CurvedRun = CompletedRun & { readonly curve: Curve };

const forecastFor = remembered((profile, inputBytes) =>
  forecastFrom(inputBytes === undefined ? curvedRuns(profile) : similarRuns(profile, inputBytes)),
);

/**
 * What the next run is expected to use over its time: mean and variance of each bin of the curves, the newer the
 * heavier. Where the size of the input is known, the runs with the most similar ones are asked: they tell the duration,
 * too. One or two curves count as uncertain by a stated share, and every bin with its neighbours: the next run may be
 * faster or slower.
 *
 * @returns undefined without any curve.
 */
export function forecastOf(
  profile: GroupProfile,
  { inputBytes }: RunFacts = {},
): CurveForecast | undefined {
  return forecastFor(profile, inputBytes);
}

function curvedRuns({ runs }: GroupProfile): readonly CurvedRun[] {
  return runs.filter((run): run is CurvedRun => run.curve !== undefined);
}

function similarRuns(profile: GroupProfile, inputBytes: number): readonly CurvedRun[] {
  const runs = curvedRuns(profile);
  const distanceOf = (run: CurvedRun): number =>
    run.inputBytes === undefined
      ? Infinity
      : Math.abs(Math.log1p(run.inputBytes) - Math.log1p(inputBytes));
  const near = runs.filter((run) => run.inputBytes !== undefined);
  if (near.length < 2 * NEIGHBOURS) return runs;
  // The nearest last: the last weighs most.
  return near.sort((a, b) => distanceOf(b) - distanceOf(a)).slice(-NEIGHBOURS);
}

function forecastFrom(runs: readonly CurvedRun[]): CurveForecast | undefined {
  if (runs.length === 0) return undefined;
  const isTelling = runs.length >= TELLING_CURVES;
  const weights = runs.map((_, at) => 2 ** ((at - runs.length) / HALF_LIFE_RUNS));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const meanOf = (value: (run: CurvedRun) => number): number =>
    runs.reduce((sum, run, at) => sum + (weights[at] ?? 0) * value(run), 0) / total;
  // Of n runs the mean itself is uncertain by a part 1/n of the variance, and the sample's variance is too low by as much.
  const widened = isTelling ? (runs.length + 1) / (runs.length - 1) : 1;
  const useIn = isTelling ? inBin : aroundBin;
  const bins = Array.from({ length: CURVE_BINS }, (_, bin) => {
    const mean = meanOf(({ curve }) => useIn(curve, bin));
    const variance = widened * meanOf(({ curve }) => (useIn(curve, bin) - mean) ** 2);
    const doubt = isTelling ? 0 : (FEW_CURVES_DEVIATION * mean) ** 2;
    const max = Math.max(...runs.map(({ curve }) => useIn(curve, bin)));
    return { mean, variance: Math.max(variance, doubt), max };
  });
  return {
    meanBytes: bins.map(({ mean }) => mean),
    varianceBytes2: bins.map(({ variance }) => variance),
    maxBytes: bins.map(({ max }) => max),
    durationMs: meanOf(({ durationMs }) => durationMs),
    samples: runs.length,
  };
}

function inBin(curve: Curve, bin: number): number {
  return curve[bin] ?? 0;
}

function aroundBin(curve: Curve, bin: number): number {
  return Math.max(inBin(curve, bin - 1), inBin(curve, bin), inBin(curve, bin + 1));
}
