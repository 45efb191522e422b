import { askForCheckpoint, missCheckpoint, savingPlan, sendAsk } from './checkpoint.js';
import { halved, usedBytesOf } from './control.js';
import { chooseVictims } from './preemption.js';
import { atLeast } from './pressure.js';
import type { RunEvent, StopRequested } from './events.js';
import { isFrozen, ranMsOf } from './frozen.js';
import type { PreemptReason, StopReason } from './reasons.js';
import type { TaskRecord } from './run-state.js';
import { emit, liveAttemptOf, refOf, type Tick } from './tick.js';

/** An attempt that outlives SIGKILL by this much is stuck (in the kernel): its memory is no longer counted as freed. */
const STUCK_AFTER_MS = 10_000;
/** Processes that outlive the main one by less are on their way out themselves. */
const LEFT_BEHIND_AFTER_MS = 50;
/** Killing again does no harm and catches what was forked meanwhile where the kernel cannot kill a whole cgroup. */
const KILL_AGAIN_AFTER_MS = 1000;
/** After a victim is gone, use is given this long to settle before the next is taken. */
const SETTLE_AFTER_VICTIM_MS = 2000;

type KillReason = Extract<RunEvent, { kind: 'attempt-killed' }>['because'];

/**
 * Begins to stop an attempt: it is asked by a signal, or without grace killed in the same tick. One whose main process
 * has ended already is not stopped for this reason any more: how it ended stands, and only what it left behind is
 * cleared away.
 */
export function stop(tick: Tick, record: TaskRecord, reason: StopReason, graceMs: number): void {
  if (reason.kind !== 'left-behind' && hasExited(record)) {
    stopLeftBehind(tick, record);
    return;
  }
  const isAtOnce = graceMs === 0 && whyWithoutGrace(tick, reason) !== 'grace-over';
  const saving = savingPlan(tick, record, reason, isAtOnce);
  const plan = saving === undefined ? {} : { saving };
  const wasFrozen = isFrozen(record);
  emit(tick, { kind: 'attempt-stopping', ...refOf(record), graceMs, reason, ...plan });
  if (saving?.kind === 'ask') {
    // Frozen, it could not answer, and neither could a command beside it.
    if (wasFrozen) tick.actions.push({ kind: 'thaw', ...refOf(record) });
    askForCheckpoint(tick, record, 'stop');
    return;
  }
  missCheckpoint(tick, record, { kind: 'no-time' });
  askOrKill(tick, record, reason, graceMs);
}

function askOrKill(tick: Tick, record: TaskRecord, reason: StopReason, graceMs: number): void {
  if (graceMs === 0) kill(tick, record, whyWithoutGrace(tick, reason));
  else if (liveAttemptOf(record)?.launched !== undefined) ask(tick, record, reason);
}

/** An attempt that is being stopped has saved its work, or will not: now it is asked to end. */
export function goOnStopping(tick: Tick, record: TaskRecord): void {
  const { phase } = record;
  if (phase.kind !== 'stopping' || phase.stop.killedAtMs !== undefined) return;
  askOrKill(tick, record, phase.stop.reason, phase.stop.graceMs);
}

/**
 * An attempt has started that was stopped while it was on its way, when nothing could reach it: it gets now what it
 * was to get then.
 */
export function stopLateComer(tick: Tick, record: TaskRecord): void {
  if (record.phase.kind !== 'stopping') return;
  const { killedAtMs, reason } = record.phase.stop;
  const { saving, suspensions } = record.phase.attempt;
  if (saving !== undefined) {
    // It may have been frozen, and whoever was to thaw it have died.
    if (suspensions !== undefined) tick.actions.push({ kind: 'thaw', ...refOf(record) });
    sendAsk(tick, record);
  } else if (killedAtMs === undefined) ask(tick, record, reason);
  else tick.actions.push({ kind: 'kill', ...refOf(record) });
}

