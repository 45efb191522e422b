import type { AttemptMemory, Control } from './control.js';
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
import { forecastOf } from './learning/forecast.js';
import { completedRuns, largestPeak, type GroupProfile } from './learning/profile.js';
import type { CurveForecast } from './learning/types.js';
import type { Estimate } from './reasons.js';
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
  return course === undefined
    ? { kind: 'level', bytes: claimOf(attempt, memory, preemptible, nowMs) }
    : running(course, phase, memory, nowMs);
}

function running(
  course: CurveForecast,
  phase: Extract<TaskPhase, { attempt: LiveAttempt }>,
  memory: AttemptMemory | undefined,
  nowMs: number,
): Outlook {
  const { attempt } = phase;
  return {
    kind: 'course',
    course,
    elapsedMs: ageMsOf(phase, nowMs),
    ...(memory?.attempt === attempt.number ? { usedBytes: memory.usedBytes } : {}),
  };
}

/** A task that is not running yet: what it would add if it started now. */
export function outlookOfNext(
  record: TaskRecord,
  estimate: Estimate,
  knowledge: Knowledge,
): Outlook {
  const course = courseOf(record, estimate, knowledge);
  return course === undefined
    ? { kind: 'level', bytes: estimate.bytes }
    : { kind: 'course', course, elapsedMs: 0 };
}

/**
 * What the task's group uses over time, where that is known and may be relied on. An estimate that was declared stands
 * for itself, and so does one that was raised after the task itself had gone beyond all of its group.
 */
function courseOf(
  record: TaskRecord,
  estimate: Estimate,
  knowledge: Knowledge,
): CurveForecast | undefined {
  const { spec, inputBytes } = record;
  if (spec.profile !== 'curve') return undefined;
  const profile = knowledge.groups.get(spec.group);
  if (profile === undefined || !isByGroup(record, estimate, profile)) return undefined;
  const course = forecastOf(profile, { inputBytes });
  if (course === undefined || spec.preemptible > 0) return course;
  return course.samples < TELLING_RUNS ? worstOf(course, estimate) : doubtful(course);
}

function isByGroup(record: TaskRecord, estimate: Estimate, profile: GroupProfile): boolean {
  switch (estimate.source) {
    case 'profile':
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
  };
}

/** Of many runs it is known how far they differ: such a task counts with three times the deviation of one that may be stopped. */
function doubtful(course: CurveForecast): CurveForecast {
  return {
    ...course,
    varianceBytes2: course.varianceBytes2.map((variance) => UNSTOPPABLE_DOUBT ** 2 * variance),
  };
}
