import { halved, usedBytesOf } from './control.js';
import { frozenInOrder, type FrozenRecord } from './frozen.js';
import { wouldFit } from './forecast.js';
import { foreseenAllowance } from './lines.js';
import { expectedUse, forecastNow, outlookOfThawed } from './outlook.js';
import {
  describeCandidates,
  effectiveLevelOf,
  IMMUNE_AFTER,
  isMakingProgress,
} from './preemption.js';
import type { Candidate, CandidateVerdict, SuspendReason, ThawReason } from './reasons.js';
import type { LiveAttempt, RunState, TaskRecord } from './run-state.js';
import { dyingBytes } from './stopping.js';
import { emit, liveAttemptOf, refOf, type Tick } from './tick.js';

/**
 * Growth is looked ahead so far. A frozen attempt gives nothing back: those that go on can only grow into what is left
 * below the lines, so it has to be frozen while there is something left.
 */
const AHEAD_MS = 10_000;
/** After somebody was frozen it takes so long until growth shows it. */
const SETTLE_MS = 500;
/** After somebody was thawed, so long. */
const THAW_SETTLE_MS = 1000;

/**
 * Freezes the newest of those that may be frozen, one at a time, so that the older ones finish; never the last one at
 * work. Where there is swap, the kernel is asked to move out what it holds.
 *
 * @returns whether nobody is to be preempted in this tick, below `critical`: somebody was frozen and it has to show what
 * came of it, or somebody is, and the others may well finish in what is left.
 */
export function suspend(tick: Tick): boolean {
  const { state, control } = tick;
  if (state.level !== 'hold' && state.level !== 'preempt') return false;
  if (!isAnyoneWilling(state)) return false;
  if (!isSettled(tick)) return true;
  const cause = causeOf(tick);
  const isAnyoneFrozen = frozenInOrder(state).length > 0;
  if (cause === undefined) return isAnyoneFrozen;
  const { chosen, candidates } = chooseToFreeze(tick, cause.rule);
  if (chosen === undefined) return isAnyoneFrozen && cause.rule !== 'stalls';
  control.slowStart = halved(control.slowStart);
  freeze(tick, chosen, { ...cause, numbers: tick.numbers, candidates });
  return true;
}

/** Where nobody may be frozen, all this is none of their business. */
function isAnyoneWilling(state: RunState): boolean {
  for (const { spec } of state.live.values()) if (spec.maySuspend === true) return true;
  return false;
}

type Cause = Pick<SuspendReason, 'rule' | 'level' | 'lineBytes' | 'withinMs'>;

/** Why somebody should be frozen now; undefined when nobody should. */
function causeOf(tick: Tick): Cause | undefined {
  const { state, control, lines, numbers, seen } = tick;
  const usedBytes = seen.host.usedBytes - dyingBytes(tick).bytes;
  const aheadBytes = usedBytes + (Math.max(0, numbers.growthBytesPerS) * AHEAD_MS) / 1000;
  if (state.level === 'hold') {
    // Use that has just come to a line, and goes no further, is a matter of that line's own level.
    const lineBytes = usedBytes < lines.preemptBytes ? lines.preemptBytes : lines.criticalBytes;
    if (usedBytes < lines.holdBytes || aheadBytes < lineBytes) return undefined;
    // What those who run are known to need, and what is there for them, is no reason.
    if (expectedUse(state, control, tick.forecast) <= lines.criticalBytes) return undefined;
    return { rule: 'growth', level: 'hold', lineBytes, withinMs: AHEAD_MS };
  }
  const level = 'preempt';
  if (control.level.rule === 'full-pressure')
    return { rule: 'stalls', level, lineBytes: lines.preemptBytes, withinMs: 0 };
  if (usedBytes <= lines.targetBytes) return undefined;
  if (frozenInOrder(state).length === 0)
    return { rule: 'use', level, lineBytes: lines.preemptBytes, withinMs: 0 };
  return aheadBytes < lines.criticalBytes
    ? undefined
    : { rule: 'growth', level, lineBytes: lines.criticalBytes, withinMs: AHEAD_MS };
}

function isSettled({ control, tMs }: Tick): boolean {
  const { frozenAtMs, thawedAtMs } = control.frost;
  return tMs - frozenAtMs >= SETTLE_MS && tMs - thawedAtMs >= SETTLE_MS;
}

/**
 * The newest that may be frozen, and what is said of everybody. Against growth only freezing who grows helps, and only
 * while somebody else grows: that one is to have the room.
 */
function chooseToFreeze(
  tick: Tick,
  rule: SuspendReason['rule'],
): { readonly chosen: TaskRecord | undefined; readonly candidates: readonly Candidate[] } {
  const { state, control, tMs } = tick;
  const all = [...state.live.values()];
  const scene: Scene = {
    atWork: all.filter(isMakingProgress).length,
    growing: new Set(rule === 'growth' ? all.filter((one) => isGrowing(tick, one)) : all),
  };
  const ranked = all.filter((record) => rejection(record, scene) === undefined).sort(newestFirst);
  const verdicts = new Map<TaskRecord, CandidateVerdict>();
  for (const [at, record] of ranked.entries()) {
    const effectiveLevel = effectiveLevelOf(record);
    verdicts.set(record, { kind: at === 0 ? 'taken' : 'spared', rank: at + 1, effectiveLevel });
  }
  const verdictOf = (record: TaskRecord): CandidateVerdict | undefined =>
    verdicts.get(record) ?? rejection(record, scene);
  return { chosen: ranked[0], candidates: describeCandidates(state, control, tMs, verdictOf) };
}

