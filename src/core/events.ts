import type { ConfigChange } from './command.js';
import type { Curve } from './learning/types.js';
import type { AttemptRef, AttemptSample, LogStream, PausedBy } from './observation.js';
import type { ExitStatus, Outcome, Verdict } from './outcome.js';
import type {
  AdmitReason,
  LevelReason,
  MemoryNumbers,
  MissReason,
  PressureLevel,
  RequeueCause,
  SavingPlan,
  SkipCause,
  StopReason,
  SuspendReason,
  ThawReason,
  WaitReason,
} from './reasons.js';
import type { CheckpointMeans, NodeSignal, RunConfig, TaskId, TaskSpec } from './task-spec.js';

/** Version of the journal's format; raised when an older reader could misread a newer file. */
export const JOURNAL_VERSION = 1;

/** What contains and measures the tasks of a run. */
export type Tier = 'cgroup' | 'hybrid' | 'procfs';

/**
 * Everything that can happen in a run, in one list. The journal holds these and nothing else; state, `show`, `explain`,
 * `--json` and every report are views of them. Each has `tMs`, milliseconds since the run started on a clock that
 * never jumps; `run-started` says when that was.
 */
export type RunEvent =
  | RunStarted
  /** Before the first tick, or later where tasks come while the run goes on. */
  | ({ readonly kind: 'task-planned'; readonly tMs: number } & { readonly spec: TaskSpec })
  | SourceEnded
  | LevelChanged
  | TaskWaits
  | AttemptAdmitted
  | ({ readonly kind: 'attempt-launched'; readonly tMs: number; readonly pid: number } & AttemptRef)
  | AttemptSuspended
  | AttemptThawed
  | AttemptStopping
  | CheckpointAsked
  | CheckpointMade
  | CheckpointMissed
  | ({
      readonly kind: 'attempt-killed';
      readonly tMs: number;
      readonly afterMs: number;
      readonly because: 'grace-over' | 'critical' | 'second-signal' | 'left-behind';
    } & AttemptRef)
  | ({
      readonly kind: 'attempt-stuck';
      readonly tMs: number;
      readonly forMs: number;
      readonly usedBytes: number;
    } & AttemptRef)
  /** It does nothing any more, as somebody else than we has stopped it. */
  | ({
      readonly kind: 'attempt-paused';
      readonly tMs: number;
      readonly by: PausedBy;
    } & AttemptRef)
  /** It does something again. */
  | ({
      readonly kind: 'attempt-unpaused';
      readonly tMs: number;
      readonly afterMs: number;
    } & AttemptRef)
  /** Its main process was found in another cgroup, and put back into its own. */
  | ({ readonly kind: 'attempt-strayed'; readonly tMs: number; readonly to: string } & AttemptRef)
  /** A limit that we had set was found changed, and set again. */
  | ({
      readonly kind: 'attempt-tampered';
      readonly tMs: number;
      readonly file: string;
    } & AttemptRef)
  | LogCut
  | PidsReached
  | ({
      readonly kind: 'attempt-exited';
      readonly tMs: number;
      readonly exit: ExitStatus;
    } & AttemptRef)
  | AttemptEnded
  | TaskRequeued
  | TaskFinished
  | {
      readonly kind: 'inputs-measured';
      readonly tMs: number;
      readonly task: TaskId;
      /** Absent when a file was not there. */
      readonly bytes?: number;
    }
  | BudgetChanged
  | {
      readonly kind: 'brake-felt';
      readonly tMs: number;
      readonly events: number;
      readonly numbers: MemoryNumbers;
    }
  | Sampled
  | { readonly kind: 'tick-late'; readonly tMs: number; readonly lateMs: number }
  | {
      readonly kind: 'victims-missing';
      readonly tMs: number;
      readonly level: PressureLevel;
      readonly neededBytes: number;
      readonly numbers: MemoryNumbers;
    }
  | StopRequested
  /** The user wants nothing to be started until the run is released; what runs goes on. */
  | { readonly kind: 'run-held' | 'run-released'; readonly tMs: number }
  /** The same for one task. */
  | {
      readonly kind: 'task-held' | 'task-released';
      readonly tMs: number;
      readonly task: TaskId;
    }
  /** The user wants no more of this task; the second time, at once. */
  | {
      readonly kind: 'cancel-requested';
      readonly tMs: number;
      readonly task: TaskId;
      readonly times: number;
    }
  | ConfigChanged
  | {
      readonly kind: 'halted';
      readonly tMs: number;
      readonly mode: 'soon' | 'now';
      readonly failures: number;
    }
  | GroupGrew
  | RunResumed
  | RunEnded;

