import type {
  BudgetChanged,
  GroupGrew,
  RunEnded,
  RunStarted,
  Sampled,
  StopRequested,
} from './events.js';
import type { LogStream } from './observation.js';
import type { ExitStatus, Outcome, Verdict } from './outcome.js';
import { emptyQueue, type Queue } from './queue.js';
import type {
  AdmitReason,
  Estimate,
  PressureLevel,
  SkipCause,
  StopReason,
  WaitReason,
} from './reasons.js';
import type { CheckpointMeans, TaskId, TaskSpec } from './task-spec.js';

/**
 * Where a task stands; each state carries exactly what is known in it.
 *
 *                           suspended
 *                             ▲  │
 *     queued ──▶ starting ──▶ running ──▶ (its main process ends) ──▶ finished
 *       ▲           │            │                 ▲
 *       │           └──────▶ stopping ─────────────┤
 *       └── preempted, retried, bystander ─────────┘
 */
export type TaskPhase =
  | {
      readonly kind: 'queued';
      readonly sinceMs: number;
      readonly notBeforeMs: number;
    }
  | { readonly kind: 'starting'; readonly attempt: LiveAttempt }
  | { readonly kind: 'running'; readonly attempt: LiveAttempt }
  /** Frozen since then: its processes are there and do nothing. */
  | { readonly kind: 'suspended'; readonly attempt: LiveAttempt; readonly sinceMs: number }
  | {
      readonly kind: 'stopping';
      readonly attempt: LiveAttempt;
      readonly stop: Stopping;
    }
  | {
      readonly kind: 'finished';
      readonly atMs: number;
      readonly outcome: Outcome;
      readonly skipped?: SkipCause;
    };

/** An attempt between admission and end. */
export interface LiveAttempt {
  readonly number: number;
  readonly admittedAtMs: number;
  readonly estimate: Estimate;
  readonly limitBytes?: number;
  /** Known once it runs. */
  readonly launched?: { readonly atMs: number; readonly pid: number };
  /** Since when somebody else than we has kept it from doing anything. */
  readonly pausedAtMs?: number;
  /** What was left out of its logs. */
  readonly leftOutBytes?: Readonly<Partial<Record<LogStream, number>>>;
  /** Known once its main process is gone. */
  readonly exited?: { readonly status: ExitStatus; readonly atMs: number };
  /** How often it was frozen, and for how long, the time since it was frozen last left out; absent when it never was. */
  readonly suspensions?: number;
  readonly frozenMs?: number;
  /** It was asked to save its work, and has not answered yet. */
  readonly saving?: Saving | undefined;
  /** When it was last asked to; absent before the first time. */
  readonly savingAskedMs?: number;
}

/** A checkpoint that was asked for. */
export interface Saving {
  readonly sinceMs: number;
  readonly timeoutMs: number;
  readonly by: CheckpointMeans;
}

/**
 * How far the stopping of an attempt has come: asked since `sinceMs`, killed at `killedAtMs`, stuck after that. While the
 * attempt is saving its work it has not been asked yet.
 */
export interface Stopping {
  readonly reason: StopReason;
  readonly sinceMs: number;
  /** When that was decided: before `sinceMs` where it has saved its work in between. */
  readonly decidedMs: number;
  readonly graceMs: number;
  readonly killedAtMs?: number;
  readonly stuck?: true;
  /** It ended while it was to save its work, before it was asked to end. */
  readonly endedFirst?: true;
  /** It has saved its work as it was asked to. */
  readonly hasSaved?: true;
}

/**
 * An attempt that is over, as far as anyone asks for it later: there may be a hundred thousand of them. Why it was let in
 * and stopped, with every candidate, is in the journal.
 */
export interface PastAttempt {
  readonly number: number;
  readonly admittedAtMs: number;
  readonly endedAtMs: number;
  readonly ranMs: number;
  /** How long it was frozen, which is no part of `ranMs`; absent when it never was. */
  readonly frozenMs?: number;
  readonly peakBytes: number;
  readonly cpuMs: number;
  readonly verdict: Verdict;
  readonly estimate: Estimate;
  /** What was left out of its logs, together. */
  readonly leftOutBytes?: number;
  /** Of `ranMs`, what the next attempt has to do again. */
  readonly lostMs?: number;
}

/** All that is known of a task. Changed by `evolve` alone. */
export interface TaskRecord {
  readonly spec: TaskSpec;
  phase: TaskPhase;
  /** Attempts started so far. */
  attempts: number;
  preemptions: number;
  /** How often an attempt of it was frozen. */
  suspensions: number;
  /** Ended through no fault of its own: by an OOM killer, or because we lost sight of it. */
  bystanderKills: number;
  /** Retries used up by failures of its own. */
  retries: number;
  /** How often its own limit was raised. */
  growths: number;
  /** How often it has saved its work and exited to be run again. */
  checkpointExits: number;
  /** How often in a row with nothing new saved. */
  idleExits: number;
  /** Up to when its work is saved, by which attempt and how long that had been frozen; undefined when it never was. */
  saved: { readonly atMs: number; readonly attempt: number; readonly frozenMs: number } | undefined;
  /** Its own limit for the next attempt. */
  limitBytes: number | undefined;
  /** No estimate may be lower: an earlier attempt was stopped up there. */
  floorBytes: number;
  /** The user holds it back: it does not start until it is released. */
  isHeld: boolean;
  /** How often the user has canceled it: it does not run again. */
  cancels: number;
  /** Size of its input files; undefined when it has none, or before they were measured, or when one is missing. */
  inputBytes: number | undefined;
  /** Why it last waited, if it was at the head of the queue. */
  waits: WaitReason | undefined;
  /** Why the live attempt was let in. */
  admitted: AdmitReason | undefined;
  readonly past: PastAttempt[];
}

