import { present } from '../util/assert.js';
import { askForCheckpoint, missCheckpoint } from './checkpoint.js';
import type { CheckpointMade } from './events.js';
import type { AttemptRef, CheckpointLook, Fact } from './observation.js';
import type { ExitStatus } from './outcome.js';
import { atLeast } from './pressure.js';
import type { MissReason } from './reasons.js';
import type { TaskRecord } from './run-state.js';
import { goOnStopping } from './stopping.js';
import type { TaskId } from './task-spec.js';
import { emit, liveAttemptOf, refOf, type Tick } from './tick.js';

/** A folder that has not changed for so long is not being written to. */
const SETTLED_MS = 300;
/** What tasks save without being asked is told of no more often, for each of them. */
const TELL_EVERY_MS = 5000;

/** What is known of a task's folder of checkpoints. Not part of the state: a supervisor that resumes looks anew. */
export interface CheckpointSight {
  /** How it was found last. */
  readonly mark: string;
  /** The newest thing in it was changed then, as far as that can be known. */
  readonly savedMs: number;
  /** How it was when the attempt before had ended; undefined where nobody saw. */
  readonly endMark: string | undefined;
  /** How it was when an event last told of it, and when that was. */
  readonly toldMark: string;
  readonly toldMs: number;
  /** How it was when the live attempt was asked to save its work; undefined where nobody saw. */
  readonly askMark?: string | undefined;
}

type Sights = Map<TaskId, CheckpointSight>;

/** Takes in what was found in folders of checkpoints. */
export function noteCheckpoints(tick: Tick): void {
  for (const look of tick.seen.checkpoints ?? []) {
    const record = tick.state.live.get(look.task);
    if (record !== undefined) noteLook(tick, record, look);
  }
}

function noteLook(tick: Tick, record: TaskRecord, look: CheckpointLook): void {
  const sights = tick.control.checkpoints;
  const before = sights.get(look.task) ?? firstSight(tick, record, look);
  const sight =
    before.mark === look.mark
      ? before
      : { ...before, mark: look.mark, savedMs: Math.round(Math.max(0, tick.tMs - look.ageMs)) };
  sights.set(look.task, sight);
  if (look.mark === '' || look.ageMs < SETTLED_MS) return;
  if (isAnswer(record, sight)) made(tick, record, 'folder');
  else tellOfOwn(tick, record, TELL_EVERY_MS);
}

/** A new task finds an empty folder; of one that was there before us it is known only how old what is in it is. */
function firstSight(
  { state, tMs }: Tick,
  record: TaskRecord,
  look: CheckpointLook,
): CheckpointSight {
  const isNew = record.attempts === 1 && state.resumes === 0;
  const mark = isNew ? '' : look.mark;
  const savedMs = mark === '' ? 0 : Math.round(Math.max(0, tMs - look.ageMs));
  return { mark, savedMs, endMark: isNew ? '' : undefined, toldMark: mark, toldMs: -Infinity };
}

/** Something is there that was not when it was asked by a signal. */
function isAnswer(record: TaskRecord, { mark, askMark, savedMs }: CheckpointSight): boolean {
  const saving = liveAttemptOf(record)?.saving;
  if (saving?.by.kind !== 'signal') return false;
  return askMark === undefined ? savedMs > saving.sinceMs : mark !== askMark;
}

/** Tells of what a task has saved without being asked. */
function tellOfOwn(tick: Tick, record: TaskRecord, everyMs: number): void {
  const { checkpoints } = tick.control;
  const sight = checkpoints.get(record.spec.id);
  const attempt = liveAttemptOf(record);
  if (sight === undefined || sight.mark === sight.toldMark || sight.mark === '') return;
  if (attempt?.saving !== undefined || tick.tMs - sight.toldMs < everyMs) return;
  // A command saves the work, and the folder is found changed a little later.
  if (sight.savedMs <= sight.toldMs) {
    checkpoints.set(record.spec.id, { ...sight, toldMark: sight.mark });
    return;
  }
  const savedMs = Math.max(sight.savedMs, attempt?.launched?.atMs ?? 0);
  emitMade(tick, record, { how: 'by-itself', savedMs: Math.min(tick.tMs, savedMs) });
}

/** What was asked for is there. What was done by the time it was asked is saved. */
function made(tick: Tick, record: TaskRecord, how: CheckpointMade['how']): void {
  const saving = present(liveAttemptOf(record)?.saving, 'a checkpoint was asked for');
  const afterMs = tick.tMs - saving.sinceMs;
  const savedMs = how === 'exit' ? tick.tMs : saving.sinceMs;
  emitMade(tick, record, { how, savedMs, afterMs });
  goOnStopping(tick, record);
}

