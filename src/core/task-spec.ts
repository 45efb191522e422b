import type { ProfileStrategy } from './learning/types.js';

/**
 * What the user asked for, as far as scheduling cares: no command, no environment, no path. What it takes to start a
 * task is kept apart (`LaunchSpec` in the supervisor's ports), so that nothing secret can reach the journal from here.
 */

/** The task's name: `job`, or `job.value.value` for a row of a matrix. Unique in a run, safe as a file name. */
export type TaskId = string;

/** 0 never, 1 low, 2 medium, 3 high, 4 always: higher is preempted first; 0 is never stopped by us. */
export type PreemptibleLevel = 0 | 1 | 2 | 3 | 4;

/** The labels of {@link PreemptibleLevel}, by level. */
export const PREEMPTIBLE_LABELS = ['never', 'low', 'medium', 'high', 'always'] as const;

/** What may be retried: an outcome's cause, one exit code, or one signal. */
export type RetryCause = 'oom' | 'timeout' | 'failure' | `exit:${number}` | `signal:${string}`;

/** How a task's own `limit` grows after it was killed by it: by a factor, or along a list of sizes in bytes. */
export type LimitGrowth =
  | { readonly kind: 'none' }
  | { readonly kind: 'factor'; readonly factor: number }
  | { readonly kind: 'list'; readonly bytes: readonly number[] };

/** A task's memory keys, in bytes. Absent means "not declared". */
export interface MemorySpec {
  /** Declared expectation: what admission counts until the task is known better. */
  readonly requestBytes?: number;
  /** The task's own `memory.max`. Only ever what the user set: predictions never become limits. */
  readonly limitBytes?: number;
  readonly grow: LimitGrowth;
  /** The largest limit `grow` may reach. */
  readonly maxBytes?: number;
  /** `memory.swap.max` of the task. */
  readonly swapBytes?: number;
}

/** How an ended attempt is tried again, for causes that count as the task's own failure. */
export interface RetrySpec {
  readonly max: number;
  /** Empty means every cause. */
  readonly on: readonly RetryCause[];
  readonly delayMs: number;
  /** Each further retry waits this many times longer. */
  readonly backoff: number;
}

/** How a task saves its work, so that its next attempt goes on from there. */
export interface CheckpointSpec {
  /** How it is asked to; absent: it saves when it sees fit, or when it is asked to end. */
  readonly ask?: CheckpointAsk;
  /** Exit code that means "saved, run me again". */
  readonly exitCode: number;
  /** How old a checkpoint may be, in milliseconds, that will do instead of a new one. */
  readonly stale: number | 'any' | 'never';
  /** Without a checkpoint a preemption is its failure: it must not begin anew. */
  readonly isRequired?: true;
  /** Its checkpoints stay when it has succeeded. */
  readonly isKept?: true;
}

/** How a task is asked to save its work, and how long it may take. */
export interface CheckpointAsk {
  readonly by: CheckpointMeans;
  readonly timeoutMs: number;
  /** It is asked this long after it has started or was asked last; absent: before it is stopped only. */
  readonly everyMs?: number;
}

/** A signal to those of its processes that catch it, or a command beside it that is done when the work is saved. */
export type CheckpointMeans =
  { readonly kind: 'signal'; readonly signal: NodeSignal } | { readonly kind: 'run' };

/** One unit of work: a job, or one row of its matrix. */
export interface TaskSpec {
  readonly id: TaskId;
  /** Position in the expanded jobfile, from 0: breaks ties, and names cgroups (`task-<index>.<attempt>`). */
  readonly index: number;
  readonly job: string;
  /** Matrix values by key, as text; empty without a matrix. */
  readonly matrix: Readonly<Record<string, string>>;
  /** Jobs of which every task must have finished first. */
  readonly needs: readonly string[];
  /** `always`: run although a need did not succeed. */
  readonly when: 'success' | 'always';
  readonly memory: MemorySpec;
  /**
   * Counted by admission against the machine's processors; 0 is not counted. `auto`, the default, counts as one until
   * it was measured what the task uses, and then as that: a task that waits does not keep others waiting.
   */
  readonly cpus: number | 'auto';
  readonly resources: Readonly<Record<string, number>>;
  readonly preemptible: PreemptibleLevel;
  readonly onPreempt: { readonly signal: NodeSignal; readonly graceMs: number };
  /** It may be frozen for a while when memory is short, before anybody is stopped. */
  readonly maySuspend?: true;
  /** Absent: it keeps nothing from one attempt to the next. */
  readonly checkpoint?: CheckpointSpec;
  readonly retries: RetrySpec;
  readonly timeoutMs?: number;
  /** Larger first. */
  readonly priority: number;
  /** Tasks that use memory alike: what one of them needed is the estimate for the next. */
  readonly group: string;
  /** How the group's past becomes an estimate; `none` ignores it. */
  readonly profile: ProfileStrategy;
  /** It reads files whose size says something about what it needs: measured when its turn comes. */
  readonly hasInputs?: true;
  /** Name under the jobfile's `groups:`, whose `max_parallel` this task shares. */
  readonly concurrency?: string;
}

/** A signal's name, `SIGTERM`. */
export type NodeSignal = `SIG${string}`;

/** When to give up on the whole run. */
export type HaltRule =
  { readonly kind: 'never' } | { readonly kind: 'soon' | 'now'; readonly threshold: HaltThreshold };

/** How many tasks must have failed: a number, or a share of all tasks in percent. */
export type HaltThreshold =
  | { readonly kind: 'count'; readonly failures: number }
  | { readonly kind: 'share'; readonly pct: number };

/** How much memory all tasks together may use: worked out from the host, or as told. */
export type BudgetSpec =
  { readonly kind: 'auto' } | { readonly kind: 'bytes'; readonly bytes: number };

/** A limit on processes and threads: worked out from the host, or as told. */
export interface MaxPids {
  readonly kind: 'auto' | 'told';
  readonly pids: number;
}

/** Everything about a run that is not about one task. Shares are fractions of the budget (0.8). */
export interface RunConfig {
  readonly name: string;
  readonly budget: BudgetSpec;
  readonly holdShare: number;
  readonly preemptShare: number;
  readonly criticalShare: number;
  /** Claims may fill this share of the budget. */
  readonly overcommit: number;
  /** One of the shares was told: they hold as they are, whatever is known of the tasks. */
  readonly isAsTold?: true;
  readonly pressure: {
    /** Share of time in which some task stalls on memory, in percent, from which we hold. */
    readonly somePct: number;
    /** Share of time in which all tasks stall, in percent, from which we preempt. */
    readonly fullPct: number;
    readonly windowMs: number;
  };
  readonly intervalMs: number;
  readonly maxParallel?: number;
  readonly halt: HaltRule;
  /** The run fails when a group's peak grew by more than this against its stored profile; absent: never. */
  readonly maxGrowthPct?: number;
  /** Processes and threads that all tasks together may have; absent: as many as the host lets them. */
  readonly maxPids?: MaxPids;
  /** What one stream of an attempt may leave in its log; absent: as much as it writes. */
  readonly maxLogBytes?: number;
  /** `max_parallel` by concurrency group. */
  readonly groups: Readonly<Record<string, number>>;
  /** Capacities of named counters. */
  readonly resources: Readonly<Record<string, number>>;
  /** Processors that tasks may count on. */
  readonly cpus: number;
}
