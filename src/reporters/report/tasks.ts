import type { AttemptAdmitted, AttemptEnded, RunEvent, TaskFinished } from '../../core/events.js';
import type { Outcome, Verdict } from '../../core/outcome.js';
import type { RunState } from '../../core/run-state.js';
import type { TaskId, TaskSpec } from '../../core/task-spec.js';
import { printable } from '../../util/printable.js';
import { queueView } from '../views/queue-words.js';
import { isFailure, skipWords, verdictWords } from '../words.js';
import type { AttemptEnd, ReportAttempt, ReportState, ReportTask } from './report-data.js';

/** Tasks that have a row. Of more, those that simply succeeded are counted only. */
export const TASKS_MAX = 10_000;

/** An attempt as it is collected. */
interface AttemptRow {
  /** In the order of admission, from 0. */
  readonly serial: number;
  readonly number: number;
  /** When it was put back into the queue; undefined for a first attempt, which waits from when it is ready. */
  readonly queuedMs: number | undefined;
  readonly admittedMs: number;
  readonly estimateBytes: number;
  readonly limitBytes: number | undefined;
  launchedMs?: number;
  /** When it was frozen and when it went on; the last one may have no end. */
  readonly frozen: { readonly fromMs: number; toMs?: number }[];
  stoppingMs?: number;
  killedMs?: number;
  ended?: AttemptEnded;
}

/** A task as it is collected. */
interface TaskRow {
  readonly spec: Pick<TaskSpec, 'id' | 'index' | 'job' | 'group' | 'needs'>;
  readonly plannedMs: number;
  readonly attempts: AttemptRow[];
  preemptions: number;
  requeuedMs: number | undefined;
  finished: TaskFinished | undefined;
}

interface JobProgress {
  unfinished: number;
  lastMs: number;
}

/** What is listed, and where to find it. */
export interface Listed {
  readonly tasks: readonly ReportTask[];
  readonly unlisted: number;
  readonly attempts: readonly ReportAttempt[];
  /** The place in `attempts` of the attempt of that number. */
  readonly attemptIndex: (serial: number) => number | undefined;
  /** Ids as they were planned, of `tasks`, with how much each is worth telling: 0 for those that simply succeeded. */
  readonly weights: readonly (readonly [task: TaskId, weight: number])[];
}

/** Collects tasks and attempts from the events of a run. Tasks that simply succeeded are let go of beyond a bound. */
export class TaskCollector {
  readonly #tasks = new Map<TaskId, TaskRow>();
  readonly #jobs = new Map<string, JobProgress>();
  readonly #max: number;
  #admitted = 0;
  #plain = 0;
  #folded = 0;

  /** @param max - tasks that get a row. */
  constructor(max = TASKS_MAX) {
    this.#max = max;
  }

  /** Takes in the next event. */
  event(event: RunEvent): void {
    switch (event.kind) {
      case 'task-planned':
        this.#plan(event.spec, event.tMs);
        return;
      case 'attempt-admitted':
        this.#admit(event);
        return;
      case 'attempt-launched':
        this.#change(event.task, { launchedMs: event.tMs });
        return;
      case 'attempt-suspended':
        this.#tasks.get(event.task)?.attempts.at(-1)?.frozen.push({ fromMs: event.tMs });
        return;
      case 'attempt-thawed':
        this.#thaw(event.task, event.tMs);
        return;
      case 'attempt-stopping':
        this.#thaw(event.task, event.tMs);
        this.#change(event.task, { stoppingMs: event.tMs });
        return;
      case 'attempt-killed':
        this.#change(event.task, { killedMs: event.tMs });
        return;
      case 'attempt-ended':
        this.#change(event.task, { ended: event });
        return;
      case 'task-requeued': {
        const task = this.#tasks.get(event.task);
        if (task === undefined) return;
        task.requeuedMs = event.tMs;
        if (event.cause.kind === 'preempted') task.preemptions += 1;
        return;
      }
      case 'task-finished':
        this.#finish(event);
        return;
      default:
        return;
    }
  }

  /** The profile group of a task that is not finished. */
  groupOf(task: TaskId): string | undefined {
    return this.#tasks.get(task)?.spec.group;
  }

  /** What the newest attempt of a task was expected to need, bytes. */
  estimateOf(task: TaskId): number | undefined {
    return this.#tasks.get(task)?.attempts.at(-1)?.estimateBytes;
  }

  /** The number of a task's newest attempt. */
  serialOf(task: TaskId): number | undefined {
    return this.#tasks.get(task)?.attempts.at(-1)?.serial;
  }

