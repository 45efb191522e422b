import type { ChalkInstance } from 'chalk';
import type { Outcome } from '../core/outcome.js';
import {
  failureCount,
  type JobProgress,
  type RunState,
  type TaskRecord,
} from '../core/run-state.js';
import { formatBytes } from '../util/bytes.js';
import { formatDuration } from '../util/duration.js';
import { printable } from '../util/printable.js';
import type { Output } from './output.js';
import { usedBytesIn } from './peak.js';
import type { Reporter } from './reporter.js';
import { tableText } from './table.js';
import { endOfTaskWords, peakOf, timeOf } from './views/task-facts.js';
import { workLostWords } from './words-checkpoint.js';
import { acceptWords, growthWords } from './words-growth.js';
import { counted, isFailure } from './words.js';

/** Up to so many tasks each has its row; of more, only those of note have. */
const ROWS_MAX = 50;

/** What the summary is made of. */
export interface SummaryOptions {
  readonly out: Output;
  readonly colour: ChalkInstance;
  /** Leave out the table, keep the failures and the totals. */
  readonly isQuiet: boolean;
  /** Say nothing when all has gone well. */
  readonly onlyTrouble?: boolean;
}

/** What a run came to, on stdout when it is over: a table, how to see what failed, one line of totals. */
export function createSummaryReporter(options: SummaryOptions): Reporter {
  const { out, colour, isQuiet, onlyTrouble = false } = options;
  let peakBytes = 0;
  return {
    event(event) {
      peakBytes = Math.max(peakBytes, usedBytesIn(event));
    },
    close(state) {
      if (onlyTrouble && isWithoutTrouble(state)) return;
      const parts = [
        ...(isQuiet ? [] : [taskTable(state, colour)]),
        failures(state, colour),
        growths(state, colour),
        totals(state, peakBytes),
      ];
      out.write(`${parts.filter((part) => part !== '').join('\n\n')}\n`);
      return out.flush();
    },
  };
}

/** Whoever reads no further wants to read nothing about it, either. */
function isWithoutTrouble({ counts, grown, stop }: RunState): boolean {
  const succeeded = counts.outcomes.get('succeeded') ?? 0;
  return (succeeded === counts.planned && grown.length === 0) || stop?.signal === 'SIGPIPE';
}

/** The final table: every task, or with more than fifty those of note and sums by job. */
function taskTable(state: RunState, colour: ChalkInstance): string {
  const all = [...state.tasks.values()];
  if (all.length <= ROWS_MAX) return rowsTable(all, state, colour);
  const ofNote = all
    .filter((record) => weightOf(record) > 0)
    .sort((a, b) => weightOf(b) - weightOf(a) || a.spec.index - b.spec.index);
  const shown = ofNote.slice(0, ROWS_MAX);
  const left = ofNote.length - shown.length + failureCount(state) - all.filter(hasFailed).length;
  const parts = [
    ...(shown.length === 0 ? [] : [rowsTable(shown, state, colour)]),
    ...(left > 0
      ? [`${counted(left, 'more task')} failed or preempted: memsched show${runOf(state)}`]
      : []),
    jobTable(state),
    `${counted(state.counts.planned - shown.length, 'task')} without a row of their own: memsched show${runOf(state)}`,
  ];
  return parts.join('\n\n');
}

/** Failures weigh most, then what did not run, then what was preempted or tried again; the rest weighs nothing. */
function weightOf({ phase, past }: TaskRecord): number {
  if (phase.kind !== 'finished') return 2;
  if (isFailure(phase.outcome)) return 3;
  if (phase.outcome === 'canceled') return 2;
  return phase.outcome === 'succeeded' && past.length > 1 ? 1 : 0;
}

const ROW_TITLES = [
  { title: 'TASK' },
  { title: 'OUTCOME' },
  { title: 'ATTEMPTS', align: 'right' },
  { title: 'PREEMPTIONS', align: 'right' },
  { title: 'PEAK', align: 'right' },
  { title: 'TIME', align: 'right' },
] as const;

