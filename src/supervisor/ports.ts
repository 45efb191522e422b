import type { LogCut, RunEvent, Tier } from '../core/events.js';
import type {
  AttemptRef,
  AttemptSample,
  AttemptTally,
  CheckpointLook,
  Fact,
  HostSample,
} from '../core/observation.js';
import type { ExitStatus, StartFault } from '../core/outcome.js';
import type { BudgetSpec, NodeSignal, TaskId, TaskSpec } from '../core/task-spec.js';
import type { Result } from '../util/result.js';

/** Time, from outside. */
export interface Clock {
  /** Milliseconds on a clock that never jumps; only differences mean anything. */
  monotonicMs(): number;
  /** Milliseconds since 1970. */
  epochMs(): number;
  /** Calls back once after `ms`; the returned function takes it back. */
  after(ms: number, callback: () => void): () => void;
}

/** What to run for a task: the part of a job that scheduling never looks at, and the journal never sees. */
export interface LaunchSpec {
  readonly command: Command;
  /** Absolute. */
  readonly cwd: string;
  /** The task's whole own part of the environment, laid over ours; matrix values included. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute path of the file to read from; absent: nothing to read. */
  readonly stdin?: string;
  /** Absolute paths of the files whose size says something about what the task needs; its stdin is not repeated. */
  readonly inputs?: readonly string[];
  /** What saves the task's work, run beside it; absent where a signal does, or nothing. */
  readonly checkpoint?: Command;
  /** The command as a line that a shell would take, where it was made of more than `command` tells. */
  readonly text?: string;
}

/** A shell's argv with the script as its last argument, or a plain argv. Never parsed again. */
export type Command =
  | { readonly kind: 'shell'; readonly shell: readonly string[]; readonly script: string }
  | { readonly kind: 'argv'; readonly argv: readonly string[] };

/** How an attempt gets into its enclosure before its command is executed. */
export interface Entry {
  /** File to write `0` to (a cgroup's `cgroup.procs`); absent in the procfs tier. */
  readonly procsFile?: string;
  /** Added to the environment, to find strays by. */
  readonly env: Readonly<Record<string, string>>;
}

/** Limits of one attempt, as the user set them. */
export interface AttemptLimits {
  readonly limitBytes?: number;
  readonly swapBytes?: number;
}

/** An attempt that was opened before, with the limits that it was given. */
export interface OpenAttempt extends AttemptRef, AttemptLimits {}

/** What became of an attempt of a supervisor that is dead. */
export type Fate =
  /** Its main process has ended. */
  | { readonly kind: 'ended'; readonly exit: ExitStatus }
  /** Its main process runs, and somebody is there to learn how it ends. */
  | { readonly kind: 'lives'; readonly pid: number }
  /** Nobody knows, nor ever will: it may run, may have ended, and may never have begun. */
  | { readonly kind: 'unknown'; readonly why: string };

/** What a dead supervisor has left of its attempts' main processes. */
export interface Remains {
  fateOf(ref: AttemptRef): Fate;
  /** Calls back once, when the main process of one that lives has ended or nothing more can be learnt of it. */
  onEnd(ref: AttemptRef, callback: (exit: ExitStatus) => void): void;
  /**
   * Kills what still runs as a part beside main processes (commands that save work), with its process group: what came of
   * it can be told to nobody, and another one is not to run beside it.
   */
  endParts(): void;
}

/**
 * What contains and measures tasks: one adapter a tier. The scheduler does not know which one it runs on. A thing
 * that is gone (ENOENT, ENODEV) is an answer, not an error.
 */
