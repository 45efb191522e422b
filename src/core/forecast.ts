import { CURVE_BINS, type CurveForecast } from './learning/types.js';
import { likelyStretches } from './likely-course.js';
import { endOfStretch, STARTS_MS, STRETCHES, unchanging, type Stretches } from './stretches.js';

/**
 * What all running tasks together are expected to use, over stretches of the future that grow longer the further off
 * they are. Stretch `k` holds the largest mean and variance that each task has anywhere in it, so that no peak falls
 * between two looks. Bytes, and bytes squared.
 */
export interface Forecast {
  readonly meanBytes: Float64Array;
  readonly varianceBytes2: Float64Array;
}

/** One task as far as a forecast is concerned: its group's course, or a level it may use at any time. */
export type Outlook =
  | { readonly kind: 'level'; readonly bytes: number }
  /** Worked out before. */
  | { readonly kind: 'foreseen'; readonly stretches: Stretches; readonly doubt?: number }
  | {
      readonly kind: 'course';
      readonly course: CurveForecast;
      /** How long it has been running. */
      readonly elapsedMs: number;
      /** What it uses now; absent before the first look. */
      readonly usedBytes?: number;
      /** How many deviations it counts with for each one of others; absent: one. */
      readonly doubt?: number;
    };

/** Where a task would take all of them too far, or how close it would come. */
export interface Outcome {
  readonly fits: boolean;
  /** The most that all are expected to use at one time, the margin for chance included; up to the first misfit. */
  readonly peakBytes: number;
  /** When that is, milliseconds from now. */
  readonly inMs: number;
}

/** Nobody runs. */
export function emptyForecast(): Forecast {
  return {
    meanBytes: new Float64Array(STRETCHES),
    varianceBytes2: new Float64Array(STRETCHES),
  };
}

/** Adds one more running task to the forecast, in place. */
export function addOutlook(forecast: Forecast, outlook: Outlook): void {
  const { meanBytes, varianceBytes2 } = forecast;
  const own = stretchesOf(outlook);
  const weight = weightOfVariance(outlook);
  for (let at = 0; at < own.meanBytes.length; at += 1) {
    meanBytes[at] = (meanBytes[at] ?? 0) + (own.meanBytes[at] ?? 0);
    varianceBytes2[at] = (varianceBytes2[at] ?? 0) + weight * (own.varianceBytes2[at] ?? 0);
  }
}

/**
 * Whether one more task keeps within what all may use together, at every time of its own life: the mean of the sum
 * and `sigmas` standard deviations of it (prediction.md section 3.4).
 */
export function wouldFit(
  forecast: Forecast,
  candidate: Outlook,
  allowanceBytes: number,
  sigmas: number,
): Outcome {
  const { meanBytes, varianceBytes2 } = stretchesOf(candidate);
  const weight = weightOfVariance(candidate);
  let peakBytes = 0;
  let peakAt = 0;
  for (let at = 0; at < meanBytes.length && peakBytes <= allowanceBytes; at += 1) {
    const variance = (forecast.varianceBytes2[at] ?? 0) + weight * (varianceBytes2[at] ?? 0);
    const sum = (forecast.meanBytes[at] ?? 0) + (meanBytes[at] ?? 0) + sigmas * Math.sqrt(variance);
    if (sum > peakBytes) {
      peakBytes = sum;
      peakAt = at;
    }
  }
  return {
    fits: peakBytes <= allowanceBytes,
    peakBytes: Math.ceil(peakBytes),
    inMs: Math.round(STARTS_MS[peakAt] ?? 0),
  };
}

/** The most that the running tasks are expected to use at any one time, the margin for chance included. */
export function expectedPeak({ meanBytes, varianceBytes2 }: Forecast, sigmas: number): number {
  let peak = 0;
  for (let at = 0; at < STRETCHES; at += 1) {
    peak = Math.max(peak, (meanBytes[at] ?? 0) + sigmas * Math.sqrt(varianceBytes2[at] ?? 0));
  }
  return Math.ceil(peak);
}

function weightOfVariance(outlook: Outlook): number {
  return outlook.kind === 'level' ? 1 : (outlook.doubt ?? 1) ** 2;
}

/** Of courses from their beginning: the same for all tasks of a group that wait. */
const fromTheStart = new WeakMap<CurveForecast, Stretches>();

function stretchesOf(outlook: Outlook): Stretches {
  if (outlook.kind === 'level') return unchanging(outlook.bytes, 0);
  if (outlook.kind === 'foreseen') return outlook.stretches;
  const { course, elapsedMs, usedBytes } = outlook;
  if (elapsedMs > 0 || usedBytes !== undefined) return ahead(course, elapsedMs, usedBytes);
  let known = fromTheStart.get(course);
  if (known === undefined) {
    known = ahead(course, 0, undefined);
    fromTheStart.set(course, known);
  }
  return known;
}

/** By the runs that are most like it where there are some to choose from, else by their mean. */
function ahead(course: CurveForecast, elapsedMs: number, usedBytes: number | undefined): Stretches {
  return course.runs.length > 0
    ? likelyStretches(course, elapsedMs, usedBytes)
    : onTheWay(course, elapsedMs, usedBytes ?? 0);
}

function onTheWay(course: CurveForecast, elapsedMs: number, usedBytes: number): Stretches {
  // It has run longer than its kind does: it may go on as it is, who knows how long.
  if (elapsedMs >= course.durationMs)
    return unchanging(usedBytes, course.varianceBytes2[CURVE_BINS - 1] ?? 0);
  const bin = course.durationMs / CURVE_BINS;
  const over = Math.max(0, usedBytes - (course.meanBytes[binAt(elapsedMs, bin)] ?? 0));
  // What is known to be used already is half as uncertain from here on.
  const doubt = over > 0 ? 0.5 : 1;
  const meanBytes: number[] = [];
  const varianceBytes2: number[] = [];
  for (let at = 0; at < STRETCHES; at += 1) {
    const fromMs = elapsedMs + (STARTS_MS[at] ?? 0);
    if (fromMs >= course.durationMs) break;
    const untilMs = Math.min(elapsedMs + endOfStretch(at), course.durationMs);
    const last = Math.min(CURVE_BINS - 1, Math.ceil(untilMs / bin) - 1);
    let mean = 0;
    let variance = 0;
    for (let b = binAt(fromMs, bin); b <= last; b += 1) {
      mean = Math.max(mean, course.meanBytes[b] ?? 0);
      variance = Math.max(variance, course.varianceBytes2[b] ?? 0);
    }
    meanBytes.push(mean + over);
    varianceBytes2.push(variance * doubt);
  }
  return { meanBytes, varianceBytes2 };
}

function binAt(ms: number, binMs: number): number {
  return Math.min(CURVE_BINS - 1, Math.floor(ms / binMs));
}
