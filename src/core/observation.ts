import type { Command } from './command.js';
import type { ExitStatus, OomCounters, StartFault } from './outcome.js';
import type { NodeSignal, TaskId, TaskSpec } from './task-spec.js';

/** Which attempt: the task and the attempt's number, from 1. */
export interface AttemptRef {
  readonly task: TaskId;
  readonly attempt: number;
}

/** Stall time on memory since boot or creation, in microseconds: `total=` of a PSI file. Differences are what counts. */
export interface PsiTotals {
  readonly someUs: number;
  readonly fullUs: number;
}

/** What is known of the time in which looks were put off. */
export interface Rest {
  /** The last glance that found nothing, milliseconds since the run started. */
  readonly untilMs: number;
  /** The glance after it found that memory has moved: in the time since then, and not before. */
  readonly hasMoved: boolean;
}

/** Processes and threads of all tasks together. */
export interface PidsSample {
  readonly current: number;
  readonly max: number;
  /** Forks that the kernel has refused for it, as far as they were counted; stays 0 where it is kept by sampling. */
  readonly refusals: number;
}

/** One look at the machine and at our own tree of tasks. Everything in bytes. */
export interface HostSample {
  /** The most that tasks together may use now; already less the reserve and what runs outside of us. */
  readonly budgetBytes: number;
  /** `min(MemTotal, memory.max of every ancestor)`. */
  readonly capacityBytes: number;
  /** Hard ceiling for `memory.max` of the tree: the budget without what runs outside. */
  readonly ceilingBytes: number;
  /** `MemAvailable`. */
  readonly availableBytes: number;
  /** What the tasks together use: working set, never page cache. */
  readonly usedBytes: number;
  /** Used by everything that is not a task of ours. */
  readonly outsideBytes: number;
  readonly swapFreeBytes: number;
  /** Absent when the kernel has no PSI. */
  readonly psi?: PsiTotals;
  /** Pages scanned for reclaim so far (`pgscan`): moving means that the kernel is short of memory. */
  readonly reclaimScans: number;
  /** `high` of the tree's `memory.events`: how often the brake has slowed someone. 0 where there is no brake. */
  readonly brakeEvents: number;
  /** Absent where the run has no limit on them, or its tier cannot keep it. */
  readonly pids?: PidsSample;
  /** `oom_kill` of /proc/vmstat: kills by the kernel on the whole host. Absent where that cannot be read. */
  readonly oomKills?: number;
}

/** What one live attempt uses now. */
export interface AttemptSample extends AttemptRef {
  readonly usedBytes: number;
  /** The most it has used so far, as far as the tier can tell. */
  readonly peakBytes: number;
  /** Processor time so far; absent when it was not looked at this time. */
  readonly cpuMs?: number;
  /** Its processes and threads; absent when they were not counted this time. */
  readonly pids?: number;
  /** It does nothing, as somebody else than we has stopped it: a signal (SIGSTOP, SIGTSTP), or the freezer of its cgroup. */
  readonly pausedBy?: PausedBy;
  /** Its main process was found in this cgroup, and not in its own. */
  readonly strayedTo?: string;
  /** This limit of its cgroup was found changed, and set again: `memory.max`. */
  readonly tamperedWith?: string;
}

/** What keeps the processes of an attempt from doing anything. */
export type PausedBy = 'signal' | 'freezer';

/** One of the two streams of an attempt that go into a log. */
export type LogStream = 'stdout' | 'stderr';

/** What was counted about an attempt that is over. */
export interface AttemptTally {
  readonly peakBytes: number;
  readonly cpuMs: number;
  /** Absent where the tier has no such counters. */
  readonly oom?: OomCounters;
}

/** What a look into a task's folder of checkpoints found. */
export interface CheckpointLook {
  readonly task: TaskId;
  /** Changes with whatever is in it; empty for an empty one. */
  readonly mark: string;
  /** How long ago the newest thing in it was changed; 0 for an empty one. */
  readonly ageMs: number;
}

/** Something that happened since the last tick. Facts only enqueue; decisions are made in the tick. */
export type Fact =
  /** It is in its place and about to execute its command; from here on signals and kills reach it. */
  | ({ readonly kind: 'launched'; readonly pid: number } & AttemptRef)
  | ({ readonly kind: 'launch-failed'; readonly fault: StartFault } & AttemptRef)
  /** The main process is gone; other processes of the attempt may still live. */
  | ({ readonly kind: 'exited'; readonly exit: ExitStatus } & AttemptRef)
  /** A signal was sent that its main process does nothing about: it dies of it, or was over before. */
  | ({ readonly kind: 'signal-deadly' } & AttemptRef)
  /** The last process is gone and its memory is free. */
  | ({ readonly kind: 'emptied'; readonly tally: AttemptTally } & AttemptRef)
  /** A log of it takes more room than a log may. */
  | ({
      readonly kind: 'log-overgrown';
      readonly stream: LogStream;
      /** What it takes now. */
      readonly bytes: number;
    } & AttemptRef)
  /** So many of its processes have been sent the signal that asks for a checkpoint; `mark` is what there was before. */
  | ({
      readonly kind: 'checkpoint-sent';
      readonly listeners: number;
      readonly mark: string;
    } & AttemptRef)
  /** The command that saves its work has ended, or could not be started. */
  | ({
      readonly kind: 'checkpoint-hook-ended';
      readonly end: ExitStatus | { readonly kind: 'could-not-start'; readonly fault: StartFault };
    } & AttemptRef)
  /** The run goes on under this supervisor: what the one before had begun to decide is to be decided. */
  | { readonly kind: 'resumed' }
  /** How large the task's input files are together; absent when one of them cannot be found. */
  | { readonly kind: 'inputs-measured'; readonly task: TaskId; readonly bytes?: number }
  /** The user wants the run to end; the second request is an order to kill. */
  | { readonly kind: 'stop-requested'; readonly signal: NodeSignal }
  /** A signal that is not for us but for the tasks, as if they had got it themselves. */
  | { readonly kind: 'signal-passed'; readonly signal: NodeSignal }
  /** More tasks, in order. */
  | { readonly kind: 'tasks-arrived'; readonly tasks: readonly TaskSpec[] }
  /** No more tasks will come; `problem` is a sentence for the user. */
  | { readonly kind: 'source-ended'; readonly problem?: string }
  /** The user has told the run to do something; `id` names the one who waits for the answer. */
  | { readonly kind: 'commanded'; readonly id: number; readonly command: Command };

/** All that a decision may know: one consistent look, taken before the tick. */
export interface Observation {
  /** Milliseconds since the run started, on a clock that never jumps. */
  readonly nowMs: number;
  /** This look was put off; absent where it was not. */
  readonly rest?: Rest;
  readonly host: HostSample;
  /** Live attempts that were looked at; one that is missing counts as unchanged. */
  readonly attempts: readonly AttemptSample[];
  /** Folders of checkpoints that were looked at; one that is missing counts as unchanged. */
  readonly checkpoints?: readonly CheckpointLook[];
  readonly facts: readonly Fact[];
}