/** The first event of every journal. */
export interface RunStarted {
  readonly kind: 'run-started';
  readonly tMs: number;
  readonly version: typeof JOURNAL_VERSION;
  readonly runId: string;
  /** Wall clock at `tMs` 0, milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly bootId: string;
  readonly pid: number;
  readonly memsched: string;
  readonly jobfile: string;
  readonly tier: Tier;
  readonly tasks: number;
  readonly config: RunConfig;
  /** Absolute path of the portable file that profiles are kept in; absent: in the state folder, or not at all. */
  readonly profileFile?: string;
  /** More tasks come while it goes on, until `source-ended`; `tasks` counts those that were there before. */
  readonly isStreaming?: true;
}

/** No more tasks will come. */
export interface SourceEnded {
  readonly kind: 'source-ended';
  readonly tMs: number;
  /** Why there are no more although there may have been: a sentence for the user. */
  readonly problem?: string;
}

/** The level of alarm moved. */
export interface LevelChanged {
  readonly kind: 'level-changed';
  readonly tMs: number;
  readonly from: PressureLevel;
  readonly to: PressureLevel;
  readonly reason: LevelReason;
}

/** The task at the head of the queue waits, and for a new kind of reason. */
export interface TaskWaits {
  readonly kind: 'task-waits';
  readonly tMs: number;
  readonly task: TaskId;
  readonly reason: WaitReason;
}

/** A task was let in: queued → starting. */
export interface AttemptAdmitted extends AttemptRef {
  readonly kind: 'attempt-admitted';
  readonly tMs: number;
  readonly limitBytes?: number;
  readonly reason: AdmitReason;
}

/** An attempt is frozen, so that older ones have room to finish: running → suspended. */
export interface AttemptSuspended extends AttemptRef {
  readonly kind: 'attempt-suspended';
  readonly tMs: number;
  readonly reason: SuspendReason;
  /** So much of it the kernel is asked to move to swap; absent where there is none. */
  readonly reclaimBytes?: number;
}

/** A frozen attempt goes on: suspended → running. */
export interface AttemptThawed extends AttemptRef {
  readonly kind: 'attempt-thawed';
  readonly tMs: number;
  /** How long it was frozen this time. */
  readonly frozenMs: number;
  readonly reason: ThawReason;
}

/** An attempt is being stopped: running or suspended → stopping; a frozen one thaws with that. */
export interface AttemptStopping extends AttemptRef {
  readonly kind: 'attempt-stopping';
  readonly tMs: number;
  readonly graceMs: number;
  readonly reason: StopReason;
  /** Absent where it is not asked for a checkpoint. */
  readonly saving?: SavingPlan;
}

/** An attempt is asked to save its work. */
export interface CheckpointAsked extends AttemptRef {
  readonly kind: 'checkpoint-asked';
  readonly tMs: number;
  readonly by: CheckpointMeans;
  /** Before it is stopped, or because it was its time (`every`). */
  readonly why: 'stop' | 'every';
  readonly timeoutMs: number;
  /** How long ago its work was last saved; absent when it never was. */
  readonly savedAgoMs?: number;
}

/** The work of a task is saved. */
export interface CheckpointMade extends AttemptRef {
  readonly kind: 'checkpoint-made';
  readonly tMs: number;
  /**
   * How that is known: the command that saves it has exited with 0, something new is in its folder and stays as it is
   * after it was asked or without, or the attempt has exited with the code that says so.
   */
  readonly how: 'hook' | 'folder' | 'by-itself' | 'exit';
  /** Work that was done before this is saved, milliseconds since the run started. */
  readonly savedMs: number;
  /** Since it was asked; absent where it was not. */
  readonly afterMs?: number;
}

/** A checkpoint that was asked for is not to be had. */
export interface CheckpointMissed extends AttemptRef {
  readonly kind: 'checkpoint-missed';
  readonly tMs: number;
  readonly afterMs: number;
  readonly because: MissReason;
  /** How long ago its work was last saved; absent when it never was. */
  readonly savedAgoMs?: number;
}

/** What an attempt does to itself, its cgroup or its log. */
export type ConductEvent = Extract<
  RunEvent,
  {
    kind:
      'attempt-paused' | 'attempt-unpaused' | 'attempt-strayed' | 'attempt-tampered' | 'log-cut';
  }
>;

/** The middle of a log was left out: it had grown beyond what a log may take. */
export interface LogCut extends AttemptRef {
  readonly kind: 'log-cut';
  readonly tMs: number;
  readonly stream: LogStream;
  /** What it took. */
  readonly bytes: number;
  readonly maxBytes: number;
  /** Kept of its beginning, and of its end. */
  readonly headBytes: number;
  readonly tailBytes: number;
  /** Of this log so far, this time included. */
  readonly leftOutBytes: number;
}

/** All tasks together have as many processes as the run may have: forks fail, or those who have the most are ended. */
export interface PidsReached {
  readonly kind: 'pids-reached';
  readonly tMs: number;
  readonly pids: number;
  readonly maxPids: number;
  /** Who has the most. */
  readonly largest?: { readonly task: TaskId; readonly attempt: number; readonly pids: number };
}

