import type { RunEvent } from '../core/events.js';
import { queueLength } from '../core/queue.js';
import { finishedCount, type RunState } from '../core/run-state.js';
import type { QuotedLogs } from './output-masks.js';
import { formatBytes } from '../util/bytes.js';
import { formatDuration } from '../util/duration.js';
import { printable } from '../util/printable.js';
import type { Fold } from './ci/gitlab.js';
import { EtaTracker } from './eta.js';
import { outputTails, tailLines } from './output-tail.js';
import type { Output } from './output.js';
import { createLineTeller, stamped, type Weight } from './plain-lines.js';
import type { Reporter, Verbosity } from './reporter.js';
import { isFailure, plannedWords } from './words.js';

/** From so many tasks on, each start and success is noise. */
const MANY_TASKS = 100;
/** Lines that repeat themselves in a busy run are told at most this often, each kind for itself. */
const RARE_EVERY_MS = 10_000;
/** Progress is told this often while something changes, and this often while nothing does. */
const PROGRESS_EVERY_MS = 10_000;
const PROGRESS_IDLE_EVERY_MS = 60_000;
/** Nobody minds a second. */
const TICK_EVERY_MS = 1000;
const TAIL_LINES = 20;

/** What the plain reporter is made of. */
export interface PlainOptions {
  readonly out: Output;
  readonly logs: QuotedLogs;
  readonly verbosity: Verbosity;
  /** What is told of at all; default: everything, and progress. */
  readonly wants?: (event: RunEvent, state: RunState) => boolean;
  /** The end of the output of a task that failed follows; default: yes. It was passed on already otherwise. */
  readonly showsTails?: boolean;
  /** Puts the output of a task that failed into something that can be folded. */
  readonly fold?: Fold | undefined;
}

/** For everything that is not a terminal: one line for each thing that matters, no escape codes, readable in a CI log. */
export function createPlainReporter(options: PlainOptions): Reporter {
  const { out, logs, verbosity, wants, showsTails = true, fold } = options;
  const eta = new EtaTracker();
  const tell = createLineTeller();
  const lastRareMs = new Map<RunEvent['kind'], number>();
  let progressAtMs = 0;
  let progressMark = '';

  const isTold = (weight: Weight, event: RunEvent, state: RunState): boolean => {
    if (weight === 'key' || verbosity === 'verbose') return true;
    if (verbosity === 'quiet' || weight === 'detail') return false;
    if (weight === 'news') return true;
    if (weight === 'routine') return state.counts.planned < MANY_TASKS;
    const last = lastRareMs.get(event.kind);
    if (last !== undefined && event.tMs - last < RARE_EVERY_MS) return false;
    lastRareMs.set(event.kind, event.tMs);
    return true;
  };

  const tellsProgress = verbosity !== 'quiet' && wants === undefined;
  const progress = (state: RunState, nowMs: number): void => {
    if (nowMs - progressAtMs < PROGRESS_EVERY_MS) return;
    const mark = `${state.unfinished} ${state.live.size} ${state.counts.preemptions}`;
    if (mark === progressMark && nowMs - progressAtMs < PROGRESS_IDLE_EVERY_MS) return;
    progressAtMs = nowMs;
    progressMark = mark;
    out.write(`${stamped(nowMs, 'progress', progressWords(state, eta.etaMs(state, nowMs)))}\n`);
  };

  return {
    event(event, state) {
      eta.event(event);
      if (wants?.(event, state) === false) return;
      const told = tell(event, state);
      if (told === undefined || !isTold(told.weight, event, state)) return;
      const tail = showsTails ? failureTail(event, state, logs) : [];
      const folded =
        fold === undefined || tail.length === 0 ? tail : fold(tail, aboutOutput(event, state));
      out.write(`${[told.text, ...folded].join('\n')}\n`);
    },
    ...(tellsProgress && { tick: progress, tickEveryMs: TICK_EVERY_MS }),
    close: () => out.flush(),
  };
}

function aboutOutput(event: RunEvent, { started }: RunState): { title: string; epochMs: number } {
  const task = 'task' in event ? printable(event.task) : '';
  return { title: `output of ${task}`, epochMs: (started?.startedAtMs ?? 0) + event.tMs };
}

/** The end of the output of a task that failed, ready to print; nothing for other events. */
export function failureTail(
  event: RunEvent,
  state: RunState,
  logs: QuotedLogs,
  maxLines = TAIL_LINES,
): string[] {
  if (event.kind !== 'task-finished' || !isFailure(event.outcome)) return [];
  const attempt = state.tasks.get(event.task)?.attempts ?? 0;
  return attempt === 0 ? [] : tailLines(outputTails(logs, event.task, attempt, maxLines));
}

function progressWords(state: RunState, etaMs: number | undefined): string {
  const waiting = queueLength(state.queue);
  const blocked = state.unfinished - state.live.size - waiting;
  const sample = state.lastSample;
  return [
    `${finishedCount(state)} of ${plannedWords(state)} finished`,
    `${state.live.size} running`,
    `${waiting} queued`,
    ...(blocked > 0 ? [`${blocked} not yet free to start`] : []),
    ...(sample === undefined
      ? []
      : [
          `used ${formatBytes(sample.numbers.usedBytes)} of ${formatBytes(sample.numbers.budgetBytes)}, claims ${formatBytes(sample.claimedBytes)}`,
        ]),
    ...(etaMs === undefined ? [] : [`ETA ${formatDuration(etaMs)}`]),
  ].join(' · ');
}
