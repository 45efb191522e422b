import type { ExitStatus } from './outcome.js';
import type { NodeSignal, TaskId } from './task-spec.js';

/** How alarmed we are about memory: each level does what the ones before it do, and more. */
export type PressureLevel = 'open' | 'hold' | 'preempt' | 'critical';

/** The rule that moved us from one level to another. */
export type LevelRule = 'usage' | 'some-pressure' | 'full-pressure' | 'growth' | 'settled';

/** The numbers at the moment of a decision about memory. Bytes; shares of time in percent. */
export interface MemoryNumbers {
  readonly usedBytes: number;
  readonly budgetBytes: number;
  readonly availableBytes: number;
  readonly growthBytesPerS: number;
  /** Absent without PSI. */
  readonly somePct?: number;
  readonly fullPct?: number;
}

/** Why the level changed: which rule, which line was crossed, and all numbers. */
export interface LevelReason {
  readonly rule: LevelRule;
  /** The line that was crossed, in bytes (usage, growth, settled) or percent (pressure). */
  readonly line: number;
  readonly numbers: MemoryNumbers;
}

/** Where an estimate came from, weakest first. */
export type EstimateSource =
  /** Nothing is known: a share of the budget is set aside. */
  | 'unknown'
  /** Nothing of this group; tasks of other groups in this run. */
  | 'run'
  /** Declared in the jobfile. */
  | 'request'
  /** Finished runs of the same group, all in this run. */
  | 'group'
  /** Finished runs of the same group, some of them before this run. */
  | 'profile'
  /** Earlier runs of this very task. */
  | 'same-task'
  /** The task's own earlier attempt was stopped at a higher use. */
  | 'earlier-attempt';

/** What admission expects an attempt to reach. */
export interface Estimate {
  readonly bytes: number;
  readonly source: EstimateSource;
  /** How many peaks it rests on. */
  readonly samples: number;
  /** The rule that made it of them, in words: `max × 1.15`. */
  readonly rule?: string;
}

/** What all tasks together are expected to reach with one more, by the curves of their groups. */
export interface Foresight {
  /** The most at any one time, the margin for chance included. */
  readonly peakBytes: number;
  /** When, milliseconds from then. */
  readonly inMs: number;
  /** The margin: so many standard deviations. */
  readonly sigmas: number;
}

/** Why a task was started when it was. */
export interface AdmitReason {
  readonly rule: 'fits' | 'progress';
  readonly estimate: Estimate;
  /** Σ claims of the attempts that ran already. */
  readonly claimedBytes: number;
  /** What claims may fill: `overcommit × budget`, or more of it where courses are known. */
  readonly allowanceBytes: number;
  readonly numbers: MemoryNumbers;
  /** Present when it was let in by what its group uses over time, and not by its peak. */
  readonly foresight?: Foresight;
  /** Tasks ahead in the queue that it passed. */
  readonly passed: number;
}

/** Why a queued task is not started now. */
export type WaitReason =
  | {
      readonly kind: 'memory';
      readonly estimate: Estimate;
      readonly claimedBytes: number;
      readonly allowanceBytes: number;
      /** Present when it is refused by what its group uses over time, and not by its peak. */
      readonly foresight?: Foresight;
    }
  | { readonly kind: 'level'; readonly level: PressureLevel; readonly numbers: MemoryNumbers }
  /** Tasks of an unknown group start a few at a time until some have finished. */
  | {
      readonly kind: 'slow-start';
      readonly group: string;
      readonly running: number;
      readonly limit: number;
    }
  | {
      readonly kind: 'cpus';
      readonly wanted: number;
      readonly inUse: number;
      readonly capacity: number;
    }
  | {
      readonly kind: 'resource';
      readonly name: string;
      readonly wanted: number;
      readonly inUse: number;
      readonly capacity: number;
    }
  | { readonly kind: 'concurrency'; readonly name: string; readonly limit: number }
  | { readonly kind: 'max-parallel'; readonly limit: number }
  | { readonly kind: 'back-off'; readonly untilMs: number }
  /** The user holds the run, or this task. */
  | { readonly kind: 'held'; readonly of: 'run' | 'task' }
  /** Attempts are frozen for want of memory, `task`'s the first that goes on: nobody starts before them. */
  | { readonly kind: 'suspended'; readonly task: TaskId; readonly frozen: number };

/** One running attempt, looked at as a victim. */
export interface Candidate {
  readonly task: TaskId;
  readonly attempt: number;
  readonly usedBytes: number;
  readonly estimateBytes: number;
  readonly ageMs: number;
  /** How long ago its work was last saved; absent when this attempt has saved nothing. */
  readonly savedAgoMs?: number;
  /** Without a checkpoint it would fail, and there is none that will do, nor time for one: it goes last. */
  readonly wouldFail?: true;
  readonly verdict: CandidateVerdict;
}

