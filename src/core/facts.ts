import { present, unreachable } from '../util/assert.js';
import { takeArrivals, takeEndOfSource } from './arrivals.js';
import { afterCompletion, afterPreemption } from './caution.js';
import { noteExit, noteLeft, takeCheckpointAnswer, tellOfLast } from './checkpoint-answers.js';
import { checkpointEnd, workLost } from './checkpoint-end.js';
import { takeCommand } from './commands.js';
import { curveOfEnded, oomKillsSince, widened } from './control.js';
import { isGuess } from './estimate.js';
import type { AttemptEnded } from './events.js';
import { frozenMsOf, ranMsOf } from './frozen.js';
import { learnFrom } from './knowledge.js';
import { cutLog } from './log-bound.js';
import { sampleOf } from './learning/sample.js';
import { requeueOrFinish } from './next-attempt.js';
import type { AttemptRef, AttemptTally, Fact } from './observation.js';
import type { Verdict } from './outcome.js';
import type { SkipCause } from './reasons.js';
import { settle } from './resumption.js';
import { failureCount, isMoreToCome, type LiveAttempt, type TaskRecord } from './run-state.js';
import { passSignal } from './signals.js';
import { requestStop, stopEveryone, stopLateComer } from './stopping.js';
import { taskKeyOf } from './task-key.js';
import type { HaltThreshold, TaskSpec } from './task-spec.js';
import { emit, liveAttemptOf, refOf, type Tick } from './tick.js';
import { isPreemption, verdictOf } from './verdict.js';

/** A look at a file takes microseconds, on a network's file system more. */
const MEASURED_PER_TICK = 256;
/** While it is not known how many tasks there are, so many must fail before their share is judged. */
const FAILURES_FOR_A_SHARE = 3;

/** Takes in what happened since the last tick, in order. */
export function takeFacts(tick: Tick): void {
  for (const fact of tick.seen.facts) takeFact(tick, fact);
}

function takeFact(tick: Tick, fact: Fact): void {
  if (isAboutOneGivenUp(tick, fact)) return;
  switch (fact.kind) {
    case 'launched':
      emit(tick, { kind: 'attempt-launched', ...ref(fact), pid: fact.pid });
      stopLateComer(tick, recordOf(tick, fact));
      return;
    case 'launch-failed':
      endAttempt(
        tick,
        recordOf(tick, fact),
        { kind: 'could-not-start', ...fact.fault },
        { peakBytes: 0, cpuMs: 0 },
      );
      return;
    case 'exited':
      emit(tick, { kind: 'attempt-exited', ...ref(fact), exit: fact.exit });
      noteExit(tick, recordOf(tick, fact), fact.exit);
      return;
    case 'checkpoint-sent':
    case 'checkpoint-hook-ended':
      takeCheckpointAnswer(tick, fact);
      return;
    case 'signal-deadly':
      if (recordOf(tick, fact).phase.kind === 'stopping') tick.control.deaf.add(fact.task);
      return;
    case 'emptied':
      takeEmptied(tick, recordOf(tick, fact), fact.tally);
      return;
    case 'log-overgrown':
      cutLog(tick, recordOf(tick, fact), fact);
      return;
    case 'inputs-measured':
      takeMeasured(tick, fact);
      return;
    case 'resumed':
      settle(tick);
      return;
    case 'stop-requested':
      requestStop(tick, fact);
      return;
    case 'commanded':
      takeCommand(tick, fact);
      return;
    case 'signal-passed':
      passSignal(tick, fact.signal);
      return;
    case 'tasks-arrived':
      takeArrivals(tick, fact.tasks);
      return;
    case 'source-ended':
      takeEndOfSource(tick, fact.problem);
      return;
    default:
      unreachable(fact);
  }
}

/** A task that was canceled meanwhile is not waiting for it any more. */
function takeMeasured(
  tick: Tick,
  { task, bytes }: Extract<Fact, { kind: 'inputs-measured' }>,
): void {
  tick.control.measuring.delete(task);
  if (!tick.state.unmeasured.has(task)) return;
  emit(tick, { kind: 'inputs-measured', task, ...(bytes === undefined ? {} : { bytes }) });
}