/** Sums over finished tasks that are remembered no more (see `let-go.ts`). */
export interface LetGo {
  tasks: number;
  succeeded: number;
  preemptions: number;
  /** The largest of all. */
  peakBytes: number;
  /** How long their attempts ran, together. */
  ranMs: number;
}

/** How far a job's tasks have come. */
export interface JobProgress {
  /** In the order in which they were planned; none yet when the job is known from a need alone. */
  tasks: TaskRecord[];
  readonly letGo: LetGo;
  /** So many of them, from the first on, wait for no need any more. */
  released: number;
  finished: number;
  unsuccessful: number;
  /** Jobs that wait for this one. */
  readonly dependents: Set<string>;
  needs: readonly string[];
  /** Jobs it needs that are not finished, each counted once however often it is named. */
  unfinishedNeeds: number;
}

/** What running tasks hold of everything that is not memory. */
export interface InUse {
  /** Declared processors; what others use is measured, and not part of the state. */
  cpus: number;
  readonly resources: Map<string, number>;
  readonly concurrency: Map<string, number>;
}

/** Where tasks come from that were not there when the run started. */
export type SourceState =
  | { readonly kind: 'none' }
  | { readonly kind: 'open' }
  | { readonly kind: 'ended'; readonly problem?: string };

/** Sums over the whole run. */
export interface RunCounts {
  /** Tasks that the run has had so far, finished ones included. */
  planned: number;
  readonly outcomes: Map<Outcome, number>;
  preemptions: number;
  suspensions: number;
  oomKills: number;
  /** What attempts had done that others have to do again, because they were preempted. */
  lostMs: number;
  readonly checkpoints: { asked: number; made: number; missed: number };
}

/**
 * The state of a run. It lives once and is changed by `evolve` and nothing else, so that replaying the journal gives
 * the same state again.
 */
export interface RunState {
  /** Its `config` is the one that holds now. */
  started: RunStarted | undefined;
  source: SourceState;
  /** All of them; of a run whose tasks come while it goes on, those that are not finished and some that are. */
  readonly tasks: Map<TaskId, TaskRecord>;
  /** Tasks that are never let go of. */
  readonly pinned: ReadonlySet<TaskId>;
  readonly jobs: Map<string, JobProgress>;
  /** Waiting for no need: free to start, now or after a back-off. */
  readonly queue: Queue;
  /** Free to start but for a look at the size of their input files. */
  readonly unmeasured: Map<TaskId, TaskRecord>;
  /** Starting, running, suspended or stopping. */
  readonly live: Map<TaskId, TaskRecord>;
  /** Will never run, and still have to be told so. */
  readonly doomed: Map<TaskId, SkipCause>;
  readonly inUse: InUse;
  readonly counts: RunCounts;
  unfinished: number;
  level: PressureLevel;
  /** The user wants nothing to be started. */
  isHeld: boolean;
  budget: BudgetChanged | undefined;
  stop: Pick<StopRequested, 'signal' | 'times' | 'by'> | undefined;
  halted: { readonly mode: 'soon' | 'now'; readonly failures: number } | undefined;
  lastSample: Sampled | undefined;
  /** How often another supervisor has taken the run over. */
  resumes: number;
  /** Groups that outgrew their stored profiles; known at the end. */
  readonly grown: GroupGrew[];
  ended: RunEnded | undefined;
}

/**
 * A run of which nothing has happened yet.
 *
 * @param pinned - tasks that are to be remembered to the end, whatever their number.
 */
export function emptyRunState(pinned: ReadonlySet<TaskId> = new Set()): RunState {
  return {
    started: undefined,
    source: { kind: 'none' },
    tasks: new Map(),
    pinned,
    jobs: new Map(),
    queue: emptyQueue(),
    unmeasured: new Map(),
    live: new Map(),
    doomed: new Map(),
    inUse: { cpus: 0, resources: new Map(), concurrency: new Map() },
    counts: {
      planned: 0,
      outcomes: new Map(),
      preemptions: 0,
      suspensions: 0,
      oomKills: 0,
      lostMs: 0,
      checkpoints: { asked: 0, made: 0, missed: 0 },
    },
    unfinished: 0,
    level: 'open',
    isHeld: false,
    budget: undefined,
    stop: undefined,
    halted: undefined,
    lastSample: undefined,
    resumes: 0,
    grown: [],
    ended: undefined,
  };
}

/** Tasks that did not succeed, skipped and canceled ones aside. */
export function failureCount(state: RunState): number {
  const of = (outcome: Outcome): number => state.counts.outcomes.get(outcome) ?? 0;
  return of('failed') + of('oom-killed') + of('timed-out');
}

/** Tasks that are finished, those that are remembered no more among them. */
export function finishedCount({ counts, unfinished }: RunState): number {
  return counts.planned - unfinished;
}

/** More tasks may come, and will be let in. */
export function isMoreToCome({ source, stop, halted }: RunState): boolean {
  return source.kind === 'open' && stop === undefined && halted === undefined;
}
