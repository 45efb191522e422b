import { isPeakSeen } from './peak-seen.js';
import type { GroupProfile } from './profile.js';
import { deviationOf, largestOf } from './statistics.js';
import type { CensoredRun, CompletedRun, RunSample } from './types.js';

/** The same task went differently long ago. */
const NEWEST_RUNS = 3;
/** Inputs that differ by more, as a logarithm, make another task of it. */
const ALIKE_INPUTS = 0.1;
/** Until it was seen how far reruns differ: so far, counting as so many pairs. Logarithms, one standard deviation. */
const ASSUMED_PAIRS = 3;
const ASSUMED_PEAK = 0.05;
const ASSUMED_DURATION = 0.1;
/** However alike reruns were, all tasks may change together: a new version of what they run. */
const LEAST_PEAK = 0.03;
/** Reruns tell something where they differ by less than this share of what tasks of the group differ by. */
const TELLING_SHARE = 0.7;
/** Earlier peaks may be exceeded by so many deviations. */
const PEAK_DEVIATIONS = 3;

/** How far a task that runs once more differs from what it was like the last time. */
export interface Reruns {
  /** Pairs of successive runs of the same task that it was measured by. */
  readonly pairs: number;
  /** Of the ratio of two peaks, as a share of the first: one standard deviation. */
  readonly peakDeviation: number;
  /** The same of durations. */
  readonly durationDeviation: number;
}

/** What the same task was like before. */
export interface OwnPast {
  /** Oldest first, {@link NEWEST_RUNS} at most, one at least. */
  readonly runs: readonly CompletedRun[];
  /** Of the whole group. */
  readonly reruns: Reruns;
}

interface Index {
  readonly runsOf: ReadonlyMap<number, readonly CompletedRun[]>;
  readonly boundsOf: ReadonlyMap<number, readonly CensoredRun[]>;
  readonly reruns: Reruns;
  readonly isTelling: boolean;
  /** Answers, by task and size of its input, so that the same question has the same answer. */
  readonly asked: Map<number, Map<number | undefined, OwnPast | undefined>>;
}

/**
 * What one task of a group was like in its own earlier runs, where that says more than the group does: in a group of
 * which all tasks are alike, or none is the same again, it does not, nor of a task that was stopped above all of them.
 *
 * @param task - see {@link CompletedRun.task}.
 */
export function ownPastOf(
  profile: GroupProfile,
  task: number,
  inputBytes: number | undefined,
): OwnPast | undefined {
  const index = indexOf(profile);
  const runs = index.isTelling ? index.runsOf.get(task) : undefined;
  if (runs === undefined) return undefined;
  const answers = index.asked.get(task) ?? new Map<number | undefined, OwnPast | undefined>();
  index.asked.set(task, answers);
  if (!answers.has(inputBytes)) answers.set(inputBytes, pastFrom(index, task, inputBytes));
  return answers.get(inputBytes);
}

function pastFrom(
  { runsOf, boundsOf, reruns }: Index,
  task: number,
  inputBytes: number | undefined,
): OwnPast | undefined {
  const isAlike = (run: RunSample): boolean => areInputsAlike(run.inputBytes, inputBytes);
  const runs = (runsOf.get(task) ?? []).filter(isAlike).slice(-NEWEST_RUNS);
  if (runs.length === 0) return undefined;
  const past = { runs, reruns };
  const reached = (boundsOf.get(task) ?? []).filter(isAlike).map(({ peakBytes }) => peakBytes);
  return largestOf(reached) > ownPeakOf(past) ? undefined : past;
}

/** What the task's next run is expected to reach: the highest of its earlier ones, and some deviations more. */
export function ownPeakOf({ runs, reruns }: OwnPast): number {
  const most = largestOf(runs.map(({ peakBytes }) => peakBytes));
  return most * (1 + PEAK_DEVIATIONS * reruns.peakDeviation);
}

