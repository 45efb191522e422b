import type { Action } from './actions.js';
import { admitAll, type Admission, type Refusal } from './admission.js';
import { crewOf, nextBrake } from './brake.js';
import { noteCheckpoints, tendCheckpoints } from './checkpoint-answers.js';
import { noteConduct } from './conduct.js';
import { noteOomKills, remember, type Control } from './control.js';
import { SETTLED_MS, type EstimateBasis } from './estimate.js';
import type { RunEvent } from './events.js';
import { finishDoomed, giveUpStuck, haltIfTold, measureInputs, takeFacts } from './facts.js';
import { expectedPeak, type Forecast } from './forecast.js';
import { grownGroups } from './growth-gate.js';
import { checkInvariants } from './invariants.js';
import { linesFor } from './lines.js';
import { nextLongFirst } from './long-first.js';
import type { Observation } from './observation.js';
import { expectedUse, forecastNow } from './outlook.js';
import { limitPids } from './pids.js';
import { assessLevel } from './pressure.js';
import { releaseDue } from './queue.js';
import { waitersAfter } from './reservation.js';
import { isMoreToCome, type RunState } from './run-state.js';
import { clearLeftBehind, enforceDeadlines, preempt } from './stopping.js';
import { suspend, thawDue } from './suspension.js';
import type { TaskId } from './task-spec.js';
import { emit, type Tick } from './tick.js';
import { restMsOf } from './rest.js';
import { unknownShareOf } from './unknowns.js';

/** Between two `sampled` events. */
const SAMPLE_EVERY_MS = 1000;
/** A tick this much later than the interval is told of: something starves us. */
const LATE_FROM_MS = 500;
/** A limit that moved by less than this share is not worth a write. */
const SAME_WITHIN = 0.01;
/** A budget that moved is told of after this long, or sooner when it moved far. */
const TELL_BUDGET_EVERY_MS = 10_000;
const BUDGET_MOVED = 0.02;
const BUDGET_MOVED_FAR = 0.1;
const TELL_FAR_EVERY_MS = 1000;
/** The same head's reasons to wait are told at most this often. */
const TELL_WAIT_EVERY_MS = 1000;
/** The head waits this long before an event says why. */
const TELL_WAIT_AFTER_MS = 500;
/** Below this share of the brake line, `high` events are about page cache and slow nobody. */
const BRAKE_FELT_FROM = 0.9;

/** What a tick came to: the events that happened, in order, and what is to be done about them. */
export interface Decision {
  readonly events: readonly RunEvent[];
  readonly actions: readonly Action[];
}

/**
 * One pass of the control loop. No clock, no input or output, no chance: the same state and the same observation give
 * the same decision, live, in the simulator and in tests.
 *
 * `state` and `control` are advanced in place, `state` by the returned events alone: copying a hundred thousand
 * tasks a tick would be the price of doing without.
 */
export function decide(state: RunState, control: Control, seen: Observation): Decision {
  const tick = open(state, control, seen);
  noteLateness(tick);
  noteBudget(tick);
  noteCheckpoints(tick);
  takeFacts(tick);
  releaseDue(state.queue, tick.tMs);
  clearLeftBehind(tick);
  remember(control, state, seen);
  noteBrake(tick);
  assess(tick);
  tendCheckpoints(tick);
  enforceDeadlines(tick);
  giveUpStuck(tick);
  preempt(tick, suspend(tick));
  noteConduct(tick);
  limitPids(tick);
  haltIfTold(tick);
  finishDoomed(tick);
  thawDue(tick);
  measureInputs(tick);
  admit(tick);
  limitTree(tick);
  sample(tick);
  endRun(tick);
  checkInvariants(state);
  control.restMs = restMsOf(state, tick.tMs, control.config.intervalMs);
  return { events: tick.events, actions: tick.actions };
}

function open(state: RunState, control: Control, seen: Observation): Tick {
  const { budgetBytes } = seen.host;
  const tMs = Math.round(seen.nowMs);
  const unknownShare = unknownShareOf(state, control, tMs);
  let forecast: Forecast | undefined;
  return {
    state,
    control,
    seen,
    tMs,
    lines: linesFor(control.config, budgetBytes, unknownShare),
    unknownShare,
    basis: basisOf(state, control, seen),
    forecast: () => (forecast ??= forecastNow(state, control, seen.nowMs)),
    renewForecast: () => {
      forecast = undefined;
    },
    numbers: {
      usedBytes: seen.host.usedBytes,
      budgetBytes,
      availableBytes: seen.host.availableBytes,
      growthBytesPerS: 0,
    },
    events: [],
    actions: [],
  };
}