function ask(tick: Tick, record: TaskRecord, reason: StopReason): void {
  const signal = reason.kind === 'preempted' ? record.spec.onPreempt.signal : 'SIGTERM';
  tick.actions.push({ kind: 'signal', ...refOf(record), signal });
}

function stopLeftBehind(tick: Tick, record: TaskRecord): void {
  stop(tick, record, { kind: 'left-behind' }, 0);
}

function hasExited(record: TaskRecord): boolean {
  return liveAttemptOf(record)?.exited !== undefined;
}

function whyWithoutGrace({ state }: Tick, reason: StopReason): KillReason {
  if (reason.kind === 'left-behind') return 'left-behind';
  if (reason.kind === 'preempted' && state.level === 'critical') return 'critical';
  const isOfRun = reason.kind === 'signal' || (reason.kind === 'canceled' && reason.of === 'run');
  return isOfRun && (state.stop?.times ?? 0) > 1 ? 'second-signal' : 'grace-over';
}

/** Ends an attempt that is being stopped, now. */
export function kill(tick: Tick, record: TaskRecord, because: KillReason): void {
  if (record.phase.kind !== 'stopping' || record.phase.stop.killedAtMs !== undefined) return;
  missCheckpoint(tick, record, { kind: 'no-time' });
  const afterMs = tick.tMs - record.phase.stop.sinceMs;
  emit(tick, { kind: 'attempt-killed', ...refOf(record), afterMs, because });
  tick.actions.push({ kind: 'kill', ...refOf(record) });
}

/** Timeouts, grace that is over, and attempts that will not die. */
export function enforceDeadlines(tick: Tick): void {
  for (const record of [...tick.state.live.values()]) {
    if (record.phase.kind === 'running') enforceTimeout(tick, record);
    else if (record.phase.kind === 'stopping') pushStopping(tick, record);
  }
}

function enforceTimeout(tick: Tick, record: TaskRecord): void {
  const { timeoutMs, onPreempt } = record.spec;
  if (timeoutMs === undefined || hasExited(record)) return;
  const ranMs = ranMsOf(record.phase, tick.tMs);
  if (ranMs < timeoutMs) return;
  stop(tick, record, { kind: 'timed-out', timeoutMs, ranMs }, onPreempt.graceMs);
}

function pushStopping(tick: Tick, record: TaskRecord): void {
  if (record.phase.kind !== 'stopping') return;
  const { sinceMs, graceMs, killedAtMs, stuck } = record.phase.stop;
  const { tMs } = tick;
  if (killedAtMs === undefined) {
    const isSaving = record.phase.attempt.saving !== undefined;
    if (!isSaving && tMs - sinceMs >= graceMs) kill(tick, record, 'grace-over');
    else if (tick.state.level === 'critical') kill(tick, record, 'critical');
    return;
  }
  if (tMs - killedAtMs >= KILL_AGAIN_AFTER_MS)
    tick.actions.push({ kind: 'kill', ...refOf(record) });
  if (stuck === undefined && tMs - killedAtMs >= STUCK_AFTER_MS) {
    emit(tick, {
      kind: 'attempt-stuck',
      ...refOf(record),
      forMs: tMs - killedAtMs,
      usedBytes: usedBytesOf(tick.control, record),
    });
  }
}

/**
 * The main process is gone and others of its attempt stay: they are not left to run on. One that is being stopped
 * keeps its grace: a shell dies of SIGTERM at once, while what it had started may still be saving its work.
 */
export function clearLeftBehind(tick: Tick): void {
  for (const record of [...tick.state.live.values()]) {
    const exited = liveAttemptOf(record)?.exited;
    if (exited === undefined || tick.tMs - exited.atMs < LEFT_BEHIND_AFTER_MS) continue;
    if (record.phase.kind !== 'stopping') stopLeftBehind(tick, record);
  }
}

/**
 * Stops preemptible attempts until use, less what is dying already, falls to the target.
 *
 * @param isPutOff - freezing has to show what comes of it: only at `critical` is anybody stopped now.
 */
