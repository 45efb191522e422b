import { MiB } from '../util/bytes.js';
import type { Control } from './control.js';
import { claimOf, isGuess, KNOWN_FROM } from './estimate.js';
import {
  addOutlook,
  emptyForecast,
  expectedPeak,
  type Forecast,
  type Outlook,
} from './forecast.js';
import { ageMsOf, type FrozenRecord } from './frozen.js';
import type { Knowledge } from './knowledge.js';
import { completedRuns, largestPeak, type GroupProfile } from './learning/profile.js';
import { likelyStretches } from './likely-course.js';
import type { CurveForecast } from './learning/types.js';
import type { Estimate } from './reasons.js';
import { forecastFor } from './own-past.js';
import type { Stretches } from './stretches.js';
import type { LiveAttempt, RunState, TaskPhase, TaskRecord } from './run-state.js';

/** So many runs show how far they differ. */
const TELLING_RUNS = 10;
/** Deviations of a task that nobody may stop, for each one of a task that may be. */
const UNSTOPPABLE_DOUBT = 3;

/**
 * What all live tasks together are expected to use from now on.
 *
 * @param except - this one is left out.
 */
export function forecastNow(
  state: RunState,
  control: Control,
  nowMs: number,
  except?: TaskRecord,
): Forecast {
  const forecast = emptyForecast();
  for (const record of state.live.values()) {
    if (record === except) continue;
    const outlook = outlookOfLive(record, control, nowMs);
    if (outlook !== undefined) addOutlook(forecast, outlook);
  }
  return forecast;
}

/**
 * What running tasks are known to be growing to, bytes; Infinity as soon as one is a guess or beyond its estimate. One
 * that is frozen does not grow.
 */
export function expectedUse(state: RunState, control: Control, forecast: () => Forecast): number {
  for (const { phase, spec } of state.live.values()) {
    if (!('attempt' in phase) || phase.kind === 'suspended') continue;
    const usedBytes = control.memory.get(spec.id)?.usedBytes ?? 0;
    const { estimate } = phase.attempt;
    if (isGuess(estimate) || usedBytes > estimate.bytes) return Infinity;
  }
  return expectedPeak(forecast(), control.caution.sigmas);
}

/** One that is dying counts with what it still holds, and so does one that is frozen. */
function outlookOfLive(record: TaskRecord, control: Control, nowMs: number): Outlook | undefined {
  const { phase, spec } = record;
  if (!('attempt' in phase)) return undefined;
  if (phase.kind === 'stopping' || phase.kind === 'suspended')
    return { kind: 'level', bytes: control.memory.get(spec.id)?.usedBytes ?? 0 };
  return outlookOfRunning(record, phase, control, nowMs);
}

/** A frozen task: what it would add if it went on now from where it stands. */
export function outlookOfThawed(record: FrozenRecord, control: Control, nowMs: number): Outlook {
  return outlookOfRunning(record, record.phase, control, nowMs);
}

function outlookOfRunning(
  record: TaskRecord,
  phase: Extract<TaskPhase, { attempt: LiveAttempt }>,
  control: Control,
  nowMs: number,
): Outlook {
  const { attempt } = phase;
  const { id, preemptible } = record.spec;
  const memory = control.memory.get(id);
  const course = courseOf(record, attempt.estimate, control.knowledge);
  if (course === undefined)
    return { kind: 'level', bytes: claimOf(attempt, memory, preemptible, nowMs) };
  const elapsedMs = ageMsOf(phase, nowMs);
  const usedBytes = memory?.attempt === attempt.number ? memory.usedBytes : undefined;
  if (course.course.runs.length === 0 || usedBytes === undefined)
    return { ...course, elapsedMs, ...(usedBytes === undefined ? {} : { usedBytes }) };
  const stretches = foreseen(record, course.course, { elapsedMs, usedBytes }, control);
  return { ...course, kind: 'foreseen', stretches };
}

