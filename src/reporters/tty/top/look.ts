import type { RunState, TaskRecord } from '../../../core/run-state.js';
import type { TaskId } from '../../../core/task-spec.js';
import type { OutputTail } from '../../output-tail.js';
import type { MemoryHistory } from './memory-history.js';

/** The machine at one moment. Bytes. */
export interface HostLook {
  readonly totalBytes: number;
  readonly availableBytes: number;
  readonly swapTotalBytes: number;
  readonly swapFreeBytes: number;
  /** Share of the last ten seconds in which some task, or all of them, stalled on memory; absent without PSI. */
  readonly pressure?: { readonly somePct: number; readonly fullPct: number };
}

/** One run at one moment. */
export interface RunLook {
  readonly runId: string;
  readonly standing: 'live' | 'elsewhere' | 'ended' | 'died';
  readonly state: RunState;
  /** Milliseconds since it started. */
  readonly nowMs: number;
  readonly etaMs: number | undefined;
  readonly history: MemoryHistory;
  /** Why its journal cannot be followed; absent when it can. */
  readonly problem?: string;
}

/** All that a picture is made of. */
export interface TopLook {
  /** Milliseconds since 1970. */
  readonly epochMs: number;
  readonly host: HostLook;
  /** The newest first. */
  readonly runs: readonly RunLook[];
}

/** What the kernel says of a live attempt at this moment, beyond what the journal has. */
export interface LiveFigures {
  readonly processes: number;
  /** From the cgroup's own files, where it has the memory controller. Bytes. */
  readonly memory?: {
    readonly currentBytes: number;
    readonly anonBytes: number;
    readonly cacheBytes: number;
    readonly shmemBytes: number;
    readonly swapBytes: number;
  };
  /** Processor time so far, where the cgroup counts it. */
  readonly cpuMs?: number;
}

/** What is read for the task whose details are shown, and for no other. */
export interface Details {
  readonly tails: readonly OutputTail[];
  readonly live: LiveFigures | undefined;
}

/** A task in the table. */
export interface TaskRow {
  readonly run: RunLook;
  readonly record: TaskRecord;
  readonly status: Status;
  /** As last seen, while it lives; its highest peak once it is finished. */
  readonly bytes: number | undefined;
  /** How long its attempt has run, or how long it ran when it is over. */
  readonly ranMs: number | undefined;
}

/** Where a task stands, in a word. */
export type Status =
  | 'running'
  | 'suspended'
  | 'starting'
  | 'ending'
  | 'stopping'
  | 'queued'
  | 'held'
  | 'backing off'
  | 'blocked'
  | 'succeeded'
  | 'failed'
  | 'oom-killed'
  | 'timed-out'
  | 'canceled'
  | 'skipped';

/** Names a task among those of all runs. */
export interface RowKey {
  readonly run: string;
  readonly task: TaskId;
}

/** The run's id without its date and time: its name, and what tells it from others of that name. */
export function shortId(runId: string): string {
  return runId.replace(/^\d{8}-\d{6}-/, '');
}

/** The row's name. */
export function keyOf({ run, record }: TaskRow): RowKey {
  return { run: run.runId, task: record.spec.id };
}

/** Whether both name the same task. */
export function isSameKey(a: RowKey | undefined, b: RowKey | undefined): boolean {
  return a !== undefined && b !== undefined && a.run === b.run && a.task === b.task;
}