/** An attempt is over: its last process is gone and its memory is free. */
export interface AttemptEnded extends AttemptRef {
  readonly kind: 'attempt-ended';
  readonly tMs: number;
  readonly verdict: Verdict;
  readonly peakBytes: number;
  readonly cpuMs: number;
  /** Without the time in which it was frozen. */
  readonly ranMs: number;
  /** How long it was frozen; absent when it never was. */
  readonly frozenMs?: number;
  /** Of that, what the next attempt has to do again; absent where nothing was thrown away, and in old journals. */
  readonly lostMs?: number;
  /** Maximum of its working set in each sixteenth of its life; absent when it was too short to be seen. */
  readonly curve?: Curve;
  /** Size of its input files before it ran. */
  readonly inputBytes?: number;
}

/** The task will run again. */
export interface TaskRequeued {
  readonly kind: 'task-requeued';
  readonly tMs: number;
  readonly task: TaskId;
  readonly cause: RequeueCause;
  readonly notBeforeMs: number;
  /** No estimate of this task may be lower from now on. */
  readonly floorBytes: number;
  /** The task's own limit from now on. */
  readonly limitBytes?: number;
}

/** The task is done with, for good or ill. */
export interface TaskFinished {
  readonly kind: 'task-finished';
  readonly tMs: number;
  readonly task: TaskId;
  readonly outcome: Outcome;
  readonly skipped?: SkipCause;
}

/** The host gave us more or less to use than before. */
export interface BudgetChanged {
  readonly kind: 'budget-changed';
  readonly tMs: number;
  readonly budgetBytes: number;
  readonly capacityBytes: number;
  readonly outsideBytes: number;
}

/** A look at memory, kept about once a second for the views, and every 2 s while all stands still. */
export interface Sampled {
  readonly kind: 'sampled';
  readonly tMs: number;
  readonly level: PressureLevel;
  readonly claimedBytes: number;
  readonly numbers: MemoryNumbers;
  /** The most that all tasks together used at any look since the sample before. Absent in old journals. */
  readonly peakBytes?: number;
  /** What part of all claims may surprise: the less, the closer to the budget the lines are. Absent in old journals. */
  readonly unknownShare?: number;
  readonly attempts: readonly AttemptSample[];
}

/** The user wants the run to end. */
export interface StopRequested {
  readonly kind: 'stop-requested';
  readonly tMs: number;
  readonly signal: NodeSignal;
  /** The second time it is an order to kill. */
  readonly times: number;
  /** It was `memsched cancel`, and no signal: the run ends as if by this one. */
  readonly by?: 'command';
}

/** The user has changed the configuration of the live run. */
export interface ConfigChanged extends ConfigChange {
  readonly kind: 'config-changed';
  readonly tMs: number;
}

/** At the end of a run: a group needs more than its stored profile allows (`max_growth`), so the run fails. */
export interface GroupGrew {
  readonly kind: 'group-grew';
  readonly tMs: number;
  readonly group: string;
  /** The task with the peak that decided. */
  readonly task: TaskId;
  readonly beforeBytes: number;
  readonly nowBytes: number;
  readonly growthPct: number;
  readonly limitPct: number;
  /** Stored runs that it was compared with. */
  readonly samples: number;
}

/**
 * Another supervisor goes on with the run. After an end in order, or where the run was being stopped or given up, every
 * task that has not succeeded is to run again; after a mere death what has failed stays failed.
 */
export interface RunResumed {
  readonly kind: 'run-resumed';
  readonly tMs: number;
  /** What had become of the supervisor before. */
  readonly after: 'death' | 'reboot' | 'end';
  readonly bootId: string;
  readonly pid: number;
  readonly memsched: string;
  readonly tier: Tier;
  /** Attempts that still run and go on, or whose end is known. */
  readonly adopted: readonly AttemptRef[];
  /** Attempts of which nobody knows how they end: they are ended, if they live, and run again. */
  readonly lost: readonly AttemptRef[];
}

/** The last event of a run that ended in order; it may be resumed even so. */
export interface RunEnded {
  readonly kind: 'run-ended';
  readonly tMs: number;
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  readonly preemptions: number;
  /** How often an attempt was frozen; absent when none was. */
  readonly suspensions?: number;
  readonly oomKills: number;
  /** The most that all tasks together used at any look of the supervisor that ended it. Absent in old journals. */
  readonly peakBytes?: number;
  readonly stoppedBy?: NodeSignal;
  /** How often another supervisor had taken it over; absent: never, or in old journals. */
  readonly resumes?: number;
  /** Work that was thrown away by preemptions. Absent in old journals. */
  readonly lostMs?: number;
}
