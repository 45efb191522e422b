import { MiB } from '../util/bytes.js';
import type { AttemptMemory } from './control.js';
import type { Estimate, EstimateSource } from './reasons.js';
import type { Knowledge } from './knowledge.js';
import { SMALLEST_ESTIMATE_BYTES } from './learning/peak-seen.js';
import { predictPeak } from './learning/predict.js';
import {
  completedRuns,
  emptyProfile,
  largestPeak,
  lowerBound,
  type GroupProfile,
} from './learning/profile.js';
import { ownPeakOf } from './learning/reruns.js';
import type { PeakPrediction, ProfileStrategy } from './learning/types.js';
import { ownPastFor } from './own-past.js';
import type { LiveAttempt, TaskRecord } from './run-state.js';
import type { TaskSpec } from './task-spec.js';

/** A task of which nothing is known is set aside this share of the budget. */
const UNKNOWN_SHARE = 0.25;
/** A group is known from so many finished peaks on; until then its tasks are pilots. */
export const KNOWN_FROM = 2;
/** Fewer runs than these are less than the user's own word. */
const FEW_PEAKS = 3;
/** After one peak, or peaks far apart, the next is likely to be higher. */
const FEW_PEAKS_MARGIN = 1.3;
/** Peaks that are all alike need little more than the largest. */
const ALIKE_MARGIN = 1.05;
/** What a task of unknown size uses now, it may soon go beyond. */
const GROWTH_MARGIN = 1.1;
/** Peaks of other groups say something, but less. */
const RUN_PEAKS_MARGIN = 1.5;
/** After so many other groups, an unknown one is set aside half as much. */
const CAUTION_GROUPS = 4;
/** A stopped attempt would have gone higher (VPA's rule): the larger of these. */
const RAISE_FACTOR = 1.2;
const RAISE_BYTES = 100 * MiB;
/** The set-aside part of an unknown task halves in this time without growth; longer where nothing could stop it. */
const UNKNOWN_HALF_LIFE_MS = { preemptible: 10_000, never: 120_000 } as const;
/** What nothing could stop keeps at least this share of what was set aside: it may yet load what it has fetched. */
const UNKNOWN_KEPT_SHARE = { preemptible: 0, never: 0.5 } as const;

/** From so many known groups on, their mean says more of the next than a share of the budget does. */
const MEAN_FROM = 4;
/** A pilot that has stood still shows what its group needs, but not for certain. */
const SETTLED_MARGIN = 2;

/** What an estimate may rest on besides the task's own record. */
export interface EstimateBasis {
  readonly budgetBytes: number;
  /** The highest peak of running attempts, by group. */
  readonly liveGroupPeaks: ReadonlyMap<string, number>;
  /** The same of those alone that have stood still for {@link SETTLED_MS}. */
  readonly settledGroupPeaks: ReadonlyMap<string, number>;
}

/** An attempt that has not grown for so long probably has what it needs, however long it will run. */
export const SETTLED_MS = 30_000;

/** What the task's next attempt is expected to reach. */
export function estimateFor(
  record: TaskRecord,
  knowledge: Knowledge,
  basis: EstimateBasis,
): Estimate {
  const base = baseEstimate(record, knowledge, basis);
  const { limitBytes, floorBytes } = record;
  if (floorBytes > base.bytes)
    return capped(
      {
        bytes: floorBytes,
        source: 'earlier-attempt',
        samples: record.past.length,
      },
      limitBytes,
    );
  return capped(base, limitBytes);
}

function baseEstimate(record: TaskRecord, knowledge: Knowledge, basis: EstimateBasis): Estimate {
  const { group, profile: strategy, memory } = record.spec;
  const profile = (strategy === 'none' ? undefined : knowledge.groups.get(group)) ?? emptyProfile();
  const request = memory.requestBytes ?? memory.limitBytes;
  const own = ownEstimate(record, profile);
  if (own !== undefined && (request === undefined || outweighs(own, request))) return own;
  const predicted = predictPeak(profile, strategy, record);
  const bound = Math.max(lowerBound(profile), basis.liveGroupPeaks.get(group) ?? 0);
  if (predicted !== undefined) {
    const shown = fromGroup(predicted, strategy, profile, bound, sourceOf(group, knowledge));
    if (request === undefined || outweighs(shown, request)) return shown;
  }
  if (request !== undefined) {
    const most = Math.max(request, largestPeak(profile), bound);
    return known('request', completedRuns(profile), most);
  }
  return unknownEstimate(record, knowledge, basis, bound);
}

/** The highest of the task's own earlier runs, and as much as reruns differ by. */
function ownEstimate(record: TaskRecord, profile: GroupProfile): Estimate | undefined {
  const own = ownPastFor(record, profile);
  if (own === undefined) return undefined;
  return known('same-task', own.runs.length, ownPeakOf(own));
}

/** Many runs are more than the user's word; a few are so only where they went beyond it. */
function outweighs(shown: Estimate, requestBytes: number): boolean {
  return shown.samples >= FEW_PEAKS || (!isGuess(shown) && shown.bytes > requestBytes);
}

function sourceOf(group: string, { priors }: Knowledge): 'group' | 'profile' {
  const prior = priors.get(group);
  return prior !== undefined && completedRuns(prior) > 0 ? 'profile' : 'group';
}