export interface TaskHost {
  readonly tier: Tier;
  /** Looks at machine and tree. Synchronous: a tick decides on one look. */
  observe(): HostSample;
  /**
   * Whether so much memory has come or gone since {@link observe}, or somebody has waited for it so long, that another look
   * is due before its time: at the cost of two or three reads.
   */
  hasMoved(): boolean;
  /** Makes the place where an attempt will live. */
  open(ref: AttemptRef, limits: AttemptLimits): Result<Entry, StartFault>;
  /** The attempt's main process, once it is known. */
  adopt(ref: AttemptRef, pid: number): void;
  /**
   * What an open attempt uses now; undefined when nothing lives in it any more, and when it has not moved for a while and
   * {@link observe} has passed it over.
   */
  sample(ref: AttemptRef): AttemptSample | undefined;
  /**
   * Sends `signal` to every process of the attempt; thaws it first. After one that asks them to end, those that were
   * stopped, by whomever, go on: they could not hear it.
   *
   * @returns whether it is sure to be the end of the main process, as that does nothing about it or was over before: an
   *   exit status of 0 is then from before.
   */
  signal(ref: AttemptRef, signal: NodeSignal): boolean;
  /**
   * Sends `signal` to those processes of the attempt that catch it, as their own doing; all others would die of it.
   * Thaws it first.
   *
   * @returns how many there were.
   */
  tell(ref: AttemptRef, signal: NodeSignal): number;
  /** How one more process gets into the enclosure of an attempt that lives; undefined for one that is not open. */
  entryOf(ref: AttemptRef): Entry | undefined;
  /** Ends every process of the attempt, forks included; returns at once. */
  kill(ref: AttemptRef): void;
  /** Stops every process of the attempt where it is, forks included, and those to come; returns at once. */
  freeze(ref: AttemptRef): void;
  /** Lets them go on, also those that another supervisor of the run has stopped; nothing where none is stopped. */
  thaw(ref: AttemptRef): void;
  /**
   * Has the kernel move up to so much of a frozen attempt's memory to swap, in the background and until it is thawed;
   * does nothing where the tier or the kernel cannot.
   */
  reclaim(ref: AttemptRef, bytes: number): void;
  /**
   * The final count if the last process is gone; `populated` when it is not. The place is left as it is until
   * {@link clearClosed}, so that who dies before the count is written down leaves it to be counted again.
   */
  close(ref: AttemptRef): AttemptTally | 'populated';
  /** Clears away the places of all attempts that were closed. */
  clearClosed(): void;
  /**
   * Takes over what a supervisor of the same run has left that is dead: these attempts are open again, whether anything
   * of them is there or not, and whatever else there is of the run is ended and cleared away.
   */
  takeOver(attempts: readonly OpenAttempt[]): void;
  /** `memory.high` and `memory.max` of all tasks together; does nothing where the tier cannot. */
  limitTree(limits: { readonly highBytes: number | 'max'; readonly maxBytes: number }): void;
  /** What `observe` works out the budget from, from now on. */
  setBudget(budget: BudgetSpec): void;
  /** Calls back when the kernel says that something changed (brake felt, attempt emptied). */
  onChange(callback: () => void): void;
  /** Removes everything we made. What does not go is returned, by path. */
  dispose(): Promise<readonly string[]>;
}

/** All that is needed to start one attempt. */
export interface LaunchOrder extends AttemptRef {
  /** Not the attempt's main process but one beside it, which is known by this name as well. */
  readonly part?: 'checkpoint';
  readonly spec: LaunchSpec;
  readonly entry: Entry;
  /** `MEMSCHED_*`, over everything else. */
  readonly env: Readonly<Record<string, string>>;
  readonly oomScoreAdj: number;
  readonly stdoutPath: string;
  readonly stderrPath: string;
}

/**
 * How a launched process ended: as processes do, or before its command was executed (the cgroup could not be entered,
 * `exec` failed). The latter is a launch that failed, late: never the task's own exit.
 */
export type LaunchEnd =
  ExitStatus | { readonly kind: 'could-not-start'; readonly fault: StartFault };

/** Is told what comes of one order; nothing before `launch` has returned. */
export interface LaunchListener {
  /** The main process is there, and in its enclosure. Called once, but not for one that ended before. */
  onStarted(pid: number): void;
  /** Called once: the main process is gone, there never was one, or nothing more can be learnt of it. */
  onEnd(end: LaunchEnd): void;
}