function basisOf(state: RunState, control: Control, { nowMs, host }: Observation): EstimateBasis {
  const liveGroupPeaks = new Map<string, number>();
  const settledGroupPeaks = new Map<string, number>();
  const raise = (peaks: Map<string, number>, group: string, bytes: number): void => {
    peaks.set(group, Math.max(peaks.get(group) ?? 0, bytes));
  };
  for (const [id, { peakBytes, flatSinceMs }] of control.memory) {
    const group = state.tasks.get(id)?.spec.group;
    if (group === undefined) continue;
    raise(liveGroupPeaks, group, peakBytes);
    if (nowMs - flatSinceMs >= SETTLED_MS) raise(settledGroupPeaks, group, peakBytes);
  }
  return { budgetBytes: host.budgetBytes, liveGroupPeaks, settledGroupPeaks };
}

function noteLateness(tick: Tick): void {
  const { control, seen } = tick;
  const sinceMs = seen.rest?.untilMs ?? control.lastTickMs ?? seen.nowMs;
  const lateMs = seen.nowMs - sinceMs - control.config.intervalMs;
  if (lateMs >= LATE_FROM_MS) emit(tick, { kind: 'tick-late', lateMs: Math.round(lateMs) });
  control.lastTickMs = seen.nowMs;
}

function noteBudget(tick: Tick): void {
  const { budgetBytes, capacityBytes, outsideBytes } = tick.seen.host;
  const told = tick.state.budget;
  if (told !== undefined) {
    const elapsedMs = tick.tMs - told.tMs;
    const far = !isWithin(BUDGET_MOVED_FAR, told.budgetBytes, budgetBytes);
    if (elapsedMs < (far ? TELL_FAR_EVERY_MS : TELL_BUDGET_EVERY_MS)) return;
    if (isWithin(BUDGET_MOVED, told.budgetBytes, budgetBytes)) return;
  }
  emit(tick, { kind: 'budget-changed', budgetBytes, capacityBytes, outsideBytes });
}

function isSame(before: number | undefined, now: number): boolean {
  return before !== undefined && isWithin(SAME_WITHIN, before, now);
}

function isWithin(share: number, before: number, now: number): boolean {
  return Math.abs(now - before) <= share * Math.max(before, now);
}

function noteBrake(tick: Tick): void {
  const { control, seen, lines } = tick;
  const { brakeEvents, usedBytes } = seen.host;
  const news = brakeEvents - (control.lastBrakeEvents ?? brakeEvents);
  control.lastBrakeEvents = brakeEvents;
  if (news <= 0 || usedBytes < BRAKE_FELT_FROM * lines.brakeBytes) return;
  const isNew =
    control.brakeFeltMs === undefined || tick.tMs - control.brakeFeltMs >= SAMPLE_EVERY_MS;
  control.brakeFeltMs = tick.tMs;
  if (isNew) emit(tick, { kind: 'brake-felt', events: news, numbers: tick.numbers });
}

function assess(tick: Tick): void {
  const { control, seen, lines, state } = tick;
  const before = control.level.level;
  const { memory, numbers, reason } = assessLevel(control.level, {
    nowMs: seen.nowMs,
    rest: seen.rest,
    host: seen.host,
    lines,
    config: control.config,
    expectedBytes: expectedUse(state, control, tick.forecast),
    brakeFeltMs: control.brakeFeltMs,
  });
  control.level = memory;
  tick.numbers = numbers;
  if (memory.level !== state.level && reason !== undefined) {
    emit(tick, {
      kind: 'level-changed',
      from: before,
      to: memory.level,
      reason,
    });
  }
}

function admit(tick: Tick): void {
  const { state, control } = tick;
  if (state.stop !== undefined || state.halted !== undefined) return;
  const input = {
    nowMs: tick.seen.nowMs,
    control,
    basis: tick.basis,
    numbers: tick.numbers,
    forecast: tick.forecast,
    unknownShare: tick.unknownShare,
  };
  control.longFirst = nextLongFirst(state, control, tick.lines.budgetBytes, tick.tMs);
  const { head, line } = admitAll(state, input, (admission) => {
    start(tick, admission);
  });
  if (line !== undefined) {
    const isWaiting = (task: TaskId): boolean => state.tasks.get(task)?.phase.kind === 'queued';
    control.waiters = waitersAfter(line, control.waiters, tick.tMs, isWaiting);
  }
  noteHead(tick, head);
}