/** One row for each task: outcome, attempts, preemptions, peak, time. */
export function rowsTable(
  records: readonly TaskRecord[],
  state: RunState,
  colour: ChalkInstance,
): string {
  const isMap = state.started?.jobfile === 'map';
  return tableText(
    isMap ? [...ROW_TITLES, { title: 'ARGUMENTS' }] : ROW_TITLES,
    records.map((record) => [
      printable(record.spec.id),
      paintOutcome(record, colour),
      String(record.attempts),
      String(record.preemptions),
      peakText(peakOf(record, state)),
      record.attempts === 0 ? '–' : formatDuration(timeOf(record, state)),
      ...(isMap ? [argumentsOf(record)] : []),
    ]),
  );
}

/** Nothing runs in no memory at all: 0 says that nobody saw it. */
function peakText(peakBytes: number): string {
  return peakBytes === 0 ? '–' : formatBytes(peakBytes);
}

const ARGUMENTS_MAX_CHARS = 40;

function argumentsOf({ spec }: TaskRecord): string {
  const text = printable(Object.values(spec.matrix).join(' '));
  return text.length <= ARGUMENTS_MAX_CHARS ? text : `${text.slice(0, ARGUMENTS_MAX_CHARS)}…`;
}

function paintOutcome({ phase }: TaskRecord, colour: ChalkInstance): string {
  if (phase.kind !== 'finished') return colour.yellow(phase.kind);
  if (phase.outcome === 'succeeded') return colour.green(phase.outcome);
  return isFailure(phase.outcome) ? colour.red(phase.outcome) : colour.yellow(phase.outcome);
}

/** One row for each job, the busiest first. */
function jobTable(state: RunState): string {
  const jobs = [...state.jobs.entries()]
    .filter(([, job]) => tasksOf(job) > 0)
    .sort(([, a], [, b]) => tasksOf(b) - tasksOf(a));
  const shown = jobs.slice(0, ROWS_MAX);
  const rows = shown.map(([name, job]) => jobRow(name, job, state));
  const table = tableText(
    [
      { title: 'JOB' },
      { title: 'TASKS', align: 'right' },
      { title: 'SUCCEEDED', align: 'right' },
      { title: 'PREEMPTIONS', align: 'right' },
      { title: 'HIGHEST PEAK', align: 'right' },
      { title: 'TASK TIME', align: 'right' },
    ],
    rows,
  );
  return jobs.length > shown.length
    ? `${table}\n${counted(jobs.length - shown.length, 'more job')}`
    : table;
}

function jobRow(name: string, job: JobProgress, state: RunState): string[] {
  const { tasks, letGo } = job;
  const succeeded = tasks.filter(
    ({ phase }) => phase.kind === 'finished' && phase.outcome === 'succeeded',
  ).length;
  const peak = tasks.reduce(
    (most, record) => Math.max(most, peakOf(record, state)),
    letGo.peakBytes,
  );
  const timeMs = tasks.reduce((sum, record) => sum + timeOf(record, state), letGo.ranMs);
  const preemptions = tasks.reduce((sum, record) => sum + record.preemptions, letGo.preemptions);
  return [
    printable(name),
    String(tasksOf(job)),
    String(succeeded + letGo.succeeded),
    String(preemptions),
    peakText(peak),
    formatDuration(timeMs),
  ];
}

/** Those that are remembered no more among them. */
function tasksOf({ tasks, letGo }: JobProgress): number {
  return tasks.length + letGo.tasks;
}

/** Why tasks failed, and the command that shows their output. At most ten. */
function failures(state: RunState, colour: ChalkInstance): string {
  const FAILURES_TOLD = 10;
  const failed = [...state.tasks.values()].filter(hasFailed);
  const lines = failed
    .slice(0, FAILURES_TOLD)
    .flatMap((record) => [
      `${colour.red(printable(record.spec.id))}: ${endOfTaskWords(record)}`,
      `  memsched logs${runOf(state)} ${printable(record.spec.id)}`,
    ]);
  const left = failureCount(state) - Math.min(failed.length, FAILURES_TOLD);
  if (left > 0) lines.push(`… and ${left} more: memsched show${runOf(state)} --failed`);
  return lines.join('\n');
}

