import type {
  AttemptAdmitted,
  BudgetChanged,
  CheckpointAsked,
  CheckpointMade,
  CheckpointMissed,
  ConductEvent,
  RunEvent,
  RunStarted,
  StopRequested,
  TaskFinished,
} from '../core/events.js';
import { linesFor } from '../core/lines.js';
import type { PastAttempt, RunState } from '../core/run-state.js';
import { formatBytes } from '../util/bytes.js';
import { formatDuration } from '../util/duration.js';
import { printable } from '../util/printable.js';
import { checkpointWords, savingWords } from './words-checkpoint.js';
import { commandWords } from './words-commands.js';
import { conductWords, pidsWords } from './words-conduct.js';
import { growthWords } from './words-growth.js';
import { levelWords, memoryWords } from './words-memory.js';
import { suspendWords, thawWords } from './words-suspension.js';
import {
  counted,
  estimateWords,
  requeueWords,
  resumedWords,
  skipWords,
  stopWords,
  verdictWords,
  waitWords,
} from './words.js';

/** How much a line matters: `key` is told even when quiet, `rare` at most every so often. */
export type Weight = 'key' | 'news' | 'routine' | 'rare' | 'detail';

/** One line for a person, and how much it matters. */
interface PlainLine {
  readonly weight: Weight;
  readonly text: string;
}

/** What an event is in words, or undefined when it is nothing to a person. The state has taken the event in already. */
export type LineTeller = (event: RunEvent, state: RunState) => PlainLine | undefined;

/** Makes a teller for one run. It remembers that the budget was told, whose first value is news and later ones are not. */
export function createLineTeller(): LineTeller {
  let isBudgetTold = false;
  return (event, state) => {
    if (event.kind !== 'budget-changed') return plainLine(event, state);
    const isFirst = !isBudgetTold;
    isBudgetTold = true;
    return budgetLine(event, state, isFirst);
  };
}

function plainLine(event: RunEvent, state: RunState): PlainLine | undefined {
  switch (event.kind) {
    case 'run-started':
      return { weight: 'news', text: startWords(event) };
    case 'attempt-admitted':
      return line('routine', event, 'start', startedWords(event));
    case 'attempt-stopping':
      return stoppingLine(event);
    case 'attempt-suspended':
      return line('news', event, 'suspend', `${name(event)}: ${suspendWords(event)}`);
    case 'attempt-thawed':
      return line('news', event, 'thaw', `${name(event)}: ${thawWords(event)}`);
    case 'checkpoint-asked':
    case 'checkpoint-made':
    case 'checkpoint-missed':
      return checkpointLine(event);
    case 'attempt-killed':
      return line(
        'detail',
        event,
        'kill',
        `${name(event)} after ${formatDuration(event.afterMs)} (${event.because})`,
      );
    case 'attempt-stuck':
      return line('key', event, 'stuck', stuckWords(event));
    case 'attempt-paused':
    case 'attempt-unpaused':
    case 'attempt-strayed':
    case 'attempt-tampered':
    case 'log-cut':
      return conductLine(event, state);
    case 'task-requeued': {
      const end = endWords(lastAttempt(state, event.task));
      return line(
        'news',
        event,
        'requeue',
        `${printable(event.task)}: ${end}; ${requeueWords(event)}`,
      );
    }
    case 'task-finished':
      return finishedLine(event, state);
    case 'stop-requested':
      return line('key', event, 'stop', endingWords(event));
    case 'halted':
      return line(
        'key',
        event,
        'halt',
        `${counted(event.failures, 'task')} did not succeed; ${event.mode === 'now' ? 'the others are stopped' : 'no more are started'}`,
      );
    case 'run-resumed':
      return line('key', event, 'resume', resumedWords(event));
    case 'source-ended':
      return event.problem === undefined
        ? undefined
        : line('key', event, 'input', `no more tasks are taken: ${printable(event.problem)}`);
    case 'group-grew':
      return line('key', event, 'grew', growthWords(event));
    case 'run-held':
    case 'run-released':
    case 'task-held':
    case 'task-released':
    case 'cancel-requested':
    case 'config-changed':
      return line('news', event, 'told', commandWords(event));
    default:
      return memoryLine(event);
  }
}