/** The newest run of the same task that is remembered, whatever it says. */
export function lastRunOf(profile: GroupProfile, task: number): CompletedRun | undefined {
  return profile.runs.findLast((run) => run.task === task);
}

/** How far reruns of the group's tasks differ; undefined before any was seen. */
export function rerunsOf(profile: GroupProfile): Reruns | undefined {
  const { reruns } = indexOf(profile);
  return reruns.pairs === 0 ? undefined : reruns;
}

const indexes = new WeakMap<GroupProfile, Index>();

function indexOf(profile: GroupProfile): Index {
  let index = indexes.get(profile);
  if (index === undefined) indexes.set(profile, (index = indexFrom(profile)));
  return index;
}

function indexFrom({ runs, bounds }: GroupProfile): Index {
  const runsOf = byTask(runs.filter((run) => isPeakSeen(run)));
  const pairs = pairsIn(runsOf);
  const peaks = pairs.map(([before, after]) => ratioOf(before.peakBytes, after.peakBytes));
  const durations = pairs.map(([before, after]) => ratioOf(before.durationMs, after.durationMs));
  const reruns = {
    pairs: pairs.length,
    peakDeviation: Math.max(LEAST_PEAK, withAssumed(peaks, ASSUMED_PEAK)),
    durationDeviation: withAssumed(durations, ASSUMED_DURATION),
  };
  return {
    runsOf,
    boundsOf: byTask(bounds),
    reruns,
    isTelling: areTelling(reruns, runsOf),
    asked: new Map(),
  };
}

/** In the order given; those that do not say which task they were are left out. */
function byTask<Run extends RunSample>(runs: readonly Run[]): Map<number, Run[]> {
  const runsOf = new Map<number, Run[]>();
  for (const run of runs) {
    if (run.task === undefined) continue;
    const own = runsOf.get(run.task);
    if (own === undefined) runsOf.set(run.task, [run]);
    else own.push(run);
  }
  return runsOf;
}

/** Successive runs of the same task with inputs of about the same size. */
function pairsIn(
  runsOf: ReadonlyMap<number, readonly CompletedRun[]>,
): (readonly [before: CompletedRun, after: CompletedRun])[] {
  return [...runsOf.values()].flatMap((own) =>
    own.flatMap((after, at) => {
      const before = own[at - 1];
      const isPair = before !== undefined && areInputsAlike(before.inputBytes, after.inputBytes);
      return isPair ? [[before, after] as const] : [];
    }),
  );
}

/**
 * Whether a task is more like itself than like its group: in what it needs, or in how long it takes while it needs what
 * any of the group may need.
 */
function areTelling(
  { peakDeviation, durationDeviation }: Reruns,
  runsOf: ReadonlyMap<number, readonly CompletedRun[]>,
): boolean {
  const newest = [...runsOf.values()].flatMap((own) => own.slice(-1));
  const peakSpread = deviationOf(newest.map(({ peakBytes }) => Math.log(peakBytes + 1)));
  const durationSpread = deviationOf(newest.map(({ durationMs }) => Math.log(durationMs + 1)));
  return (
    peakDeviation < TELLING_SHARE * peakSpread ||
    (durationDeviation < TELLING_SHARE * durationSpread &&
      peakDeviation <= Math.max(peakSpread, ASSUMED_PEAK))
  );
}

function withAssumed(ratios: readonly number[], assumed: number): number {
  const squares = ratios.reduce((sum, ratio) => sum + ratio ** 2, ASSUMED_PAIRS * assumed ** 2);
  return Math.sqrt(squares / (ratios.length + ASSUMED_PAIRS));
}

/** A logarithm: symmetric, and of small differences the share. */
function ratioOf(before: number, after: number): number {
  return Math.log((after + 1) / (before + 1));
}

function areInputsAlike(before: number | undefined, after: number | undefined): boolean {
  if (before === undefined || after === undefined) return before === after;
  return Math.abs(ratioOf(before, after)) <= ALIKE_INPUTS;
}