/** Of very many that have, not all are remembered: `failureCount` knows how many there were. */
export function hasFailed({ phase }: TaskRecord): boolean {
  return phase.kind === 'finished' && isFailure(phase.outcome);
}

/**
 * Of very many tasks, that some of those that are finished are not shown, and what became of them.
 *
 * @param onlyFailed - only tasks that failed are shown.
 */
export function notShown(state: RunState, onlyFailed: boolean): string {
  const all = [...state.tasks.values()];
  const failed = failureCount(state) - all.filter(hasFailed).length;
  if (onlyFailed) return failed === 0 ? '' : `${counted(failed, 'failed task')} more: ${EXPLAIN}`;
  const letGo = state.counts.planned - all.length;
  if (letGo === 0) return '';
  const succeeded = sum([...state.jobs.values()].map((job) => job.letGo.succeeded));
  const ends = [
    [succeeded, 'succeeded'],
    [failed, 'failed'],
    [letGo - succeeded - failed, 'did not run to their end'],
  ] as const;
  const words = ends.flatMap(([count, end]) =>
    count === 0 ? [] : [count === letGo ? `which ${end}` : `${count} ${end}`],
  );
  return `${counted(letGo, 'finished task')} more, ${words.join(', ')}: ${EXPLAIN}`;
}

const EXPLAIN = 'memsched explain knows each of them';

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

const GROWTHS_TOLD = 10;

/** Groups that outgrew their profiles, and how to accept that. At most ten. */
export function growths({ grown, started }: RunState, colour: ChalkInstance): string {
  if (grown.length === 0) return '';
  const left = grown.length - GROWTHS_TOLD;
  return [
    ...grown
      .slice(0, GROWTHS_TOLD)
      .flatMap((event) => [
        colour.red(growthWords(event)),
        `  ${acceptWords(event, started?.profileFile)}`,
      ]),
    ...(left > 0 ? [`… and ${counted(left, 'more group')}`] : []),
    'Until then, or with a larger max_growth, what these groups used is not added to their profiles.',
  ].join('\n');
}

const OUTCOMES: readonly Outcome[] = [
  'succeeded',
  'failed',
  'oom-killed',
  'timed-out',
  'canceled',
  'skipped',
];

/**
 * `12 tasks: 12 succeeded · 3 preemptions · peak 1.2G of 1.5G budget · 14s`.
 *
 * @param peakBytes - the most that all tasks together were seen to use.
 */
export function totals(state: RunState, peakBytes: number): string {
  const { counts, unfinished, budget, ended } = state;
  const outcomes = OUTCOMES.flatMap((outcome) => {
    const count = counts.outcomes.get(outcome) ?? 0;
    return count === 0 ? [] : [`${count} ${outcome}`];
  });
  if (unfinished > 0) outcomes.push(`${unfinished} not finished`);
  return [
    `${counted(counts.planned, 'task')}: ${outcomes.join(', ')}`,
    counted(counts.preemptions, 'preemption'),
    ...(counts.suspensions > 0 ? [counted(counts.suspensions, 'suspension')] : []),
    ...workLostWords(counts),
    ...(counts.oomKills > 0 ? [counted(counts.oomKills, 'OOM kill')] : []),
    ...(budget === undefined
      ? []
      : [`peak ${peakText(peakBytes)} of ${formatBytes(budget.budgetBytes)} budget`]),
    ...(ended === undefined ? [] : [formatDuration(ended.tMs)]),
  ].join(' · ');
}

function runOf(state: RunState): string {
  return state.started === undefined ? '' : ` ${printable(state.started.runId)}`;
}
