import type { AttemptMemory, Control } from './control.js';
import { claimOf, isGuess, KNOWN_FROM } from './estimate.js';
import { addOutlook, emptyForecast, type Forecast, type Outlook } from './forecast.js';
import type { Knowledge } from './knowledge.js';
import { forecastOf } from './learning/forecast.js';
import { completedRuns, largestPeak, type GroupProfile } from './learning/profile.js';
import type { CurveForecast } from './learning/types.js';
import type { Estimate } from './reasons.js';
import type { LiveAttempt, RunState, TaskRecord } from './run-state.js';

/** So many runs show how far they differ. */
const TELLING_RUNS = 10;
/** Deviations of a task that nobody may stop, for each one of a task that may be. */
const UNSTOPPABLE_DOUBT = 3;

/** What all live tasks together are expected to use from now on. */
export function forecastNow(state: RunState, control: Control, nowMs: number): Forecast {
  const forecast = emptyForecast();
  for (const record of state.live.values()) {
    const outlook = outlookOfLive(record, control, nowMs);
    if (outlook !== undefined) addOutlook(forecast, outlook);
  }
  return forecast;
}

/** One that is dying counts with what it still holds. */
function outlookOfLive(record: TaskRecord, control: Control, nowMs: number): Outlook | undefined {
  const { phase, spec } = record;
  if (!('attempt' in phase)) return undefined;
  const memory = control.memory.get(spec.id);
  if (phase.kind === 'stopping') return { kind: 'level', bytes: memory?.usedBytes ?? 0 };
  const { attempt } = phase;
  const course = courseOf(record, attempt.estimate, control.knowledge);
  return course === undefined
    ? { kind: 'level', bytes: claimOf(attempt, memory, spec.preemptible, nowMs) }
    : running(course, attempt, memory, nowMs);
}

function running(
  course: CurveForecast,
  attempt: LiveAttempt,
  memory: AttemptMemory | undefined,
  nowMs: number,
): Outlook {
  const elapsedMs = nowMs - (attempt.launched?.atMs ?? attempt.admittedAtMs);
  return {
    kind: 'course',
    course,
    elapsedMs,
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
