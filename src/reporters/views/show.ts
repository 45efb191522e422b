import type { ChalkInstance } from 'chalk';
import type { PastAttempt, RunState, TaskRecord } from '../../core/run-state.js';
import { frozenMsOf } from '../../core/frozen.js';
import { linesFor } from '../../core/lines.js';
import { formatBytes } from '../../util/bytes.js';
import { formatDuration } from '../../util/duration.js';
import { printable } from '../../util/printable.js';
import { rowsTable } from '../summary.js';
import { counted, estimateWords, verdictWords } from '../words.js';
import { endOfTaskWords, lastSampleOf, peakOf, timeOf } from './task-facts.js';
import { queueView, type QueueView } from './queue-words.js';

/** What `show` says of a run before its tasks. */
export function runHeading(state: RunState, standing: string): string {
  const { started, budget } = state;
  if (started === undefined) return '';
  const { config } = started;
  const lines =
    budget === undefined
      ? undefined
      : linesFor(config, budget.budgetBytes, state.lastSample?.unknownShare);
  return [
    `run       ${printable(started.runId)} (${standing})`,
    `name      ${printable(config.name)}`,
    `jobfile   ${printable(started.jobfile)}`,
    `started   ${localTime(started.startedAtMs)}${resumedTimes(state)}`,
    `tier      ${started.tier}`,
    ...(lines === undefined
      ? []
      : [
          `budget    ${formatBytes(lines.budgetBytes)}${config.budget.kind === 'auto' ? ' (auto)' : ''}: hold ${formatBytes(lines.holdBytes)}, preempt ${formatBytes(lines.preemptBytes)}, critical ${formatBytes(lines.criticalBytes)}`,
        ]),
  ].join('\n');
}

function resumedTimes({ resumes }: RunState): string {
  if (resumes === 0) return '';
  return resumes === 1 ? ', resumed once' : `, resumed ${resumes} times`;
}

/** A point in time where the user is: `2026-11-23 06:49:27`. */
export function localTime(epochMs: number): string {
  const at = new Date(epochMs);
  const pad = (value: number): string => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

/** The tasks as a table; below those that did not simply succeed, what became of each attempt. */
export function tasksText(
  records: readonly TaskRecord[],
  state: RunState,
  nowMs: number,
  colour: ChalkInstance,
): string {
  if (records.length === 0) return 'no such task';
  const queue = queueView(state, nowMs);
  const [titles = '', ...rows] = rowsTable(records, state, colour).split('\n');
  return [
    titles,
    ...records.flatMap((record, at) => [rows[at] ?? '', ...detailLines(record, queue, nowMs)]),
  ].join('\n');
}

function detailLines(record: TaskRecord, queue: QueueView, nowMs: number): string[] {
  const { phase, past, attempts } = record;
  if (phase.kind === 'finished' && phase.skipped !== undefined)
    return [`    ${endOfTaskWords(record)}`];
  const isPlain = attempts === 1 && record.suspensions === 0;
  if (phase.kind === 'finished' && phase.outcome === 'succeeded' && isPlain) return [];
  const lines = past.map((attempt) => `    ${attemptWords(attempt)}`);
  const older = attempts - past.length - ('attempt' in phase ? 1 : 0);
  return [
    ...(older > 0
      ? [`    ${counted(older, 'earlier attempt')}: memsched explain tells of them`]
      : []),
    ...lines,
    ...('attempt' in phase
      ? [
          `    ${phase.attempt.number}: ${phase.kind}${frozenWords(frozenMsOf(phase, nowMs))}${phase.attempt.saving === undefined ? '' : ', saving its work'}, estimate ${estimateWords(phase.attempt.estimate)}`,
        ]
      : []),
    ...(phase.kind === 'queued' ? [`    ${queue.why(record)}`] : []),
  ];
}

function frozenWords(frozenMs: number): string {
  return frozenMs === 0 ? '' : `, frozen for ${formatDuration(frozenMs)}`;
}

function attemptWords({
  number,
  verdict,
  ranMs,
  frozenMs = 0,
  estimate,
  lostMs = 0,
}: PastAttempt): string {
  const lost = lostMs === 0 ? '' : ` (${formatDuration(lostMs)} of it lost)`;
  return `${number}: ${verdictWords(verdict)}; ran ${formatDuration(ranMs)}${lost}${frozenWords(frozenMs)}, estimate ${formatBytes(estimate.bytes)}`;
}

/** What a live attempt used at the last look, and when that was. */
function liveFacts(record: TaskRecord, state: RunState): object {
  const sample = lastSampleOf(record, state);
  return sample === undefined
    ? {}
    : { usedBytes: sample.usedBytes, usedAtMs: state.lastSample?.tMs };
}

/** One task as an object for `show --json`. */
export function taskObject(record: TaskRecord, state: RunState): object {
  const { spec, phase, attempts, preemptions, suspensions, waits } = record;
  const { bystanderKills, retries, growths } = record;
  return {
    task: spec.id,
    job: spec.job,
    matrix: spec.matrix,
    state: phase.kind,
    ...(phase.kind === 'finished'
      ? {
          outcome: phase.outcome,
          ...(phase.skipped === undefined ? {} : { skipped: phase.skipped }),
        }
      : {}),
    ...(waits === undefined ? {} : { waits }),
    ...liveFacts(record, state),
    attempts,
    preemptions,
    suspensions,
    bystanderKills,
    retries,
    growths,
    checkpointExits: record.checkpointExits,
    ...(record.saved === undefined ? {} : { saved: record.saved }),
    peakBytes: peakOf(record, state),
    ranMs: timeOf(record, state),
    past: record.past.map(
      ({
        number,
        admittedAtMs,
        endedAtMs,
        ranMs,
        frozenMs,
        lostMs,
        peakBytes,
        cpuMs,
        verdict,
      }) => ({
        number,
        admittedAtMs,
        endedAtMs,
        ranMs,
        ...(frozenMs === undefined ? {} : { frozenMs }),
        ...(lostMs === undefined ? {} : { lostMs }),
        peakBytes,
        cpuMs,
        verdict,
      }),
    ),
  };
}
