import type { Tier } from '../../core/events.js';
import type { Outcome } from '../../core/outcome.js';
import type { PressureLevel } from '../../core/reasons.js';

/** Version of {@link ReportData}; raised when a reader of an older one could misread it. */
export const REPORT_VERSION = 1;

/**
 * All that a report shows of a run, as JSON in the page. Times are milliseconds since the run started, sizes bytes. Every
 * sentence in it is made by the reporters' words and is safe to print; nothing of it is markup.
 */
export interface ReportData {
  readonly format: 'memsched-report';
  readonly version: typeof REPORT_VERSION;
  /** The version of memsched that made it. */
  readonly memsched: string;
  /** Wall clock, milliseconds since 1970. */
  readonly madeAtMs: number;
  readonly run: ReportRun;
  /** In the order of the jobfile. Of very many, those of note; see `unlistedTasks`. */
  readonly tasks: readonly ReportTask[];
  /** Tasks that are counted everywhere but have no row. */
  readonly unlistedTasks: number;
  /** In the order of their admission; those of listed tasks. */
  readonly attempts: readonly ReportAttempt[];
  readonly use: UseSeries;
  readonly stack: StackSeries;
  readonly groups: readonly ReportGroup[];
  /** Groups without a row, of very many. */
  readonly unlistedGroups: number;
  /** What `memsched explain` says, by the index of the task in `tasks`; of very many tasks, those of note. */
  readonly stories: Readonly<Record<string, readonly ReportEntry[]>>;
}

/** How a run stands; see `RunStanding`. */
export type ReportStanding = 'live' | 'elsewhere' | 'ended' | 'died';

/** The run as a whole. */
export interface ReportRun {
  readonly id: string;
  readonly name: string;
  readonly tier: Tier;
  /** Wall clock at time 0, milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly standing: ReportStanding;
  /** How far the report goes. */
  readonly untilMs: number;
  /** One line: outcomes, preemptions, peak, time. */
  readonly totals: string;
  /** What is to be known before anything else: that it died, was stopped, was halted, outgrew a profile. */
  readonly notes: readonly string[];
  /** What the user did to the run while it went on: held it, changed its thresholds. */
  readonly commands: readonly ReportEntry[];
  /** Name and value, to be read. */
  readonly facts: readonly (readonly [string, string])[];
  readonly budgetBytes: number;
  /** The most that all tasks together were seen to use. */
  readonly peakBytes: number;
  /** Pressure from which we hold and preempt, percent. */
  readonly pressure: { readonly somePct: number; readonly fullPct: number };
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
}

/** Where a task stands: its phase, or its outcome once it is finished. */
export type ReportState = 'queued' | 'starting' | 'running' | 'suspended' | 'stopping' | Outcome;

/** One task. */
export interface ReportTask {
  readonly id: string;
  readonly job: string;
  /** Its profile group. */
  readonly group: string;
  readonly state: ReportState;
  /** What ended its last attempt, or what it waits for; absent when it simply succeeded or runs. */
  readonly why?: string;
  readonly attempts: number;
  readonly preemptions: number;
  /** The highest peak of its attempts; absent before one was seen. */
  readonly peakBytes?: number;
  /** What its last attempt was expected to need. */
  readonly estimateBytes?: number;
  /** Time in the queue with nothing it needs missing, all attempts. */
  readonly waitedMs: number;
  readonly ranMs: number;
  readonly cpuMs: number;
  /** When it first could have started; absent when something it needs is not finished. */
  readonly readyMs?: number;
  readonly finishedMs?: number;
}

/** What ended an attempt, for colours and filters; the sentence is in `words`. */
export type AttemptEnd =
  | 'succeeded'
  | 'failed'
  | 'preempted'
  | 'checkpointed'
  | 'oom-killed'
  | 'bystander'
  | 'timed-out'
  | 'canceled'
  | 'external-signal'
  | 'over-pids'
  | 'could-not-start'
  | 'lost';

/** One attempt. */
export interface ReportAttempt {
  /** Index in `tasks`. */
  readonly task: number;
  readonly number: number;
  /** Since when it waited. */
  readonly queuedMs: number;
  readonly admittedMs: number;
  readonly launchedMs?: number;
  /** Times in which it was frozen; the last one may have no end yet. Absent when it never was. */
  readonly frozen?: readonly { readonly fromMs: number; readonly toMs?: number }[];
  readonly stoppingMs?: number;
  readonly killedMs?: number;
  /** Absent while it lives. */
  readonly endedMs?: number;
  readonly end?: AttemptEnd;
  /** What ended it, in words; absent when it succeeded or lives. */
  readonly words?: string;
  readonly estimateBytes: number;
  readonly limitBytes?: number;
  readonly peakBytes?: number;
}

/** Memory of all tasks together over time: of every stretch of `stepMs` the moment of highest use. */
export interface UseSeries {
  readonly stepMs: number;
  readonly tMs: readonly number[];
  readonly level: readonly PressureLevel[];
  readonly usedBytes: readonly number[];
  readonly claimedBytes: readonly number[];
  readonly holdBytes: readonly number[];
  readonly preemptBytes: readonly number[];
  readonly criticalBytes: readonly number[];
  readonly budgetBytes: readonly number[];
  /** The highest pressure of the stretch; null without PSI. */
  readonly somePct: readonly (number | null)[];
  readonly fullPct: readonly (number | null)[];
}

/** Who used how much: of every stretch of `stepMs` the sample with the highest use. */
export interface StackSeries {
  readonly stepMs: number;
  readonly tMs: readonly number[];
  /** All tasks together. */
  readonly usedBytes: readonly number[];
  /** At each time index in `attempts` and bytes, index and bytes, … by index; the largest users only. */
  readonly users: readonly (readonly number[])[];
}

/** What the tasks of one profile group used, against what they were expected to. */
export interface ReportGroup {
  readonly name: string;
  readonly tasks: number;
  readonly attempts: number;
  /** Peaks of the attempts that succeeded; absent when none has. */
  readonly peaks?: {
    readonly p50Bytes: number;
    readonly p95Bytes: number;
    readonly maxBytes: number;
  };
  readonly firstEstimateBytes?: number;
  readonly lastEstimateBytes?: number;
  /** The last estimate and what it rests on, in words. */
  readonly estimate?: string;
  /** Ended attempts that needed more than was expected. */
  readonly aboveEstimate: number;
  readonly ranMs: number;
  /** Time of attempts that were preempted or killed through no fault of their own. */
  readonly lostMs: number;
}

/** One step of a task's story; see `StoryEntry`. */
export interface ReportEntry {
  readonly tMs: number;
  readonly text: string;
  readonly details?: readonly string[];
}