/** Looks at the input files of tasks that are free to start: a larger input needs more memory. */
export function measureInputs({ state, control, actions }: Tick): void {
  if (state.unmeasured.size === 0) return;
  let asked = 0;
  for (const task of state.unmeasured.keys()) {
    if (asked >= MEASURED_PER_TICK) return;
    if (control.measuring.has(task)) continue;
    control.measuring.add(task);
    actions.push({ kind: 'measure-inputs', task });
    asked += 1;
  }
}

/** Only a stuck attempt that was given up can still be heard of after its end. */
function isAboutOneGivenUp({ state }: Tick, fact: Fact): boolean {
  return 'attempt' in fact && (state.stop?.times ?? 0) > 1 && !state.live.has(fact.task);
}

function ref({ task, attempt }: AttemptRef): AttemptRef {
  return { task, attempt };
}

function recordOf(tick: Tick, { task, attempt }: AttemptRef): TaskRecord {
  const record = present(
    tick.state.live.get(task),
    `task ${task} is live when something happens to it`,
  );
  present(
    record.attempts === attempt ? record : undefined,
    `attempt ${attempt} of task ${task} is the live one`,
  );
  return record;
}

function takeEmptied(tick: Tick, record: TaskRecord, tally: AttemptTally): void {
  tellOfLast(tick, record);
  const attempt = attemptOf(record);
  const { phase } = record;
  const checkpoint = checkpointEnd(tick, record);
  noteLeft(tick, record);
  const verdict = verdictOf({
    attempt,
    tally,
    stop: phase.kind === 'stopping' ? phase.stop.reason : undefined,
    couldAnswer: couldAnswer(tick, record),
    budgetBytes: record.admitted?.numbers.budgetBytes ?? tick.lines.budgetBytes,
    usedBytes: tick.seen.host.usedBytes,
    wasAlone: tick.state.live.size === 1,
    hostOomKills: oomKillsSince(tick.control, record.spec.id, tick.seen.host.oomKills),
    ...(checkpoint === undefined ? {} : { checkpoint }),
  });
  if (isPreemption(verdict)) tick.control.lastVictimGoneMs = tick.tMs;
  endAttempt(tick, record, verdict, tally);
}

/** It was told to end, not only killed, and may have done something about it. */
function couldAnswer({ control }: Tick, { phase, spec }: TaskRecord): boolean {
  return (
    phase.kind === 'stopping' &&
    phase.stop.graceMs > 0 &&
    (!control.deaf.has(spec.id) || control.askedBefore.has(spec.id))
  );
}

function attemptOf(record: TaskRecord): LiveAttempt {
  return present(liveAttemptOf(record), `task ${record.spec.id} has a live attempt`);
}

function endAttempt(tick: Tick, record: TaskRecord, verdict: Verdict, tally: AttemptTally): void {
  const attempt = attemptOf(record);
  const seenPeak = tick.control.memory.get(record.spec.id)?.peakBytes ?? 0;
  const peakBytes = Math.max(tally.peakBytes, seenPeak);
  const ranMs = ranMsOf(record.phase, tick.tMs);
  const frozenMs = frozenMsOf(record.phase, tick.tMs);
  const curve = curveOfEnded(tick.control, record.spec.id, ranMs, peakBytes);
  const { inputBytes } = record;
  const lostMs = workLost(record, verdict, ranMs, tick.tMs);
  const ended = {
    kind: 'attempt-ended',
    ...refOf(record),
    verdict,
    peakBytes,
    cpuMs: tally.cpuMs,
    ranMs,
    ...(frozenMs === 0 ? {} : { frozenMs }),
    ...(lostMs === undefined ? {} : { lostMs }),
    ...(curve === undefined ? {} : { curve }),
    ...(inputBytes === undefined ? {} : { inputBytes }),
  } as const;
  emit(tick, ended);
  noteWork(tick, ended);
  tick.control.memory.delete(record.spec.id);
  tick.control.foresights.delete(record.spec.id);
  tick.control.oomKillsBefore.delete(record.spec.id);
  tick.control.deaf.delete(record.spec.id);
  tick.control.askedBefore.delete(record.spec.id);
  if (learned(tick, record.spec, ended)) tick.control.slowStart = widened(tick.control.slowStart);
  const estimateBytes = isGuess(attempt.estimate) ? 0 : attempt.estimate.bytes;
  requeueOrFinish(tick, record, { verdict, peakBytes, estimateBytes });
}