function endingWords(event: StopRequested): string {
  return event.times === 1
    ? `${whoStops(event)}: tasks are asked to end; once more kills them`
    : `${whoStops(event)} again: tasks are killed`;
}

function whoStops({ signal, by }: StopRequested): string {
  return by === undefined ? `got ${signal}` : 'canceled by the user';
}

function conductLine(event: ConductEvent, state: RunState): PlainLine {
  const text = `${name(event)}: ${conductWords(event)}`;
  switch (event.kind) {
    case 'attempt-paused':
      return line('key', event, 'paused', `${text}; ${whatHelps(event, state)}`);
    case 'attempt-unpaused':
      return line('news', event, 'goes on', text);
    case 'attempt-strayed':
      return line('key', event, 'strayed', text);
    case 'attempt-tampered':
      return line('key', event, 'tampered', text);
    case 'log-cut':
      // Only the first time is news.
      return line(event.leftOutBytes > event.bytes ? 'rare' : 'news', event, 'log cut', text);
  }
}

function memoryLine(event: RunEvent): PlainLine | undefined {
  switch (event.kind) {
    case 'task-waits':
      return line(
        'rare',
        event,
        'wait',
        `${printable(event.task)} ${waitWords(event.reason, event.tMs)}`,
      );
    case 'level-changed':
      return line(
        isAlarm(event.to) || isAlarm(event.from) ? 'news' : 'rare',
        event,
        'level',
        levelWords(event),
      );
    case 'victims-missing':
      return line(
        'news',
        event,
        'level',
        `nobody may be preempted to free ${formatBytes(event.neededBytes)}: ${memoryWords(event.numbers)}`,
      );
    case 'pids-reached':
      return line('news', event, 'pids', pidsWords(event));
    case 'brake-felt':
      return line(
        'rare',
        event,
        'brake',
        `memory.high slowed tasks down: ${memoryWords(event.numbers)}`,
      );
    case 'tick-late':
      return line(
        'rare',
        event,
        'late',
        `looked at memory ${formatDuration(event.lateMs)} late: the host is busy`,
      );
    default:
      return undefined;
  }
}

function stuckWords(event: Extract<RunEvent, { kind: 'attempt-stuck' }>): string {
  return `${name(event)}: lives on ${formatDuration(event.forMs)} after SIGKILL with ${formatBytes(event.usedBytes)}; the kernel has not let go of it`;
}

/** A line with its time, `[  12s] done      align: …`. */
export function stamped(tMs: number, label: string, text: string): string {
  return `[${formatDuration(tMs).padStart(6)}] ${label.padEnd(10)} ${text}`;
}

function line(weight: Weight, event: RunEvent, label: string, text: string): PlainLine {
  return { weight, text: stamped(event.tMs, label, text) };
}

function name({ task, attempt }: { readonly task: string; readonly attempt: number }): string {
  return attempt > 1 ? `${printable(task)} (attempt ${attempt})` : printable(task);
}

function isAlarm(level: RunState['level']): boolean {
  return level === 'preempt' || level === 'critical';
}

const TIERS = {
  cgroup: 'cgroup v2 contains and measures the tasks',
  hybrid: 'cgroup v2 contains the tasks, /proc measures them',
  procfs: 'process groups and /proc only',
} as const;

function startWords(event: RunStarted): string {
  const title = event.config.name === '' ? '' : ` (${printable(event.config.name)})`;
  return `memsched ${event.memsched}: run ${printable(event.runId)}${title}, ${event.isStreaming ? 'tasks as they come' : counted(event.tasks, 'task')}, tier ${event.tier}: ${TIERS[event.tier]}`;
}