/** Starts processes. */
export interface Launcher {
  /**
   * Has the attempt started, in its own session, and in its enclosure before the command is executed. Until it has
   * started nothing can be sent to it.
   *
   * @returns why the order cannot be taken; then nothing is started, and nothing told.
   */
  launch(order: LaunchOrder, listener: LaunchListener): Result<void, StartFault>;
  /** Kills what was started as a part beside an attempt's main process, and its process group. */
  endPart(pid: number): void;
  /** Takes no more orders; afterwards nobody is on the way any more. What was started runs on. */
  close(): Promise<void>;
}

/** A task and what to run for it. */
export interface PlannedTask {
  readonly spec: TaskSpec;
  readonly launch: LaunchSpec;
}

/** What a source of tasks has to give. */
export type Arrival =
  /** At least one, in order, each with an id and an index that no other has. */
  | { readonly kind: 'tasks'; readonly tasks: readonly PlannedTask[] }
  /** There are no more; `problem` is why there are not, although there may have been: a sentence for the user. */
  | { readonly kind: 'end'; readonly problem?: string };

/** Where tasks come from while a run goes on. */
export interface TaskSource {
  /**
   * Waits for more. Called again only when the last answer is there; whoever produces tasks is held back in between.
   *
   * @param atMost - no more than these are wanted; fewer are better than waiting for more.
   */
  next(atMost: number): Promise<Arrival>;
  /** Nothing is wanted any more; a call of `next` may never be answered then. */
  close(): void;
}

/** Looks how large files are. */
export interface InputMeter {
  /** Bytes of all of them together; undefined when one cannot be looked at. Never waits for anybody. */
  sizeOf(paths: readonly string[]): number | undefined;
}

/** Takes events, in order: the journal and every reporter. */
export interface EventSink {
  /** All that one tick decided; it acts when this has returned. */
  emit(events: readonly RunEvent[]): void;
}

/** What is to be done to a log that is too large. */
export type LogCutOrder = AttemptRef &
  Pick<LogCut, 'stream' | 'maxBytes' | 'headBytes' | 'tailBytes' | 'leftOutBytes'>;

/** Keeps logs bounded: tasks write into them directly, so nobody sees what they write but by its size. */
export interface LogKeeper {
  /** Those among the attempts' logs that take too much room, as far as it is time to look again. */
  look(writers: readonly LogWriter[], nowMs: number): readonly LogFact[];
  /** Whether a log may have grown so much since that another look is due before its time: at the cost of a call. */
  hasMoved(): boolean;
  /** The same for an attempt that is over: a last look, whatever the time. */
  lookAtEnd(ref: AttemptRef): readonly LogFact[];
  /** Leaves out the middle. What the task writes in that very moment may be lost with it. */
  cut(order: LogCutOrder): void;
}

/** An attempt, and since when it can have written: milliseconds since the run started. */
export interface LogWriter extends AttemptRef {
  readonly sinceMs: number;
}

/** A log takes more room than it may. */
export type LogFact = Extract<Fact, { kind: 'log-overgrown' }>;

/** Where tasks keep what they go on from: a folder for each. */
export interface CheckpointFolders {
  /**
   * The task's folder, absolute; made when it is not there, for the user alone.
   *
   * @returns why there is none.
   */
  open(task: TaskId): Result<string, StartFault>;
  /** What is in it. One that is gone, or cannot be read, counts as empty. */
  look(task: TaskId): Omit<CheckpointLook, 'task'>;
  /** Removes it with all it holds, in its own time. */
  remove(task: TaskId): void;
  /** What was to be removed is. */
  close(): Promise<void>;
}

/** Where an attempt's output goes. */
export interface LogPaths {
  pathsFor(
    task: TaskId,
    attempt: number,
  ): { readonly stdoutPath: string; readonly stderrPath: string };
}
