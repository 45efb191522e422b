import { frozenMsOf } from './frozen.js';
import type { MissReason, SavingPlan, StopReason } from './reasons.js';
import type { RunState, TaskRecord } from './run-state.js';
import type { CheckpointSpec } from './task-spec.js';
import { emit, liveAttemptOf, refOf, type Tick } from './tick.js';

/**
 * What becomes of the work of an attempt that is about to be stopped; undefined where nothing of the kind is to be
 * thought of: the task keeps none, or saves it when it is asked to end.
 *
 * @param isAtOnce - it has no time for anything: memory is critical, or the user has asked twice.
 */
export function savingPlan(
  { state, tMs }: Tick,
  record: TaskRecord,
  reason: StopReason,
  isAtOnce: boolean,
): SavingPlan | undefined {
  const { checkpoint } = record.spec;
  const attempt = liveAttemptOf(record);
  // One on its way has done nothing yet.
  if (checkpoint?.ask === undefined || attempt?.launched === undefined) return undefined;
  if (!isWorthSaving(reason)) return undefined;
  const savedAgoMs = savedAgo(record, tMs);
  const age = savedAgoMs === undefined ? {} : { savedAgoMs };
  if (isAtOnce || (reason.kind === 'preempted' && state.level === 'critical'))
    return { kind: 'no-time', ...age };
  return { kind: isRecent(checkpoint, savedAgoMs) ? 'recent' : 'ask', ...age };
}

/**
 * A preempted task runs again, and a run that was ended may be resumed. What has run out of its time or is not wanted any
 * more has nothing to save.
 */
function isWorthSaving(reason: StopReason): boolean {
  switch (reason.kind) {
    case 'preempted':
    case 'signal':
    case 'halt':
      return true;
    case 'canceled':
      return reason.of === 'run';
    case 'timed-out':
    case 'over-pids':
    case 'left-behind':
      return false;
  }
}

/** With `stale: 10s`, one that is no older does instead of a new one; `any` is for when there is no time to ask. */
function isRecent({ stale }: CheckpointSpec, savedAgoMs: number | undefined): boolean {
  return typeof stale === 'number' && savedAgoMs !== undefined && savedAgoMs <= stale;
}

/**
 * How long ago the work of a task was last saved, by any of its attempts, times in which it was frozen left out: no work
 * was done in them; undefined when it never was.
 */
export function savedAgo({ saved, phase }: TaskRecord, nowMs: number): number | undefined {
  if (saved === undefined) return undefined;
  const isOfThis = 'attempt' in phase && phase.attempt.number === saved.attempt;
  const frozenMs = frozenMsOf(phase, nowMs) - (isOfThis ? saved.frozenMs : 0);
  return Math.max(0, nowMs - saved.atMs - frozenMs);
}

/** From when on what a live attempt has done would be lost. */
export function unsavedSince(record: TaskRecord): number {
  const admittedAtMs = liveAttemptOf(record)?.admittedAtMs ?? 0;
  return Math.max(admittedAtMs, record.saved?.atMs ?? 0);
}

/** Stopped for want of memory now, it would fail: it must not begin anew, and has nothing to go on from. */
export function wouldFail(record: TaskRecord, level: RunState['level'], nowMs: number): boolean {
  const { checkpoint } = record.spec;
  if (checkpoint?.isRequired !== true) return false;
  if (liveAttemptOf(record)?.launched === undefined) return false;
  const { graceMs } = record.spec.onPreempt;
  const hasTime = level !== 'critical' && (checkpoint.ask !== undefined || graceMs > 0);
  return !hasTime && !willDo(checkpoint, savedAgo(record, nowMs));
}

/** Whether a checkpoint of that age is one to go on from. */
export function willDo({ stale }: CheckpointSpec, savedAgoMs: number | undefined): boolean {
  if (savedAgoMs === undefined || stale === 'never') return false;
  return stale === 'any' || savedAgoMs <= stale;
}

/** Asks a live attempt to save its work; one that is at it already is not asked again. */
export function askForCheckpoint(tick: Tick, record: TaskRecord, why: 'stop' | 'every'): void {
  const ask = record.spec.checkpoint?.ask;
  if (ask === undefined || liveAttemptOf(record)?.saving !== undefined) return;
  const { by, timeoutMs } = ask;
  const savedAgoMs = savedAgo(record, tick.tMs);
  const age = savedAgoMs === undefined ? {} : { savedAgoMs };
  emit(tick, { kind: 'checkpoint-asked', ...refOf(record), by, why, timeoutMs, ...age });
  sendAsk(tick, record);
}

/** Whoever asked may have died before the attempt heard of it: it is asked again, by the same event. */
export function sendAsk(tick: Tick, record: TaskRecord): void {
  const { spec, preemptions } = record;
  const attempt = liveAttemptOf(record);
  if (attempt?.saving === undefined || attempt.launched === undefined) return;
  tick.actions.push({
    kind: 'ask-checkpoint',
    ...refOf(record),
    by: attempt.saving.by,
    job: spec.job,
    claimBytes: attempt.estimate.bytes,
    preemptions,
    level: spec.preemptible,
    pid: attempt.launched.pid,
  });
}

/** What was asked for is not to be had. */
export function missCheckpoint(tick: Tick, record: TaskRecord, because: MissReason): void {
  const saving = liveAttemptOf(record)?.saving;
  if (saving === undefined) return;
  const savedAgoMs = savedAgo(record, tick.tMs);
  const ref = refOf(record);
  emit(tick, {
    kind: 'checkpoint-missed',
    ...ref,
    afterMs: tick.tMs - saving.sinceMs,
    because,
    ...(savedAgoMs === undefined ? {} : { savedAgoMs }),
  });
  if (saving.by.kind === 'run') tick.actions.push({ kind: 'end-checkpoint-hook', ...ref });
}

/** How much of what an attempt has done is not saved when it ends, milliseconds. */
export function unsavedMs(record: TaskRecord, ranMs: number, endMs: number): number {
  return Math.min(ranMs, savedAgo(record, endMs) ?? Infinity);
}

/** What a task has saved is removed when it has succeeded, unless it is to be kept; after anything else a run may go on. */
export function dropCheckpoints({ control, actions }: Tick, { spec, phase }: TaskRecord): void {
  if (spec.checkpoint === undefined || phase.kind !== 'finished') return;
  control.checkpoints.delete(spec.id);
  if (phase.outcome === 'succeeded' && spec.checkpoint.isKept !== true)
    actions.push({ kind: 'remove-checkpoints', task: spec.id });
}