function emitMade(
  tick: Tick,
  record: TaskRecord,
  news: Pick<CheckpointMade, 'how' | 'savedMs' | 'afterMs'>,
): void {
  const { checkpoints } = tick.control;
  const sight = checkpoints.get(record.spec.id);
  if (sight !== undefined)
    checkpoints.set(record.spec.id, { ...sight, toldMark: sight.mark, toldMs: tick.tMs });
  emit(tick, { kind: 'checkpoint-made', ...refOf(record), ...news });
}

function missed(tick: Tick, record: TaskRecord, because: MissReason): void {
  missCheckpoint(tick, record, because);
  goOnStopping(tick, record);
}

type Answer = Extract<Fact, { kind: 'checkpoint-sent' | 'checkpoint-hook-ended' }>;

/** Takes in what came of asking; of an attempt that has ended meanwhile nobody wants to know. */
export function takeCheckpointAnswer(tick: Tick, fact: Answer): void {
  const record = askedRecord(tick, fact);
  const saving = record === undefined ? undefined : liveAttemptOf(record)?.saving;
  if (record === undefined || saving === undefined) return;
  if (fact.kind === 'checkpoint-sent') {
    if (saving.by.kind !== 'signal') return;
    if (fact.listeners === 0)
      missed(tick, record, { kind: 'nobody-listens', signal: saving.by.signal });
    else noteAsked(tick.control.checkpoints, record.spec.id, fact.mark);
    return;
  }
  const { end } = fact;
  if (end.kind === 'could-not-start')
    missed(tick, record, { kind: 'hook-not-started', error: end.fault.error });
  else if (end.kind === 'code' && end.code === 0) made(tick, record, 'hook');
  else missed(tick, record, { kind: 'hook-failed', exit: end });
}

function askedRecord({ state }: Tick, { task, attempt }: AttemptRef): TaskRecord | undefined {
  const record = state.live.get(task);
  return record?.attempts === attempt ? record : undefined;
}

/** A look may have found what came of it before this is heard: that is newer. */
function noteAsked(sights: Sights, task: TaskId, mark: string): void {
  const before = sights.get(task);
  const first = { mark, savedMs: 0, endMark: undefined, toldMark: mark, toldMs: -Infinity };
  sights.set(task, { ...(before ?? first), askMark: mark });
}

/** The main process of an attempt has ended: by the code that says so, its work is saved. */
export function noteExit(tick: Tick, record: TaskRecord, exit: ExitStatus): void {
  const { checkpoint } = record.spec;
  if (checkpoint === undefined) return;
  const isSaved = exit.kind === 'code' && exit.code === checkpoint.exitCode;
  if (liveAttemptOf(record)?.saving === undefined) {
    if (isSaved && !isIdle(tick, record))
      emitMade(tick, record, { how: 'exit', savedMs: tick.tMs });
  } else if (isSaved) {
    made(tick, record, 'exit');
  } else {
    missed(tick, record, { kind: 'ended' });
  }
}

/** Nothing in its folder is other than it was when the attempt before had ended. */
export function isIdle({ control }: Tick, { spec }: TaskRecord): boolean {
  const sight = control.checkpoints.get(spec.id);
  return sight !== undefined && sight.endMark === sight.mark;
}

/** An attempt is over: what it left counts, unless it was killed, maybe in the middle of writing it. */
export function tellOfLast(tick: Tick, record: TaskRecord): void {
  const { phase, spec } = record;
  if (spec.checkpoint === undefined) return;
  if (phase.kind !== 'stopping' || phase.stop.killedAtMs === undefined) tellOfOwn(tick, record, 0);
}

/** What the next attempt of a task finds is what this one has left. */
export function noteLeft({ control }: Tick, { spec }: TaskRecord): void {
  const sight = control.checkpoints.get(spec.id);
  if (sight !== undefined)
    control.checkpoints.set(spec.id, { ...sight, endMark: sight.mark, askMark: undefined });
}

/** Asks those whose turn it is, and waits no longer for those whose time is over. */
export function tendCheckpoints(tick: Tick): void {
  for (const record of [...tick.state.live.values()]) {
    const ask = record.spec.checkpoint?.ask;
    const attempt = liveAttemptOf(record);
    if (ask === undefined || attempt === undefined) continue;
    const { saving, launched, exited, savingAskedMs } = attempt;
    if (saving !== undefined) {
      if (tick.tMs - saving.sinceMs >= saving.timeoutMs) missed(tick, record, { kind: 'timeout' });
      continue;
    }
    if (ask.everyMs === undefined || launched === undefined || exited !== undefined) continue;
    // Saving takes memory, too.
    if (record.phase.kind !== 'running' || atLeast(tick.state.level, 'preempt')) continue;
    const sinceMs = tick.tMs - Math.max(launched.atMs, savingAskedMs ?? 0);
    if (sinceMs >= ask.everyMs) askForCheckpoint(tick, record, 'every');
  }
}