/** Work that was thrown away makes admission more cautious, work that came to its end makes it bolder. */
function noteWork(
  { control }: Tick,
  {
    verdict,
    curve,
    ranMs,
    lostMs = ranMs,
  }: Pick<AttemptEnded, 'verdict' | 'curve' | 'ranMs' | 'lostMs'>,
): void {
  if (curve === undefined) return;
  const byteMs = (curve.reduce((sum, bytes) => sum + bytes, 0) / curve.length) * ranMs;
  const lostShare = ranMs > 0 ? lostMs / ranMs : 0;
  if (isPreemption(verdict)) control.caution = afterPreemption(control.caution, byteMs * lostShare);
  if (verdict.kind === 'exit' && verdict.code === 0)
    control.caution = afterCompletion(control.caution, byteMs);
}

/** What is learned of the group at once; true when nothing was known of it before. */
function learned(
  { control, state, tMs }: Tick,
  spec: TaskSpec,
  ended: Parameters<typeof sampleOf>[0],
): boolean {
  const { startedAtMs = 0, tier = 'procfs' } = state.started ?? {};
  const sample = sampleOf(ended, tier, startedAtMs + tMs, taskKeyOf(spec));
  return sample !== undefined && learnFrom(control.knowledge, spec.group, sample);
}

/** The user has asked twice, and the kernel cannot end it: nobody waits for that process any longer. */
export function giveUpStuck(tick: Tick): void {
  if ((tick.state.stop?.times ?? 0) < 2) return;
  for (const record of [...tick.state.live.values()]) {
    if (record.phase.kind !== 'stopping' || record.phase.stop.stuck !== true) continue;
    endAttempt(tick, record, { kind: 'canceled', by: 'signal' }, { peakBytes: 0, cpuMs: 0 });
  }
}

/** Tasks that will never run are told so: their needs failed, the run halted, or it is being stopped. */
export function finishDoomed(tick: Tick): void {
  const { state } = tick;
  while (state.doomed.size > 0) {
    for (const [task, skipped] of [...state.doomed]) {
      emit(tick, { kind: 'task-finished', task, outcome: 'skipped', skipped });
    }
  }
  if (state.stop === undefined && state.halted === undefined) return;
  if (state.unfinished === state.live.size) return;
  for (const record of state.tasks.values()) {
    if (record.phase.kind !== 'queued') continue;
    if (state.stop !== undefined) {
      const skipped: SkipCause =
        state.stop.by === undefined
          ? { kind: 'stopped', signal: state.stop.signal }
          : { kind: 'canceled', of: 'run' };
      emit(tick, { kind: 'task-finished', task: record.spec.id, outcome: 'canceled', skipped });
    } else if (state.halted !== undefined) {
      const skipped = { kind: 'halted', failures: state.halted.failures } as const;
      emit(tick, { kind: 'task-finished', task: record.spec.id, outcome: 'skipped', skipped });
    }
  }
}

/** Gives the run up when enough tasks have failed. */
export function haltIfTold(tick: Tick): void {
  const { state, control } = tick;
  const { halt } = control.config;
  if (halt.kind === 'never' || state.halted !== undefined) return;
  const failures = failureCount(state);
  if (isTooEarly(halt.threshold, failures, isMoreToCome(state))) return;
  if (!isReached(halt.threshold, failures, state.counts.planned)) return;
  emit(tick, { kind: 'halted', mode: halt.kind, failures });
  if (halt.kind === 'now') stopEveryone(tick, { kind: 'halt', failures }, false);
}

/** A share of tasks that are still being read means little at first: one of one would be all of them. */
function isTooEarly({ kind }: HaltThreshold, failures: number, moreToCome: boolean): boolean {
  return kind === 'share' && moreToCome && failures < FAILURES_FOR_A_SHARE;
}

function isReached(threshold: HaltThreshold, failures: number, tasks: number): boolean {
  if (failures === 0) return false;
  return threshold.kind === 'count'
    ? failures >= threshold.failures
    : failures >= (threshold.pct / 100) * tasks;
}