/** Taken, next in line at this rank, or left alone for a reason. */
export type CandidateVerdict =
  | { readonly kind: 'taken'; readonly rank: number; readonly effectiveLevel: number }
  | { readonly kind: 'spared'; readonly rank: number; readonly effectiveLevel: number }
  | {
      readonly kind: 'rejected';
      readonly because:
        | 'level-0'
        | 'immune'
        | 'stopping'
        | 'last-one-running'
        /** Looked at to be frozen, and its `on_pressure` does not allow it, */
        | 'not-suspendable'
        /** it is only being started, */
        | 'starting'
        /** it was asked to save its work and is at it, */
        | 'saving'
        /** it is frozen already, */
        | 'suspended'
        /** use grows, and it is not this one that does, */
        | 'not-growing'
        /** or this one alone does, and there is nobody to make room for. */
        | 'last-one-growing';
    };

/** Why a task was preempted: the numbers and everyone who could have been instead. */
export interface PreemptReason {
  readonly level: 'preempt' | 'critical';
  readonly numbers: MemoryNumbers;
  readonly targetBytes: number;
  /** What attempts that are already dying will free. */
  readonly dyingBytes: number;
  readonly candidates: readonly Candidate[];
}

/** Why an attempt was frozen: the numbers, and everyone who could have been instead. */
export interface SuspendReason {
  /**
   * `use`: the level is preempt, and nobody is frozen yet. `growth`: use is on its way to a line that it is not to reach.
   * `stalls`: the level is preempt because all tasks stall on memory.
   */
  readonly rule: 'use' | 'growth' | 'stalls';
  readonly level: 'hold' | 'preempt';
  /** The line that was reached or, at this rate of growth, would be within `withinMs`. */
  readonly lineBytes: number;
  readonly withinMs: number;
  readonly numbers: MemoryNumbers;
  readonly candidates: readonly Candidate[];
}

/** Why a frozen attempt goes on. */
export type ThawReason =
  /** There is room for all that it is expected to need, beside all others. */
  | {
      readonly kind: 'fits';
      /** What all are expected to reach with it, at any one time. */
      readonly expectedBytes: number;
      readonly allowanceBytes: number;
      readonly numbers: MemoryNumbers;
    }
  /** Nobody else is at work: the oldest goes on whatever the numbers say. */
  | { readonly kind: 'only-frozen-left'; readonly frozen: number; readonly numbers: MemoryNumbers };

/** Why an attempt is being stopped. */
export type StopReason =
  | { readonly kind: 'preempted'; readonly preempt: PreemptReason }
  | { readonly kind: 'timed-out'; readonly timeoutMs: number; readonly ranMs: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'halt'; readonly failures: number }
  /** The user has canceled the task, or the run with it. */
  | { readonly kind: 'canceled'; readonly of: 'run' | 'task' }
  /** All tasks together have as many processes as the run may have (`max_pids`), and it has the most of them. */
  | { readonly kind: 'over-pids'; readonly pids: number; readonly maxPids: number }
  /** The main process ended and left others behind. */
  | { readonly kind: 'left-behind' };

/** Why a checkpoint that was asked for was not made. */
export type MissReason =
  | { readonly kind: 'timeout' }
  /** The command that was to save it failed, or could not be started. */
  | { readonly kind: 'hook-failed'; readonly exit: ExitStatus }
  | { readonly kind: 'hook-not-started'; readonly error: string }
  /** None of its processes catches the signal: it would have ended them. */
  | { readonly kind: 'nobody-listens'; readonly signal: NodeSignal }
  /** Its main process ended before. */
  | { readonly kind: 'ended' }
  /** It had to be ended at once. */
  | { readonly kind: 'no-time' };

/**
 * What becomes of the work of an attempt that is stopped: it is asked to save it first, a checkpoint that is there
 * will do, or there is no time.
 */
export interface SavingPlan {
  readonly kind: 'ask' | 'recent' | 'no-time';
  /** How long ago its work was last saved; absent when it never was. */
  readonly savedAgoMs?: number;
}

/** Why a task goes back into the queue. */
export type RequeueCause =
  | { readonly kind: 'preempted'; readonly preemptions: number }
  | { readonly kind: 'bystander'; readonly times: number }
  | { readonly kind: 'limit-grown'; readonly fromBytes: number; readonly toBytes: number }
  | { readonly kind: 'retry'; readonly retry: number; readonly of: number }
  /** It has saved its work and asked for it by its exit code. */
  | { readonly kind: 'checkpointed'; readonly times: number; readonly idleTimes: number }
  /** The run was resumed: its attempt was lost with the supervisor, or was stopped along with the run. */
  | { readonly kind: 'resumed' };

/** Why a task was never run. */
export type SkipCause =
  | { readonly kind: 'need-did-not-succeed'; readonly job: string }
  | { readonly kind: 'halted'; readonly failures: number }
  | { readonly kind: 'stopped'; readonly signal: string }
  /** The user has canceled the task, or the run with it. */
  | { readonly kind: 'canceled'; readonly of: 'run' | 'task' };
