import { assert } from '../util/assert.js';
import { MiB } from '../util/bytes.js';
import {
  CURVE_BINS,
  MOST_COURSE_RUNS,
  type CourseRun,
  type CurveForecast,
} from './learning/types.js';
import { STARTS_MS, STRETCHES, unchanging, type Stretches } from './stretches.js';

/** A past run that used so much more or less at that age, as a share and in bytes, counts 0.6 times as much. */
const ALIKE_SHARE = 0.08;
const ALIKE_BYTES = 4 * MiB;
/** However unlike it was, it counts this much: the next run may be like none. */
const UNLIKE_WEIGHT = 0.02;
/** Past runs that agree are not the next one: so far it may be off all the same, as a share, one standard deviation. */
const OFF_SHARE = 0.05;
/** The same where as good as one or two runs are asked. */
const OFF_SHARE_OF_FEW = 0.1;
const FEW = 3;
/** A task less like the likest of its own runs than this is like none of them. */
const LEAST_LIKE = 0.1;
/** The variance of a sample is too low, and its mean uncertain: of few runs by up to this factor. */
const MOST_WIDENED = 3;

/**
 * What a task will use from now on, going by past runs of its kind: those count most that used as much at its age, and
 * none that was over by then. Two runs whose peaks differ by as much as 80 and 480 MiB say little together of one that
 * has just begun, but nearly all once it has risen or has not.
 *
 * @param elapsedMs - how long it has been running; 0 for one that has not begun.
 * @param usedBytes - what it uses now; undefined before the first look.
 */
export function likelyStretches(
  course: CurveForecast,
  elapsedMs: number,
  usedBytes: number | undefined,
): Stretches {
  assert(course.runs.length <= MOST_COURSE_RUNS, 'a forecast keeps no more runs than are weighed');
  const likest = weigh(course.runs, elapsedMs, usedBytes);
  if (course.otherwise !== undefined && likest < LEAST_LIKE)
    return likelyStretches(course.otherwise, elapsedMs, usedBytes);
  // It has run longer than its kind does: it may go on as it is, who knows how long.
  if (likest === 0) return unchanging(usedBytes ?? 0, course.varianceBytes2[CURVE_BINS - 1] ?? 0);
  const { widened, offShare } = doubtOf(course);
  const stretches = sumUp(course.runs, elapsedMs);
  const over = Math.max(0, (usedBytes ?? 0) - (sums.mean[0] ?? 0));
  const meanBytes: number[] = [];
  const varianceBytes2: number[] = [];
  for (let at = 0; at < stretches; at += 1) {
    const mean = sums.mean[at] ?? 0;
    const variance = Math.max(0, (sums.square[at] ?? 0) - mean ** 2);
    meanBytes.push(mean + over);
    varianceBytes2.push(widened * variance + (offShare * mean) ** 2);
  }
  return { meanBytes, varianceBytes2 };
}

/** Filled anew each time: what is asked for every running task again and again makes no garbage. */
const weights = new Float64Array(MOST_COURSE_RUNS);
const sums = { mean: new Float64Array(STRETCHES), square: new Float64Array(STRETCHES) };

/**
 * How much each run counts, of all together 1; those that were over by then do not.
 *
 * @returns how well the likest of them agrees, {@link UNLIKE_WEIGHT} to 1 and that; 0 when all were over.
 */
function weigh(
  runs: readonly CourseRun[],
  elapsedMs: number,
  usedBytes: number | undefined,
): number {
  let total = 0;
  let likest = 0;
  for (let at = 0; at < runs.length; at += 1) {
    const run = runs[at];
    const lasts = run !== undefined && run.durationMs > elapsedMs;
    const like = lasts ? likeness(run, elapsedMs, usedBytes) : 0;
    likest = Math.max(likest, like);
    weights[at] = like * (run?.share ?? 0);
    total += weights[at] ?? 0;
  }
  for (let at = 0; at < runs.length; at += 1) weights[at] = (weights[at] ?? 0) / total;
  return likest;
}

/** How well a run that used so much at that age agrees; within a bin it may have risen or fallen to the next. */
function likeness(
  { curve, durationMs }: CourseRun,
  elapsedMs: number,
  usedBytes: number | undefined,
): number {
  if (usedBytes === undefined) return 1;
  const at = binAt(elapsedMs, durationMs);
  const here = curve[at] ?? 0;
  const before = at === 0 ? 0 : (curve[at - 1] ?? 0);
  const offBytes = Math.max(
    0,
    Math.min(here, before) - usedBytes,
    usedBytes - Math.max(here, before),
  );
  const alikeBytes = ALIKE_SHARE * Math.max(usedBytes, here) + ALIKE_BYTES;
  return Math.exp(-0.5 * (offBytes / alikeBytes) ** 2) + UNLIKE_WEIGHT;
}

interface Doubt {
  /** The variance of the runs counts so many times. */
  readonly widened: number;
  readonly offShare: number;
}

/** Runs that count little make few of many: the effective sample size, `(Σw)² / Σw²`. */
function doubtOf({ runs: { length: count }, offShare }: CurveForecast): Doubt {
  if (offShare !== undefined) return { widened: 1, offShare };
  let squares = 0;
  for (let at = 0; at < count; at += 1) squares += (weights[at] ?? 0) ** 2;
  const runs = 1 / squares;
  return {
    widened: runs <= 2 ? MOST_WIDENED : (runs + 1) / (runs - 1),
    offShare: runs < FEW ? OFF_SHARE_OF_FEW : OFF_SHARE,
  };
}

/**
 * Sums up mean and mean square of the most that the runs used in each stretch from an age on.
 *
 * @returns how many stretches it is until the last of them is over.
 */
function sumUp(runs: readonly CourseRun[], elapsedMs: number): number {
  sums.mean.fill(0);
  sums.square.fill(0);
  let stretches = 0;
  for (let at = 0; at < runs.length; at += 1) {
    const run = runs[at];
    if (run !== undefined)
      stretches = Math.max(stretches, addRun(run, weights[at] ?? 0, elapsedMs));
  }
  return stretches;
}

function addRun({ curve, durationMs }: CourseRun, weight: number, elapsedMs: number): number {
  const { mean, square } = sums;
  const binsPerMs = CURVE_BINS / durationMs;
  let at = 0;
  let first = Math.floor(elapsedMs * binsPerMs);
  while (at < STRETCHES && first < CURVE_BINS) {
    const until = (elapsedMs + (STARTS_MS[at + 1] ?? Infinity)) * binsPerMs;
    let most = curve[first] ?? 0;
    for (let bin = first + 1; bin < until && bin < CURVE_BINS; bin += 1)
      most = Math.max(most, curve[bin] ?? 0);
    mean[at] = (mean[at] ?? 0) + weight * most;
    square[at] = (square[at] ?? 0) + weight * most * most;
    first = Math.floor(until);
    at += 1;
  }
  return at;
}

function binAt(ms: number, durationMs: number): number {
  return Math.min(CURVE_BINS - 1, Math.floor((ms * CURVE_BINS) / durationMs));
}