export function preempt(tick: Tick, isPutOff: boolean): void {
  const { state, control, lines, seen, numbers } = tick;
  const { level } = state;
  if (level !== 'preempt' && level !== 'critical') {
    control.victimsMissing = false;
    return;
  }
  if (level === 'preempt' && isPutOff) return;
  const dying = dyingBytes(tick);
  if (level === 'preempt' && (dying.count > 0 || isSettling(tick))) return;
  // At critical what counts is where use will be when a kill takes effect.
  const reachedBytes = level === 'critical' ? control.level.projectedBytes : seen.host.usedBytes;
  const overBytes = reachedBytes - dying.bytes - lines.targetBytes;
  // Stalls are reason enough for one victim, however far use is from the line.
  const neededBytes = control.level.rule === 'full-pressure' ? Math.max(overBytes, 1) : overBytes;
  if (neededBytes <= 0) return;
  const { victims, candidates } = chooseVictims(state, control, tick.tMs, neededBytes);
  if (victims.length === 0) {
    sayVictimsMissing(tick, neededBytes);
    return;
  }
  control.victimsMissing = false;
  control.slowStart = halved(control.slowStart);
  const reason: PreemptReason = {
    level,
    numbers,
    targetBytes: lines.targetBytes,
    dyingBytes: dying.bytes,
    candidates,
  };
  for (const victim of victims) {
    const graceMs = level === 'critical' ? 0 : victim.spec.onPreempt.graceMs;
    stop(tick, victim, { kind: 'preempted', preempt: reason }, graceMs);
  }
}

function isSettling({ control, tMs }: Tick): boolean {
  return (
    control.lastVictimGoneMs !== undefined &&
    tMs - control.lastVictimGoneMs < SETTLE_AFTER_VICTIM_MS
  );
}

/** What attempts that are dying, and not stuck, will free; one whose main process has ended is as good as gone. */
export function dyingBytes({ state, control }: Tick): { count: number; bytes: number } {
  let count = 0;
  let bytes = 0;
  for (const record of state.live.values()) {
    const { phase } = record;
    if (phase.kind === 'stopping' ? phase.stop.stuck === true : !hasExited(record)) continue;
    count += 1;
    bytes += usedBytesOf(control, record);
  }
  return { count, bytes };
}

function sayVictimsMissing(tick: Tick, neededBytes: number): void {
  const { control, numbers, state } = tick;
  if (control.victimsMissing) return;
  control.victimsMissing = true;
  emit(tick, { kind: 'victims-missing', level: state.level, neededBytes, numbers });
}

/** The user wants the run to end; the second time, at once. */
export function requestStop(tick: Tick, request: Pick<StopRequested, 'signal' | 'by'>): void {
  const { signal, by } = request;
  const times = (tick.state.stop?.times ?? 0) + 1;
  emit(tick, { kind: 'stop-requested', signal, times, ...(by === undefined ? {} : { by }) });
  const reason: StopReason =
    by === undefined ? { kind: 'signal', signal } : { kind: 'canceled', of: 'run' };
  stopEveryone(tick, reason, times > 1);
}

/** Ends the whole run: everyone is asked, or, the second time, killed. */
export function stopEveryone(tick: Tick, reason: StopReason, isFinal: boolean): void {
  for (const record of [...tick.state.live.values()]) {
    if (record.phase.kind !== 'stopping') {
      stop(tick, record, reason, isFinal ? 0 : record.spec.onPreempt.graceMs);
    } else if (isFinal) {
      kill(tick, record, 'second-signal');
    }
  }
}

/** True while the loop should look more often than it was told to. */
export function needsCloseWatch(state: {
  readonly level: Tick['state']['level'];
  readonly live: Tick['state']['live'];
}): boolean {
  if (atLeast(state.level, 'hold')) return true;
  for (const { phase } of state.live.values()) if (phase.kind === 'stopping') return true;
  return false;
}