/** Who is there, as far as somebody is to be frozen. */
interface Scene {
  /** How many make progress. */
  readonly atWork: number;
  /** Who among them grows; all of them where that does not matter. */
  readonly growing: ReadonlySet<TaskRecord>;
}

function rejection(record: TaskRecord, scene: Scene): CandidateVerdict | undefined {
  const because = whyNot(record, scene);
  return because === undefined ? undefined : { kind: 'rejected', because };
}

type Because = Extract<CandidateVerdict, { kind: 'rejected' }>['because'];

function whyNot(record: TaskRecord, { atWork, growing }: Scene): Because | undefined {
  const { phase, spec, preemptions } = record;
  if (phase.kind === 'suspended') return 'suspended';
  if (!isMakingProgress(record)) return 'stopping';
  if (spec.maySuspend !== true) return 'not-suspendable';
  if (preemptions >= IMMUNE_AFTER) return 'immune';
  if (phase.kind === 'starting') return 'starting';
  if (liveAttemptOf(record)?.saving !== undefined) return 'saving';
  if (atWork <= 1) return 'last-one-running';
  if (!growing.has(record)) return 'not-growing';
  return growing.size <= 1 ? 'last-one-growing' : undefined;
}

function isGrowing({ control, tMs }: Tick, record: TaskRecord): boolean {
  if (!isMakingProgress(record)) return false;
  const memory = control.memory.get(record.spec.id);
  return memory === undefined || tMs - memory.flatSinceMs < AHEAD_MS;
}

function newestFirst(a: TaskRecord, b: TaskRecord): number {
  return admittedAtMs(b) - admittedAtMs(a) || b.spec.index - a.spec.index;
}

function admittedAtMs(record: TaskRecord): number {
  return liveAttemptOf(record)?.admittedAtMs ?? 0;
}

function freeze(tick: Tick, record: TaskRecord, reason: SuspendReason): void {
  const ref = refOf(record);
  const reclaimBytes = swappable(tick, record);
  emit(tick, {
    kind: 'attempt-suspended',
    ...ref,
    reason,
    ...(reclaimBytes > 0 ? { reclaimBytes } : {}),
  });
  tick.control.frost.frozenAtMs = tick.tMs;
  tick.actions.push({ kind: 'freeze', ...ref });
  if (reclaimBytes > 0) tick.actions.push({ kind: 'reclaim', ...ref, bytes: reclaimBytes });
}

/** What of it swap has room for. */
function swappable({ control, seen }: Tick, record: TaskRecord): number {
  const { swapBytes = Infinity } = record.spec.memory;
  return Math.floor(Math.min(usedBytesOf(control, record), seen.host.swapFreeBytes, swapBytes));
}

/**
 * Lets frozen attempts go on, the oldest first, one at a time: when the level is open and all that it is expected to
 * need fits beside the others, or when nobody else is at work.
 */
export function thawDue(tick: Tick): void {
  const { state, control, tMs } = tick;
  const [first] = frozenInOrder(state);
  if (first === undefined) return;
  if (!isAnyoneAtWork(state)) {
    const frozen = frozenInOrder(state).length;
    thaw(tick, first, { kind: 'only-frozen-left', frozen, numbers: tick.numbers });
    return;
  }
  if (state.level !== 'open' || tMs - control.frost.thawedAtMs < THAW_SETTLE_MS) return;
  const reason = whyItFits(tick, first);
  if (reason !== undefined) thaw(tick, first, reason);
}

/** One that dies frees memory soon; a process that no signal can end is no reason to wait. */
function isAnyoneAtWork(state: RunState): boolean {
  for (const { phase } of state.live.values()) {
    if (phase.kind === 'suspended') continue;
    if (phase.kind !== 'stopping' || phase.stop.stuck !== true) return true;
  }
  return false;
}

function whyItFits(tick: Tick, record: FrozenRecord): ThawReason | undefined {
  const { state, control, tMs, lines, unknownShare } = tick;
  const { config, caution } = control;
  const others = forecastNow(state, control, tMs, record);
  const outlook = outlookOfThawed(record, control, tMs);
  const allowanceBytes =
    outlook.kind === 'course' && record.spec.preemptible > 0
      ? foreseenAllowance(config, lines.budgetBytes, unknownShare)
      : Math.floor(config.overcommit * lines.budgetBytes);
  const { fits, peakBytes } = wouldFit(others, outlook, allowanceBytes, caution.sigmas);
  return fits
    ? { kind: 'fits', expectedBytes: peakBytes, allowanceBytes, numbers: tick.numbers }
    : undefined;
}

function thaw(tick: Tick, record: FrozenRecord, reason: ThawReason): void {
  const frozenMs = tick.tMs - record.phase.sinceMs;
  emit(tick, { kind: 'attempt-thawed', ...refOf(record), frozenMs, reason });
  tick.control.frost.thawedAtMs = tick.tMs;
  tick.renewForecast();
  tick.actions.push({ kind: 'thaw', ...refOf(record) });
}

/**
 * The supervisor before may have died between a decision and its deed: what is frozen is frozen once more, and what was
 * thawed goes on.
 */
export function settleFrost(
  tick: Tick,
  record: TaskRecord,
  attempt: LiveAttempt | undefined,
): void {
  if (record.phase.kind === 'suspended') tick.actions.push({ kind: 'freeze', ...refOf(record) });
  else if (attempt?.suspensions !== undefined)
    tick.actions.push({ kind: 'thaw', ...refOf(record) });
}
