import type { CompletedRun } from '../../src/core/learning/types.js';

/** One recorded task: what was known before it ran, and what it then used. */
export interface Job {
  /** Tasks that are expected to be alike. */
  readonly group: string;
  /** What its user set aside for it. */
  readonly requestBytes: number;
  readonly submittedAtMs: number;
  readonly startedAtMs: number;
  /** What can be learned of it once it has ended. */
  readonly run: CompletedRun;
  /** Maxima of equal parts of its duration, as finely as they were recorded; undefined where only the peak was. */
  readonly courseBytes: readonly number[] | undefined;
}

/** Jobs of the same kind of recording. */
export interface TraceSet {
  readonly name: string;
  readonly jobs: readonly Job[];
  /** Recorded tasks that cannot be replayed. */
  readonly leftOut: number;
  /** Whether sizes of inputs were recorded that were known before the tasks ran. */
  readonly hasInputs: boolean;
}
