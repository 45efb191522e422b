import { CURVE_BINS, type CurveForecast } from './learning/types.js';

/**
 * What all running tasks together are expected to use, over stretches of the future that grow longer the further off
 * they are. Stretch `k` holds the largest mean and variance that each task has anywhere in it, so that no peak falls
 * between two looks. Bytes, and bytes squared.
 */
export interface Forecast {
  readonly meanBytes: Float64Array;
  readonly varianceBytes2: Float64Array;
}

/** The first stretch lasts this long; each further one is {@link STRETCH_GROWTH} times as long as all before it. */
const FIRST_STRETCH_MS = 250;
const STRETCH_GROWTH = 2 ** (1 / 3);
/** Enough to look three days ahead. */
const STRETCHES = 64;

/** Where the stretches begin, milliseconds from now. The last one has no end. */
const STARTS_MS: readonly number[] = Array.from({ length: STRETCHES }, (_, at) =>
  at === 0 ? 0 : FIRST_STRETCH_MS * STRETCH_GROWTH ** (at - 1),
);

/** One task as far as a forecast is concerned: its group's course, or a level it may use at any time. */
export type Outlook =
  | { readonly kind: 'level'; readonly bytes: number }
  | {
      readonly kind: 'course';
      readonly course: CurveForecast;
      /** How long it has been running. */
      readonly elapsedMs: number;
      /** What it uses now; absent before the first look. */
      readonly usedBytes?: number;
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
  eachStretch(outlook, (at, mean, variance) => {
    meanBytes[at] = (meanBytes[at] ?? 0) + mean;
    varianceBytes2[at] = (varianceBytes2[at] ?? 0) + variance;
    return true;
  });
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
  let peakBytes = 0;
  let inMs = 0;
  let fits = true;
  eachStretch(candidate, (at, mean, variance) => {
    const sum =
      (forecast.meanBytes[at] ?? 0) +
      mean +
      sigmas * Math.sqrt((forecast.varianceBytes2[at] ?? 0) + variance);
    if (sum > peakBytes) {
      peakBytes = sum;
      inMs = STARTS_MS[at] ?? 0;
    }
    fits = sum <= allowanceBytes;
    return fits;
  });
  return { fits, peakBytes: Math.ceil(peakBytes), inMs: Math.round(inMs) };
}

/** The most that the running tasks are expected to use at any one time, the margin for chance included. */
export function expectedPeak({ meanBytes, varianceBytes2 }: Forecast, sigmas: number): number {
  let peak = 0;
  for (let at = 0; at < STRETCHES; at += 1) {
    peak = Math.max(peak, (meanBytes[at] ?? 0) + sigmas * Math.sqrt(varianceBytes2[at] ?? 0));
  }
  return Math.ceil(peak);
}

/** Sees one stretch; false when it has seen enough. */
type Visit = (at: number, meanBytes: number, varianceBytes2: number) => boolean;

/** Visits the stretches of an outlook's life, in order, until one visit returns false. */
function eachStretch(outlook: Outlook, visit: Visit): void {
  if (outlook.kind === 'level') {
    for (let at = 0; at < STRETCHES; at += 1) if (!visit(at, outlook.bytes, 0)) return;
    return;
  }
  const { course, elapsedMs, usedBytes } = outlook;
  if (elapsedMs >= course.durationMs) {
    overdue(course, usedBytes ?? 0, visit);
    return;
  }
  const bin = course.durationMs / CURVE_BINS;
  const binAt = (ms: number): number => Math.min(CURVE_BINS - 1, Math.floor(ms / bin));
  const over = Math.max(0, (usedBytes ?? 0) - (course.meanBytes[binAt(elapsedMs)] ?? 0));
  // What is known to be used already is half as uncertain from here on.
  const doubt = over > 0 ? 0.5 : 1;
  for (let at = 0; at < STRETCHES; at += 1) {
    const fromMs = elapsedMs + (STARTS_MS[at] ?? 0);
    if (fromMs >= course.durationMs) return;
    const untilMs = Math.min(elapsedMs + (STARTS_MS[at + 1] ?? Infinity), course.durationMs);
    const last = Math.min(CURVE_BINS - 1, Math.ceil(untilMs / bin) - 1);
    let mean = 0;
    let variance = 0;
    for (let b = binAt(fromMs); b <= last; b += 1) {
      mean = Math.max(mean, course.meanBytes[b] ?? 0);
      variance = Math.max(variance, course.varianceBytes2[b] ?? 0);
    }
    if (!visit(at, mean + over, variance * doubt)) return;
  }
}

/** It has run longer than its kind does: it may go on as it is, who knows how long. */
function overdue(course: CurveForecast, usedBytes: number, visit: Visit): void {
  const variance = course.varianceBytes2[CURVE_BINS - 1] ?? 0;
  for (let at = 0; at < STRETCHES; at += 1) if (!visit(at, usedBytes, variance)) return;
}
