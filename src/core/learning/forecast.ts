import type { GroupProfile, RunFacts } from './profile.js';
import { CURVE_BINS, type CompletedRun, type Curve, type CurveForecast } from './types.js';

/** Fewer curves than this say nothing of how far runs differ. */
const FORECAST_FROM = 3;
/** A run weighs half as much after so many newer ones. */
const HALF_LIFE_RUNS = 30;
/** So many runs of the most similar inputs are asked; with fewer than twice as many, all are. */
const NEIGHBOURS = 10;

type CurvedRun = CompletedRun & { readonly curve: Curve };

const forecasts = new WeakMap<GroupProfile, { readonly forecast: CurveForecast | undefined }>();

/**
 * What the next run is expected to use over its time: mean and variance of each bin of the curves, the newer the
 * heavier. Where the size of the input is known, the runs with the most similar ones are asked.
 *
 * @returns undefined while there are fewer than {@link FORECAST_FROM} curves.
 */
export function forecastOf(
  profile: GroupProfile,
  { inputBytes }: RunFacts = {},
): CurveForecast | undefined {
  if (inputBytes !== undefined) return forecastFrom(similarRuns(profile, inputBytes));
  let known = forecasts.get(profile);
  if (known === undefined) {
    known = { forecast: forecastFrom(curvedRuns(profile)) };
    forecasts.set(profile, known);
  }
  return known.forecast;
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
  return near.sort((a, b) => distanceOf(a) - distanceOf(b)).slice(0, NEIGHBOURS);
}

function forecastFrom(runs: readonly CurvedRun[]): CurveForecast | undefined {
  if (runs.length < FORECAST_FROM) return undefined;
  const weights = runs.map((_, at) => 2 ** ((at - runs.length) / HALF_LIFE_RUNS));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const meanOf = (value: (run: CurvedRun) => number): number =>
    runs.reduce((sum, run, at) => sum + (weights[at] ?? 0) * value(run), 0) / total;
  // Of n runs the mean itself is uncertain by a part 1/n of the variance, and the sample's variance is too low by as much.
  const widened = (runs.length + 1) / (runs.length - 1);
  const bins = Array.from({ length: CURVE_BINS }, (_, bin) => {
    const mean = meanOf(({ curve }) => curve[bin] ?? 0);
    const variance = widened * meanOf(({ curve }) => ((curve[bin] ?? 0) - mean) ** 2);
    return { mean, variance, max: Math.max(...runs.map(({ curve }) => curve[bin] ?? 0)) };
  });
  return {
    meanBytes: bins.map(({ mean }) => mean),
    varianceBytes2: bins.map(({ variance }) => variance),
    maxBytes: bins.map(({ max }) => max),
    durationMs: meanOf(({ durationMs }) => durationMs),
    samples: runs.length,
  };
}
