import type { CommandReply } from './command.js';
import type { LogCut } from './events.js';
import type { AttemptRef } from './observation.js';
import type { BudgetSpec, CheckpointMeans, NodeSignal, TaskId } from './task-spec.js';

/**
 * What a tick wants done. Each action was decided by an event of the same tick, which carries its reason. Only the
 * supervisor's `apply` carries actions out; what came of them returns as facts of the next observation.
 */
export type Action =
  | ({
      readonly kind: 'launch';
      readonly job: string;
      readonly limitBytes?: number;
      readonly swapBytes?: number;
      /** What admission counts for it: `MEMSCHED_MEMORY_BYTES`. */
      readonly claimBytes: number;
      readonly preemptions: number;
      /** 0..4; sets `oom_score_adj`, so that the kernel agrees with us if we lose the race. */
      readonly level: number;
      /** It has a folder for its checkpoints, `MEMSCHED_CHECKPOINT_DIR`. */
      readonly hasCheckpoints?: true;
    } & AttemptRef)
  /** Ask the attempt to save its work; what comes of it is told by a fact. */
  | ({
      readonly kind: 'ask-checkpoint';
      readonly by: CheckpointMeans;
      readonly job: string;
      readonly claimBytes: number;
      readonly preemptions: number;
      readonly level: number;
      readonly pid: number;
    } & AttemptRef)
  /** End the command that saves the attempt's work, if it still runs. */
  | ({ readonly kind: 'end-checkpoint-hook' } & AttemptRef)
  /** The task is done: what it has saved is of no use any more. */
  | { readonly kind: 'remove-checkpoints'; readonly task: TaskId }
  /** Ask all processes of the attempt to end; lift what slows or freezes them first. */
  | ({ readonly kind: 'signal'; readonly signal: NodeSignal } & AttemptRef)
  /** End all processes of the attempt now. */
  | ({ readonly kind: 'kill' } & AttemptRef)
  /** Stop all processes of the attempt where they are. Doing it twice does no harm. */
  | ({ readonly kind: 'freeze' } & AttemptRef)
  /** Let them go on. Doing it twice does no harm. */
  | ({ readonly kind: 'thaw' } & AttemptRef)
  /** Have the kernel move so much of a frozen attempt's memory to swap. */
  | ({ readonly kind: 'reclaim'; readonly bytes: number } & AttemptRef)
  /** Leave the middle of a log out. */
  | ({ readonly kind: 'cut-log' } & AttemptRef &
      Pick<LogCut, 'stream' | 'maxBytes' | 'headBytes' | 'tailBytes' | 'leftOutBytes'>)
  /** Look how large the files are that the task reads. */
  | { readonly kind: 'measure-inputs'; readonly task: TaskId }
  /** Set the tree's `memory.high` and `memory.max`; `max` lifts the brake. */
  | { readonly kind: 'limit-tree'; readonly highBytes: number | 'max'; readonly maxBytes: number }
  /** From now on tasks may use this much together. */
  | { readonly kind: 'set-budget'; readonly budget: BudgetSpec }
  /** Tell whoever gave the command what came of it; what it led to was written down before. */
  | { readonly kind: 'answer'; readonly id: number; readonly reply: CommandReply };