/**
 * Few peaks, and a strategy that means to cover all, count with what others of the group have gone up to, and with
 * some more: P(next > max of n) = 1 / (n + 1), whatever the distribution (prediction.md section 3.2).
 */
function fromGroup(
  { bytes, samples, rule }: PeakPrediction,
  strategy: ProfileStrategy,
  profile: GroupProfile,
  boundBytes: number,
  source: 'group' | 'profile',
): Estimate {
  const most = Math.max(peakWithMargin(profile), boundBytes);
  if (samples < FEW_PEAKS) return { ...known(source, samples, most), rule: 'largest, and some' };
  return { ...known(source, samples, strategy === 'peak' ? most : bytes), rule };
}

const margins = new WeakMap<GroupProfile, number>();

/** The largest peak and a margin: small where peaks are alike, larger the further they lie apart. */
function peakWithMargin(profile: GroupProfile): number {
  let bytes = margins.get(profile);
  if (bytes === undefined) {
    bytes = marginOver(profile.runs.map(({ peakBytes }) => peakBytes));
    margins.set(profile, bytes);
  }
  return bytes;
}

function marginOver(peaksBytes: readonly number[]): number {
  const most = Math.max(0, ...peaksBytes);
  const least = Math.min(Infinity, ...peaksBytes);
  if (peaksBytes.length < KNOWN_FROM || most === 0) return most * FEW_PEAKS_MARGIN;
  const spread = (most - least) / most;
  return most * (ALIKE_MARGIN + (FEW_PEAKS_MARGIN - ALIKE_MARGIN) * spread);
}

/**
 * A quarter of the budget while nothing is known; less with each group that has shown what it needs: the more of them
 * there are, the less likely is the next to be the largest. Where preemption is at hand their mean will do, as only the
 * sum can hurt the host; where nothing could stop the task, light first steps must not make heavy ones look light.
 */
function unknownEstimate(
  { spec }: TaskRecord,
  knowledge: Knowledge,
  basis: EstimateBasis,
  boundBytes: number,
): Estimate {
  const groups = knowledge.run.groups.size;
  const boundFromLive = boundBytes * FEW_PEAKS_MARGIN;
  const most = Math.max(UNKNOWN_SHARE * basis.budgetBytes, boundFromLive);
  const settled = spec.preemptible > 0 ? basis.settledGroupPeaks.get(spec.group) : undefined;
  const bytes =
    settled === undefined ? fromOtherGroups(spec, knowledge, basis) : settled * SETTLED_MARGIN;
  return known(
    groups > 0 ? 'run' : 'unknown',
    groups,
    Math.min(most, Math.max(bytes, boundFromLive)),
  );
}

function fromOtherGroups(
  { preemptible }: TaskSpec,
  { run }: Knowledge,
  { budgetBytes }: EstimateBasis,
): number {
  const { maxBytes, sumBytes } = run;
  const groups = run.groups.size;
  if (preemptible > 0 && groups >= MEAN_FROM) return sumBytes / groups;
  const share = (UNKNOWN_SHARE * budgetBytes * CAUTION_GROUPS) / (CAUTION_GROUPS + groups);
  return Math.max(share, maxBytes * RUN_PEAKS_MARGIN);
}

function known(source: EstimateSource, samples: number, bytes: number): Estimate {
  return {
    source,
    samples,
    bytes: Math.ceil(Math.max(bytes, SMALLEST_ESTIMATE_BYTES)),
  };
}

/** Beyond its own limit no task can go. */
function capped(estimate: Estimate, limitBytes: number | undefined): Estimate {
  return limitBytes === undefined || estimate.bytes <= limitBytes
    ? estimate
    : { ...estimate, bytes: limitBytes };
}

/**
 * True while next to nothing is known of what the task needs: it starts slowly, and its estimate gives way to what is
 * seen. One run of an earlier time is more than one of a neighbour that happened to finish first.
 */
export function isGuess(estimate: Estimate): boolean {
  const { source, samples } = estimate;
  return source === 'unknown' || source === 'run' || (source === 'group' && samples < KNOWN_FROM);
}

/**
 * What admission counts for a running attempt: the larger of what it uses and what it is expected to reach. A guess
 * gives way the longer the attempt does not grow.
 */
export function claimOf(
  attempt: LiveAttempt,
  memory: AttemptMemory | undefined,
  level: number,
  nowMs: number,
): number {
  const { estimate } = attempt;
  if (memory?.attempt !== attempt.number) return estimate.bytes;
  const { usedBytes, peakBytes, flatSinceMs } = memory;
  if (!isGuess(estimate)) return Math.max(usedBytes, estimate.bytes);
  const kind = level > 0 ? 'preemptible' : 'never';
  const faded = 2 ** (-(nowMs - flatSinceMs) / UNKNOWN_HALF_LIFE_MS[kind]);
  const share = Math.max(UNKNOWN_KEPT_SHARE[kind], faded);
  const reserved = Math.max(0, estimate.bytes - peakBytes) * share;
  return Math.ceil(Math.max(peakBytes * GROWTH_MARGIN, usedBytes) + reserved);
}

/** The estimate after an attempt was stopped at `peakBytes`: the true peak lies higher. */
export function raisedFloor(floorBytes: number, estimateBytes: number, peakBytes: number): number {
  return Math.ceil(
    Math.max(floorBytes, estimateBytes, peakBytes * RAISE_FACTOR, peakBytes + RAISE_BYTES),
  );
}
