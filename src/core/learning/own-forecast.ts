import { curvedRuns, forecastFrom, forecastOf } from './forecast.js';
import type { GroupProfile, RunFacts } from './profile.js';
import type { OwnPast } from './reruns.js';
import type { CourseRun, CurveForecast } from './types.js';

/** Each older run of the same task counts so much of the next. */
const OLDER_SHARE = 0.5;
/** How likely it is as fast as before, and by how many deviations of its duration slower or faster it may be. */
const TEMPOS = [
  { deviations: -1, share: 0.2 },
  { deviations: 0, share: 0.5 },
  { deviations: 1, share: 0.25 },
  { deviations: 3, share: 0.05 },
] as const;

/** By what it was made of: the same past has the same forecast. */
const forecasts = new WeakMap<OwnPast, CurveForecast | 'no curve'>();

/**
 * What a task is expected to use over its time, going by its own earlier runs: as they were, a little faster or slower.
 * What its group does is kept beside it, for when it goes another way this time.
 *
 * @returns undefined where none of them has a curve.
 */
export function ownForecastOf(
  profile: GroupProfile,
  own: OwnPast,
  facts: RunFacts,
): CurveForecast | undefined {
  let forecast = forecasts.get(own);
  if (forecast === undefined) {
    forecast = made(profile, own, facts) ?? 'no curve';
    forecasts.set(own, forecast);
  }
  return forecast === 'no curve' ? undefined : forecast;
}

function made(
  profile: GroupProfile,
  { runs, reruns }: OwnPast,
  facts: RunFacts,
): CurveForecast | undefined {
  const curved = curvedRuns(runs);
  const forecast = forecastFrom(curved);
  if (forecast === undefined) return undefined;
  const group = forecastOf(profile, facts);
  const weights = curved.map((_, at) => OLDER_SHARE ** (curved.length - 1 - at));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    ...forecast,
    samples: runs.length + reruns.pairs,
    runs: curved.flatMap(({ curve, durationMs }, at) =>
      TEMPOS.map(({ deviations, share }): CourseRun => {
        const slower = Math.exp(deviations * reruns.durationDeviation);
        const weight = (weights[at] ?? 0) / total;
        return { curve, durationMs: slower * durationMs, share: share * weight };
      }),
    ),
    offShare: reruns.peakDeviation,
    ...(group === undefined || group.runs.length === 0 ? {} : { otherwise: group }),
  };
}