/** What a running task is expected to use is kept for so long, whatever happens: a thousand of them cost a tick. */
const KEPT_MS = 250;
/** Or for so much of its kind's duration if that is longer, no other run has taught anything, */
const KEPT_SHARE = 1 / 128;
/** and its use moves by no more than this, as a share and in bytes. */
const MOVED_SHARE = 1 / 50;
const MOVED_BYTES = 2 * MiB;

function foreseen(
  record: TaskRecord,
  course: CurveForecast,
  { elapsedMs, usedBytes }: { readonly elapsedMs: number; readonly usedBytes: number },
  { foresights }: Control,
): Stretches {
  const { id } = record.spec;
  const kept = foresights.get(id);
  const keptMs = kept?.attempt === record.attempts ? elapsedMs - kept.elapsedMs : Infinity;
  const isSteady =
    kept?.course === course &&
    Math.abs(usedBytes - kept.usedBytes) < MOVED_SHARE * usedBytes + MOVED_BYTES;
  const isFresh = keptMs < (isSteady ? Math.max(KEPT_MS, KEPT_SHARE * course.durationMs) : KEPT_MS);
  if (kept !== undefined && isFresh) return kept.stretches;
  const stretches = likelyStretches(course, elapsedMs, usedBytes);
  foresights.set(id, { attempt: record.attempts, course, elapsedMs, usedBytes, stretches });
  return stretches;
}

/** What a task's kind uses over time, wherever it stands in it itself. */
type Course = Omit<Extract<Outlook, { kind: 'course' }>, 'elapsedMs' | 'usedBytes'>;

/** A task that is not running yet: what it would add if it started now. */
export function outlookOfNext(
  record: TaskRecord,
  estimate: Estimate,
  knowledge: Knowledge,
): Outlook {
  const course = courseOf(record, estimate, knowledge);
  return course === undefined
    ? { kind: 'level', bytes: estimate.bytes }
    : { ...course, elapsedMs: 0 };
}

/**
 * What the task, or its group, uses over time, where that is known and may be relied on. An estimate that was declared
 * stands for itself, and so does one that was raised after the task itself had gone beyond all of its group.
 */
function courseOf(
  record: TaskRecord,
  estimate: Estimate,
  knowledge: Knowledge,
): Course | undefined {
  const { spec } = record;
  if (spec.profile !== 'curve') return undefined;
  const profile = knowledge.groups.get(spec.group);
  if (profile === undefined || !isByGroup(record, estimate, profile)) return undefined;
  const course = forecastFor(record, profile);
  if (course === undefined) return undefined;
  if (spec.preemptible > 0) return { kind: 'course', course };
  // Of many runs it is known how far they differ.
  return course.samples < TELLING_RUNS
    ? { kind: 'course', course: worstOf(course, estimate) }
    : { kind: 'course', course, doubt: UNSTOPPABLE_DOUBT };
}

function isByGroup(record: TaskRecord, estimate: Estimate, profile: GroupProfile): boolean {
  switch (estimate.source) {
    case 'profile':
    case 'same-task':
      return true;
    case 'group':
      return !isGuess(estimate);
    case 'earlier-attempt': {
      const most = largestPeak(profile);
      return (
        completedRuns(profile) >= KNOWN_FROM &&
        record.past.every(({ peakBytes }) => peakBytes <= most)
      );
    }
    case 'unknown':
    case 'run':
    case 'request':
      return false;
  }
}

/**
 * What nobody may stop, and few runs are known of, counts with the most that any of them has used, drawn up to its
 * estimate: no chance is taken with it.
 */
function worstOf(course: CurveForecast, { bytes }: Estimate): CurveForecast {
  const scale = Math.max(1, bytes / Math.max(1, ...course.maxBytes));
  return {
    ...course,
    meanBytes: course.maxBytes.map((most) => most * scale),
    varianceBytes2: course.varianceBytes2.map(() => 0),
    runs: [],
  };
}
