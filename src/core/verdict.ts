import { unreachable } from '../util/assert.js';
import type { AttemptTally } from './observation.js';
import type { ExitStatus, OomCounters, Outcome, Verdict } from './outcome.js';
import type { StopReason } from './reasons.js';
import type { LiveAttempt } from './run-state.js';

/** Alone and at this share of the budget, a task that the kernel kills simply does not fit. */
const FILLS_THE_BUDGET = 0.9;

/** 128 + 9: how shells report a command that SIGKILL ended. */
const SHELL_SAYS_SIGKILL = 137;

/** What is known when an attempt is over. */
export interface EndOfAttempt {
  readonly attempt: LiveAttempt;
  readonly stop: StopReason | undefined;
  /** It was told to end, not only killed, and may have done something about it: tidied up and exited with 0. */
  readonly couldAnswer: boolean;
  readonly tally: AttemptTally;
  /** When it was admitted: a neighbour that has eaten into it since does not make the task too large. */
  readonly budgetBytes: number;
  /** Use of all tasks when it ended. */
  readonly usedBytes: number;
  /** It was the only attempt of the run. */
  readonly wasAlone: boolean;
  /** OOM kills that the host counted since it was admitted, whoever was hit; 0 where the host does not count. */
  readonly hostOomKills: number;
  /** Absent where the task keeps no checkpoints. */
  readonly checkpoint?: CheckpointEnd;
}

/** What is known of a task's checkpoints when an attempt is over. */
export interface CheckpointEnd {
  readonly exitCode: number;
  /** How often it has exited with that code, this time included. */
  readonly times: number;
  /** How often in a row with nothing new saved, this time included; 0: it has saved something. */
  readonly idleTimes: number;
  /** It must not begin anew, and has nothing to go on from. */
  readonly isMissing: boolean;
  readonly savedAgoMs?: number;
  /** It ended while it was to save its work, and before it was asked to end. */
  readonly endedFirst: boolean;
}

/** Who or what ended the attempt. Our own doing comes first, then the kernel's counters, then how it exited. */
export function verdictOf(end: EndOfAttempt): Verdict {
  const { stop, tally, attempt, checkpoint } = end;
  const exit = attempt.exited?.status;
  if (isDoneBeforehand(end)) return { kind: 'exit', code: 0 };
  const own = stop === undefined ? undefined : ourDoing(stop, tally);
  if (own?.kind === 'preempted' && checkpoint?.isMissing === true)
    return missingCheckpoint(tally, checkpoint);
  if (own !== undefined) return own;
  if (exit === undefined)
    return { kind: 'could-not-start', error: 'it vanished before it was started' };
  if (exit.kind === 'code' && exit.code === 0) return { kind: 'exit', code: 0 };
  if (exit.kind === 'code' && exit.code === checkpoint?.exitCode) {
    const { times, idleTimes } = checkpoint;
    return { kind: 'checkpointed', code: exit.code, times, idleTimes };
  }
  const oom = tally.oom ?? hostCounters(end.hostOomKills, exit);
  if (oom !== undefined && (oom.oomKill > 0 || oom.of === 'sampled')) return oomVerdict(end, oom);
  return exitVerdict(exit);
}

/** It succeeded, and not because it was asked to end: the signal came after its work was done. */
function isDoneBeforehand({ attempt, stop, couldAnswer, checkpoint }: EndOfAttempt): boolean {
  const exit = attempt.exited?.status;
  if (exit?.kind !== 'code' || exit.code !== 0) return false;
  return checkpoint?.endedFirst === true || (stop?.kind === 'preempted' && !couldAnswer);
}

function missingCheckpoint({ peakBytes }: AttemptTally, { savedAgoMs }: CheckpointEnd): Verdict {
  return {
    kind: 'checkpoint-missing',
    peakBytes,
    ...(savedAgoMs === undefined ? {} : { savedAgoMs }),
  };
}

/** We stopped it for want of memory. */
export function isPreemption({ kind }: Verdict): boolean {
  return kind === 'preempted' || kind === 'checkpoint-missing';
}

/**
 * Where a tier keeps no counters of an attempt, the host's have to do: the OOM killer ends a process by SIGKILL and
 * counts it before that. Counters of its own that stand still are proof of the contrary, so the host's do not matter then.
 */
function hostCounters(hostOomKills: number, exit: ExitStatus): OomCounters | undefined {
  if (!endedBySigkill(exit) || hostOomKills === 0) return undefined;
  return { oomKill: hostOomKills, oom: 0, max: 0, of: 'host' };
}

function endedBySigkill(exit: ExitStatus): boolean {
  if (exit.kind === 'signal') return exit.signal === 'SIGKILL';
  return exit.kind === 'code' && exit.code === SHELL_SAYS_SIGKILL;
}

function ourDoing(stop: StopReason, { peakBytes }: AttemptTally): Verdict | undefined {
  switch (stop.kind) {
    case 'preempted':
      return { kind: 'preempted', peakBytes };
    case 'timed-out':
      return { kind: 'timed-out', timeoutMs: stop.timeoutMs };
    case 'signal':
    case 'halt':
      return { kind: 'canceled', by: stop.kind };
    case 'over-pids':
      return stop;
    case 'canceled':
      return { kind: 'canceled', by: 'command' };
    case 'left-behind':
      return undefined;
    default:
      return unreachable(stop);
  }
}

/**
 * `oom` in the attempt's own `memory.events.local` moves only when its own `memory.max` was the wall; `oom_kill`
 * without it means that an ancestor or the host was short (cgroup-v2.rst).
 */
function oomVerdict({ attempt, tally, ...end }: EndOfAttempt, oom: OomCounters): Verdict {
  const { peakBytes } = tally;
  const { limitBytes } = attempt;
  if (limitBytes !== undefined && (oom.oom > 0 || oom.of === 'sampled'))
    return { kind: 'own-limit', limitBytes, peakBytes, oom };
  const { budgetBytes, usedBytes } = end;
  if (end.wasAlone && peakBytes >= FILLS_THE_BUDGET * budgetBytes) {
    return { kind: 'over-budget', peakBytes, budgetBytes, oom };
  }
  return { kind: 'bystander', peakBytes, usedBytes, budgetBytes, oom };
}

function exitVerdict(exit: ExitStatus): Verdict {
  switch (exit.kind) {
    case 'code':
      return { kind: 'exit', code: exit.code };
    case 'signal':
      return { kind: 'external-signal', signal: exit.signal };
    case 'unknown':
      return {
        kind: 'lost',
        why: exit.why,
        ...(exit.withSupervisor === undefined ? {} : { withSupervisor: true }),
      };
    default:
      return unreachable(exit);
  }
}

/** What becomes of the task if it is not tried again. */
export function outcomeOf(verdict: Verdict): Outcome {
  switch (verdict.kind) {
    case 'exit':
      return verdict.code === 0 ? 'succeeded' : 'failed';
    case 'own-limit':
    case 'bystander':
    case 'over-budget':
      return 'oom-killed';
    case 'timed-out':
      return 'timed-out';
    case 'canceled':
      return 'canceled';
    case 'preempted':
    case 'checkpoint-missing':
    case 'checkpointed':
    case 'external-signal':
    case 'could-not-start':
    case 'lost':
    case 'over-pids':
      return 'failed';
    default:
      return unreachable(verdict);
  }
}