  /**
   * The rows.
   *
   * @param state - at the end of the report, for why tasks wait.
   * @param untilMs - how far the report goes.
   */
  listed(state: RunState, untilMs: number): Listed {
    const byWeight = [...this.#tasks.values()].sort(
      (a, b) => weightOf(b) - weightOf(a) || a.spec.index - b.spec.index,
    );
    const rows = byWeight.slice(0, this.#max).sort((a, b) => a.spec.index - b.spec.index);
    const queue = queueView(state, untilMs);
    const attempts = rows
      .flatMap((row, task) => row.attempts.map((attempt) => ({ attempt, row, task })))
      .sort((a, b) => a.attempt.serial - b.attempt.serial);
    const places = new Map(attempts.map(({ attempt }, place) => [attempt.serial, place]));
    return {
      tasks: rows.map((row) =>
        this.#taskOf(row, untilMs, () => {
          const record = state.tasks.get(row.spec.id);
          return record === undefined ? undefined : queue.why(record);
        }),
      ),
      unlisted: this.#folded + byWeight.length - rows.length,
      attempts: attempts.map(({ attempt, row, task }) =>
        attemptOf(attempt, task, this.#readyMs(row) ?? attempt.admittedMs),
      ),
      attemptIndex: (serial) => places.get(serial),
      weights: rows.map((row) => [row.spec.id, weightOf(row)]),
    };
  }

  #plan({ id, index, job, group, needs }: TaskSpec, plannedMs: number): void {
    const spec = { id, index, job, group, needs };
    this.#tasks.set(id, {
      spec,
      plannedMs,
      attempts: [],
      preemptions: 0,
      requeuedMs: undefined,
      finished: undefined,
    });
    this.#job(job).unfinished += 1;
  }

  #admit({ task: id, attempt: number, tMs, limitBytes, reason }: AttemptAdmitted): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return;
    task.attempts.push({
      serial: this.#admitted,
      number,
      queuedMs: task.requeuedMs,
      admittedMs: tMs,
      estimateBytes: reason.estimate.bytes,
      limitBytes,
      frozen: [],
    });
    this.#admitted += 1;
  }

  #thaw(id: TaskId, tMs: number): void {
    const last = this.#tasks.get(id)?.attempts.at(-1)?.frozen.at(-1);
    if (last !== undefined) last.toMs ??= tMs;
  }

  #change(id: TaskId, change: Partial<AttemptRow>): void {
    const attempt = this.#tasks.get(id)?.attempts.at(-1);
    if (attempt !== undefined) Object.assign(attempt, change);
  }

  #finish(event: TaskFinished): void {
    const task = this.#tasks.get(event.task);
    if (task === undefined) return;
    task.finished = event;
    const job = this.#job(task.spec.job);
    job.unfinished -= 1;
    job.lastMs = event.tMs;
    if (weightOf(task) > 0) return;
    this.#plain += 1;
    if (this.#plain <= this.#max) return;
    this.#tasks.delete(event.task);
    this.#folded += 1;
  }

  #job(name: string): JobProgress {
    const job = this.#jobs.get(name) ?? { unfinished: 0, lastMs: 0 };
    this.#jobs.set(name, job);
    return job;
  }

  /** When nothing it needs was missing any more; undefined while something is. */
  #readyMs({ spec, plannedMs }: TaskRow): number | undefined {
    let readyMs = plannedMs;
    for (const need of spec.needs) {
      const job = this.#jobs.get(need);
      if (job === undefined || job.unfinished > 0) return undefined;
      readyMs = Math.max(readyMs, job.lastMs);
    }
    return readyMs;
  }

  #taskOf(row: TaskRow, untilMs: number, whyQueued: () => string | undefined): ReportTask {
    const { spec, attempts, finished, preemptions } = row;
    const readyMs = this.#readyMs(row);
    const state = stateOf(row);
    const why = state === 'queued' ? whyQueued() : endWords(row);
    const last = attempts.at(-1);
    const peaks = attempts.flatMap(({ ended }) => (ended === undefined ? [] : [ended.peakBytes]));
    return {
      id: printable(spec.id),
      job: printable(spec.job),
      group: printable(spec.group),
      state,
      ...(why === undefined ? {} : { why }),
      attempts: last?.number ?? 0,
      preemptions,
      ...(peaks.length === 0 ? {} : { peakBytes: Math.max(...peaks) }),
      ...(last === undefined ? {} : { estimateBytes: last.estimateBytes }),
      waitedMs: Math.round(waitedMs(row, readyMs, untilMs)),
      ranMs: Math.round(sum(attempts, (attempt) => ranMs(attempt, untilMs))),
      cpuMs: Math.round(sum(attempts, ({ ended }) => ended?.cpuMs ?? 0)),
      ...(readyMs === undefined ? {} : { readyMs: Math.round(readyMs) }),
      ...(finished === undefined ? {} : { finishedMs: Math.round(finished.tMs) }),
    };
  }
}