function budgetLine(event: BudgetChanged, { started }: RunState, isFirst: boolean): PlainLine {
  const { budgetBytes, capacityBytes, outsideBytes } = event;
  const origin = started?.config.budget.kind === 'bytes' ? 'as told' : 'auto';
  const host = `${origin}; the host has ${formatBytes(capacityBytes)}, others use ${formatBytes(outsideBytes)}`;
  if (started === undefined || !isFirst) {
    return line('rare', event, 'budget', `${formatBytes(budgetBytes)} (${host})`);
  }
  const { holdBytes, preemptBytes, criticalBytes } = linesFor(started.config, budgetBytes);
  const marks = `hold ${formatBytes(holdBytes)}, preempt ${formatBytes(preemptBytes)}, critical ${formatBytes(criticalBytes)}`;
  return line('news', event, 'budget', `${formatBytes(budgetBytes)} (${host}): ${marks}`);
}

function startedWords(event: AttemptAdmitted): string {
  const limit = event.limitBytes === undefined ? '' : `, limit ${formatBytes(event.limitBytes)}`;
  const progress = event.reason.rule === 'progress' ? ', let in because nothing else runs' : '';
  return `${name(event)}: estimate ${estimateWords(event.reason.estimate)}${limit}${progress}`;
}

function stoppingLine(event: Extract<RunEvent, { kind: 'attempt-stopping' }>): PlainLine {
  const { reason } = event;
  const text = `${name(event)}: ${stopWords(reason)}${savingWords(event)}`;
  switch (reason.kind) {
    case 'preempted':
      return line('news', event, 'preempt', text);
    case 'timed-out':
      return line('news', event, 'time out', text);
    case 'over-pids':
      return line('news', event, 'pids', `${text}; it is killed`);
    case 'signal':
    case 'halt':
    case 'canceled':
      return line('detail', event, 'cancel', text);
    case 'left-behind':
      return line('news', event, 'clear', `${text}; they are killed`);
  }
}

function whatHelps(
  { by, task }: Extract<RunEvent, { kind: 'attempt-paused' }>,
  { tasks, started }: RunState,
): string {
  const { phase } = tasks.get(task) ?? {};
  const pid = phase !== undefined && 'attempt' in phase ? phase.attempt.launched?.pid : undefined;
  const cancel = `memsched cancel ${printable(started?.runId ?? 'latest')} ${printable(task)}`;
  return [
    ...(by === 'signal' && pid !== undefined ? [`"kill -CONT -- -${pid}" lets it go on`] : []),
    `"${cancel}" ends it`,
  ].join(', ');
}

function checkpointLine(event: CheckpointAsked | CheckpointMade | CheckpointMissed): PlainLine {
  return line(weightOf(event), event, 'save', `${name(event)} ${checkpointWords(event)}`);
}

function weightOf(event: CheckpointAsked | CheckpointMade | CheckpointMissed): Weight {
  if (event.kind === 'checkpoint-missed') return 'news';
  return event.kind === 'checkpoint-made' && event.how !== 'by-itself' ? 'routine' : 'detail';
}

function lastAttempt(state: RunState, task: string): PastAttempt | undefined {
  return state.tasks.get(task)?.past.at(-1);
}

function endWords(attempt: PastAttempt | undefined): string {
  return attempt === undefined ? 'did not run' : verdictWords(attempt.verdict);
}

function finishedLine(event: TaskFinished, state: RunState): PlainLine {
  const { task, outcome, skipped } = event;
  const id = printable(task);
  if (skipped !== undefined) return line('news', event, outcome, `${id}: ${skipWords(skipped)}`);
  const attempt = lastAttempt(state, task);
  const took =
    attempt === undefined
      ? ''
      : `, ran ${formatDuration(attempt.ranMs)}, peak ${formatBytes(attempt.peakBytes)}`;
  const cut =
    attempt?.leftOutBytes === undefined
      ? ''
      : `, ${formatBytes(attempt.leftOutBytes)} of its log left out`;
  const tries = (attempt?.number ?? 1) > 1 ? `, attempt ${attempt?.number ?? 1}` : '';
  if (outcome === 'succeeded')
    return line('routine', event, 'done', `${id}${took.replace(', ', ': ')}${cut}${tries}`);
  const weight = outcome === 'canceled' ? 'news' : 'key';
  return line(weight, event, outcome, `${id}: ${endWords(attempt)}${took}${cut}${tries}`);
}
