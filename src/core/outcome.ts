import type { NodeSignal } from './task-spec.js';

/** How a process ended. */
export type ExitStatus =
  | { readonly kind: 'code'; readonly code: number }
  /** Real-time signals are called `SIGRTMIN`, `SIGRTMIN+1` and so on. */
  | { readonly kind: 'signal'; readonly signal: NodeSignal }
  /** Nobody can tell: what would have learnt of its end is gone. It may even live still, and is ended then. */
  | {
      readonly kind: 'unknown';
      readonly why: string;
      /** What is gone is the supervisor, and the run was resumed: not held against the task, however often. */
      readonly withSupervisor?: true;
    };

/**
 * From the attempt's own cgroup, `memory.events.local` (cgroup-v2.rst): `oom_kill` counts kills by *any* OOM killer;
 * `oom` and `max` move only when the attempt's own `memory.max` was in the way.
 */
export interface OomCounters {
  readonly oomKill: number;
  readonly oom: number;
  readonly max: number;
  /**
   * Not the attempt's own counters, which its tier lacks. `host`: `oomKill` is what the whole host counted while it ran.
   * `sampled`: nobody counted; it was found over its limit at a look, and memsched, not the kernel, killed it.
   */
  readonly of?: 'host' | 'sampled';
}

/** Why an attempt ended as it did, with the numbers that prove it. The kinds are who, or what, ended it. */
export type Verdict =
  | { readonly kind: 'exit'; readonly code: number }
  /** Over its own `limit`: the task's fault. */
  | {
      readonly kind: 'own-limit';
      readonly limitBytes: number;
      readonly peakBytes: number;
      readonly oom: OomCounters;
    }
  /** The kernel took it for want of memory elsewhere: an ancestor's limit or the host's. */
  | {
      readonly kind: 'bystander';
      readonly peakBytes: number;
      readonly usedBytes: number;
      readonly budgetBytes: number;
      readonly oom: OomCounters;
    }
  /** It ran alone and still did not fit the budget. */
  | {
      readonly kind: 'over-budget';
      readonly peakBytes: number;
      readonly budgetBytes: number;
      readonly oom: OomCounters;
    }
  /** All tasks together had as many processes as the run may have, and it had the most: the task's fault. */
  | { readonly kind: 'over-pids'; readonly pids: number; readonly maxPids: number }
  | { readonly kind: 'preempted'; readonly peakBytes: number }
  /** We stopped it, it had not saved its work, and it must not begin anew (`required`). */
  | {
      readonly kind: 'checkpoint-missing';
      readonly peakBytes: number;
      /** Age of a checkpoint that was there and would not do. */
      readonly savedAgoMs?: number;
    }
  /** It says by its exit code that it has saved its work and wants to be run again. */
  | {
      readonly kind: 'checkpointed';
      readonly code: number;
      /** How often the task has ended so. */
      readonly times: number;
      /** How often in a row with nothing new saved. */
      readonly idleTimes: number;
    }
  | { readonly kind: 'timed-out'; readonly timeoutMs: number }
  | { readonly kind: 'canceled'; readonly by: 'signal' | 'halt' | 'command' }
  /** A signal that neither we nor the kernel's OOM killer sent. */
  | { readonly kind: 'external-signal'; readonly signal: NodeSignal }
  | ({ readonly kind: 'could-not-start' } & StartFault)
  /** How it ended cannot be known any more, for a reason that lies with us. */
  | { readonly kind: 'lost'; readonly why: string; readonly withSupervisor?: true };

/** Why an attempt never came to execute its command. */
export interface StartFault {
  /** In words for the user. */
  readonly error: string;
  /** What ran short will be there again: processes, descriptors, the kernel's own memory. No fault of the task's. */
  readonly isShortage?: true;
}

/** What finally became of a task. */
export type Outcome = 'succeeded' | 'failed' | 'oom-killed' | 'timed-out' | 'canceled' | 'skipped';