function start(tick: Tick, { record, reason }: Admission): void {
  const { limitBytes, spec, preemptions } = record;
  const attempt = record.attempts + 1;
  const limit = limitBytes === undefined ? {} : { limitBytes };
  noteOomKills(tick.control, spec.id, tick.seen.host.oomKills);
  emit(tick, {
    kind: 'attempt-admitted',
    task: spec.id,
    attempt,
    ...limit,
    reason,
  });
  tick.actions.push({
    kind: 'launch',
    job: spec.job,
    task: spec.id,
    attempt,
    ...limit,
    ...(spec.memory.swapBytes === undefined ? {} : { swapBytes: spec.memory.swapBytes }),
    claimBytes: reason.estimate.bytes,
    preemptions,
    level: spec.preemptible,
    ...(spec.checkpoint === undefined ? {} : { hasCheckpoints: true }),
  });
}

/** Remembers who waits at the head and since when, and tells why once it has waited a while. */
function noteHead(tick: Tick, refused: Refusal | undefined): void {
  const { control, tMs } = tick;
  if (refused === undefined) {
    control.head = undefined;
    return;
  }
  const { record, reason } = refused;
  if (control.head?.task !== record.spec.id) control.head = { task: record.spec.id, sinceMs: tMs };
  const waitedMs = tMs - control.head.sinceMs;
  if (waitedMs < TELL_WAIT_AFTER_MS || record.waits?.kind === reason.kind) return;
  if (control.toldWaitMs !== undefined && tMs - control.toldWaitMs < TELL_WAIT_EVERY_MS) return;
  control.toldWaitMs = tMs;
  emit(tick, { kind: 'task-waits', task: record.spec.id, reason });
}

/** Keeps the kernel's limits on all tasks together in step with the budget and with who runs. */
function limitTree(tick: Tick): void {
  const { control, seen, lines, state } = tick;
  const { memory, highBytes } = nextBrake(control.brake, {
    nowMs: tick.tMs,
    lines,
    usedBytes: seen.host.usedBytes,
    crew: crewOf(state),
    hasEnded: tick.events.some(({ kind }) => kind === 'attempt-ended'),
  });
  control.brake = memory;
  // Never below what is in use: lowering memory.max under it would make the kernel kill at once.
  const maxBytes = Math.max(seen.host.ceilingBytes, seen.host.usedBytes);
  const { tree } = control;
  const sameHigh =
    typeof highBytes === 'number' && typeof tree?.highBytes === 'number'
      ? isSame(tree.highBytes, highBytes)
      : tree?.highBytes === highBytes;
  if (sameHigh && isSame(tree?.maxBytes, maxBytes)) return;
  control.tree = { highBytes, maxBytes };
  // Lift before the kill, brake after everything else.
  const action = { kind: 'limit-tree', highBytes, maxBytes } as const;
  if (highBytes === 'max') tick.actions.unshift(action);
  else tick.actions.push(action);
}

function sample(tick: Tick): void {
  const { control, state, tMs } = tick;
  if (state.live.size === 0) return;
  if (control.lastSampledMs !== undefined && tMs - control.lastSampledMs < SAMPLE_EVERY_MS) return;
  control.lastSampledMs = tMs;
  const attempts = [...control.memory].map(([task, { attempt, usedBytes, peakBytes }]) => ({
    task,
    attempt,
    usedBytes,
    peakBytes,
  }));
  emit(tick, {
    kind: 'sampled',
    level: state.level,
    claimedBytes: expectedPeak(tick.forecast(), control.caution.sigmas),
    numbers: tick.numbers,
    peakBytes: control.peaks.sinceSampleBytes,
    unknownShare: Math.round(100 * tick.unknownShare) / 100,
    attempts,
  });
  control.peaks.sinceSampleBytes = 0;
}

function endRun(tick: Tick): void {
  const { state } = tick;
  if (state.unfinished > 0 || state.ended !== undefined || isMoreToCome(state)) return;
  noteGrowth(tick);
  emit(tick, {
    kind: 'run-ended',
    outcomes: Object.fromEntries(state.counts.outcomes),
    preemptions: state.counts.preemptions,
    ...(state.counts.suspensions === 0 ? {} : { suspensions: state.counts.suspensions }),
    oomKills: state.counts.oomKills,
    peakBytes: tick.control.peaks.ofRunBytes,
    ...(state.stop === undefined ? {} : { stoppedBy: state.stop.signal }),
    ...(state.resumes === 0 ? {} : { resumes: state.resumes }),
    lostMs: state.counts.lostMs,
  });
}

function noteGrowth(tick: Tick): void {
  const { config, knowledge } = tick.control;
  if (config.maxGrowthPct === undefined) return;
  for (const growth of grownGroups(tick.state, knowledge.priors, config.maxGrowthPct))
    emit(tick, { kind: 'group-grew', ...growth });
}
