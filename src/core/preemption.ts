import { savedAgo, unsavedSince, wouldFail } from './checkpoint.js';
import { usedBytesOf, type Control } from './control.js';
import type { Candidate, CandidateVerdict } from './reasons.js';
import type { LiveAttempt, RunState, TaskRecord } from './run-state.js';

/** Preempted this often, a task is left alone until it is done. */
export const IMMUNE_AFTER = 5;
/** Preemption lowers a task's level by one each time, but never to 0: that is the user's word. */
const LOWEST_EFFECTIVE_LEVEL = 1;

/** Who is to be stopped, and everyone who was looked at. */
export interface VictimChoice {
  readonly victims: readonly TaskRecord[];
  readonly candidates: readonly Candidate[];
  /** What the victims will free. */
  readonly freedBytes: number;
}

interface Ranked {
  readonly record: TaskRecord;
  readonly attempt: LiveAttempt;
  readonly usedBytes: number;
  readonly effectiveLevel: number;
  readonly isFrozen: boolean;
  readonly isOver: boolean;
  /** From when on its work would be lost. */
  readonly unsavedSinceMs: number;
  /** It would fail for want of a checkpoint. */
  readonly wouldFail: boolean;
}

/**
 * Chooses attempts to stop until they free `neededBytes`: highest effective level first, then those that are frozen, as
 * what they hold is what the others lack, then those over their estimate, then those that lose least work: the newest, or
 * who has saved it lately. Who would fail, as it must not begin anew, comes after all others. Never the last attempt that
 * makes progress, or would if it were thawed.
 */
export function chooseVictims(
  state: RunState,
  control: Control,
  nowMs: number,
  neededBytes: number,
): VictimChoice {
  const ranked = [...state.live.values()]
    .filter(isCandidate)
    .map((record) => rank(record, control, state, nowMs))
    .sort(goesBefore);
  let survivors = [...state.live.values()].filter(mayGoOn).length;
  let freedBytes = 0;
  const victims: TaskRecord[] = [];
  const verdicts = new Map<TaskRecord, CandidateVerdict>();
  for (const [at, { record, usedBytes, effectiveLevel }] of ranked.entries()) {
    if (survivors <= 1) {
      verdicts.set(record, { kind: 'rejected', because: 'last-one-running' });
    } else if (freedBytes >= neededBytes) {
      verdicts.set(record, { kind: 'spared', rank: at + 1, effectiveLevel });
    } else {
      verdicts.set(record, { kind: 'taken', rank: at + 1, effectiveLevel });
      victims.push(record);
      freedBytes += usedBytes;
      survivors -= 1;
    }
  }
  const verdictOf = (record: TaskRecord): CandidateVerdict | undefined =>
    verdicts.get(record) ?? rejection(record);
  return { victims, freedBytes, candidates: describeCandidates(state, control, nowMs, verdictOf) };
}

/** It is at work, or about to be: neither frozen nor on its way out. */
export function isMakingProgress({ phase }: TaskRecord): boolean {
  return (
    (phase.kind === 'running' || phase.kind === 'starting') && phase.attempt.exited === undefined
  );
}

function mayGoOn(record: TaskRecord): boolean {
  const { phase } = record;
  return (
    isMakingProgress(record) || (phase.kind === 'suspended' && phase.attempt.exited === undefined)
  );
}

function isCandidate(record: TaskRecord): boolean {
  return rejection(record) === undefined;
}

function rejection(record: TaskRecord): CandidateVerdict | undefined {
  if (record.spec.preemptible === 0) return { kind: 'rejected', because: 'level-0' };
  if (!mayGoOn(record)) return { kind: 'rejected', because: 'stopping' };
  if (record.preemptions >= IMMUNE_AFTER) return { kind: 'rejected', because: 'immune' };
  return undefined;
}

function rank(record: TaskRecord, control: Control, state: RunState, nowMs: number): Ranked {
  const attempt = liveAttempt(record);
  const usedBytes = usedBytesOf(control, record);
  return {
    record,
    attempt,
    usedBytes,
    effectiveLevel: effectiveLevelOf(record),
    isFrozen: record.phase.kind === 'suspended',
    isOver: usedBytes > attempt.estimate.bytes,
    unsavedSinceMs: unsavedSince(record),
    wouldFail: wouldFail(record, state.level, nowMs),
  };
}

/** How willingly a task gives way: its level, less what it has suffered; 0 for what nobody may stop. */
export function effectiveLevelOf({ spec, preemptions }: TaskRecord): number {
  if (spec.preemptible === 0) return 0;
  return Math.max(LOWEST_EFFECTIVE_LEVEL, spec.preemptible - preemptions);
}

function goesBefore(a: Ranked, b: Ranked): number {
  return (
    Number(a.wouldFail) - Number(b.wouldFail) ||
    b.effectiveLevel - a.effectiveLevel ||
    Number(b.isFrozen) - Number(a.isFrozen) ||
    Number(b.isOver) - Number(a.isOver) ||
    b.unsavedSinceMs - a.unsavedSinceMs ||
    b.record.spec.index - a.record.spec.index
  );
}

/** Everyone who was looked at, with what was found; those with a rank first. */
export function describeCandidates(
  state: RunState,
  control: Control,
  nowMs: number,
  verdictOf: (record: TaskRecord) => CandidateVerdict | undefined,
): Candidate[] {
  const all: Candidate[] = [];
  for (const record of state.live.values()) {
    const verdict = verdictOf(record);
    if (verdict === undefined) continue;
    const { number, estimate, admittedAtMs } = liveAttempt(record);
    const savedAgoMs = record.saved?.attempt === number ? savedAgo(record, nowMs) : undefined;
    all.push({
      task: record.spec.id,
      attempt: number,
      usedBytes: usedBytesOf(control, record),
      estimateBytes: estimate.bytes,
      ageMs: Math.round(nowMs - admittedAtMs),
      ...(savedAgoMs === undefined ? {} : { savedAgoMs }),
      ...(wouldFail(record, state.level, nowMs) ? { wouldFail: true } : {}),
      verdict,
    });
  }
  return boundCandidates(all);
}

/** Candidates told of in one event: those with a rank first. An event has a bound like everything else. */
const CANDIDATES_TOLD = 64;

function boundCandidates(all: Candidate[]): Candidate[] {
  const order = (candidate: Candidate): number =>
    'rank' in candidate.verdict ? candidate.verdict.rank : Infinity;
  return all
    .sort((a, b) => order(a) - order(b) || a.task.localeCompare(b.task))
    .slice(0, CANDIDATES_TOLD);
}

function liveAttempt({ phase, spec }: TaskRecord): LiveAttempt {
  if (!('attempt' in phase)) throw new TypeError(`task ${spec.id} has no live attempt`);
  return phase.attempt;
}