/** Failures weigh most, then what did not run or is not over, then what was tried again; the rest weighs nothing. */
function weightOf({ finished, attempts }: TaskRow): number {
  if (finished === undefined) return 2;
  if (isFailure(finished.outcome)) return 3;
  if (finished.outcome !== 'succeeded') return 2;
  return attempts.length > 1 ? 1 : 0;
}

function stateOf({ finished, attempts }: TaskRow): ReportState {
  if (finished !== undefined) return finished.outcome satisfies Outcome;
  const last = attempts.at(-1);
  if (last === undefined || last.ended !== undefined) return 'queued';
  if (last.stoppingMs !== undefined) return 'stopping';
  if (isFrozen(last)) return 'suspended';
  return last.launchedMs === undefined ? 'starting' : 'running';
}

function isFrozen({ frozen }: AttemptRow): boolean {
  const last = frozen.at(-1);
  return last !== undefined && last.toMs === undefined;
}

function endWords({ finished, attempts }: TaskRow): string | undefined {
  if (finished === undefined || finished.outcome === 'succeeded') return undefined;
  if (finished.skipped !== undefined) return skipWords(finished.skipped);
  const verdict = attempts.at(-1)?.ended?.verdict;
  return verdict === undefined ? 'did not run' : verdictWords(verdict);
}

function waitedMs(row: TaskRow, readyMs: number | undefined, untilMs: number): number {
  if (readyMs === undefined) return 0;
  const { attempts, requeuedMs, finished } = row;
  const waited = sum(attempts, ({ queuedMs, admittedMs }) => admittedMs - (queuedMs ?? readyMs));
  if (finished !== undefined) {
    return attempts.length === 0 ? Math.max(0, finished.tMs - readyMs) : waited;
  }
  return stateOf(row) === 'queued' ? waited + untilMs - (requeuedMs ?? readyMs) : waited;
}

function ranMs({ ended, admittedMs }: AttemptRow, untilMs: number): number {
  return ended === undefined ? Math.max(0, untilMs - admittedMs) : ended.ranMs;
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}

function attemptOf(attempt: AttemptRow, task: number, readyMs: number): ReportAttempt {
  const { number, queuedMs, admittedMs, launchedMs, stoppingMs, killedMs, ended } = attempt;
  const { estimateBytes, limitBytes, frozen } = attempt;
  const end = ended === undefined ? undefined : endOf(ended.verdict);
  return {
    task,
    number,
    queuedMs: Math.round(queuedMs ?? readyMs),
    admittedMs: Math.round(admittedMs),
    ...(launchedMs === undefined ? {} : { launchedMs: Math.round(launchedMs) }),
    ...(frozen.length === 0
      ? {}
      : {
          frozen: frozen.map(({ fromMs, toMs = ended?.tMs }) => ({
            fromMs: Math.round(fromMs),
            ...(toMs === undefined ? {} : { toMs: Math.round(toMs) }),
          })),
        }),
    ...(stoppingMs === undefined ? {} : { stoppingMs: Math.round(stoppingMs) }),
    ...(killedMs === undefined ? {} : { killedMs: Math.round(killedMs) }),
    ...(ended === undefined ? {} : { endedMs: Math.round(ended.tMs), peakBytes: ended.peakBytes }),
    ...(end === undefined ? {} : { end }),
    ...(ended === undefined || end === 'succeeded' ? {} : { words: verdictWords(ended.verdict) }),
    estimateBytes,
    ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

function endOf(verdict: Verdict): AttemptEnd {
  switch (verdict.kind) {
    case 'exit':
      return verdict.code === 0 ? 'succeeded' : 'failed';
    case 'own-limit':
    case 'over-budget':
      return 'oom-killed';
    case 'checkpoint-missing':
      return 'failed';
    case 'preempted':
    case 'checkpointed':
    case 'bystander':
    case 'timed-out':
    case 'canceled':
    case 'external-signal':
    case 'could-not-start':
    case 'lost':
    case 'over-pids':
      return verdict.kind;
  }
}
