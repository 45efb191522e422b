import type { AttemptAdmitted, AttemptEnded, RunEvent, TaskFinished } from '../../core/events.js';
import type { Estimate } from '../../core/reasons.js';
import { failureCount, type RunState } from '../../core/run-state.js';
import type { TaskId } from '../../core/task-spec.js';
import { usedBytesIn } from '../peak.js';
import { isFailure, skipWords, verdictWords } from '../words.js';
import { preemptWords } from '../words-memory.js';

/** Tasks of note that are remembered, of each kind; the rest is counted. */
const KEPT = 200;

/** A task that did not succeed by its own doing. */
export interface FailedTask {
  readonly task: TaskId;
  readonly outcome: TaskFinished['outcome'];
  readonly why: string;
  /** 0 when it never ran. */
  readonly attempts: number;
  readonly preemptions: number;
  readonly peakBytes: number;
  readonly ranMs: number;
}

/** A task that was preempted at least once. */
export interface PreemptedTask {
  readonly task: TaskId;
  times: number;
  /** The latest decision, in words. */
  why: string;
  peakBytes: number;
  /** What became of it; undefined while it is not finished. */
  outcome: TaskFinished['outcome'] | undefined;
}

/** What a group was expected to need, and what it used. */
export interface GroupUse {
  readonly group: string;
  attempts: number;
  /** That of the attempt which was admitted last. */
  estimate: Estimate;
  /** The highest of its attempts so far, bytes. */
  peakBytes: number;
}

/** What is known of a task that is not finished. */
interface OpenTask {
  group: string;
  preemptions: number;
  peakBytes: number;
  ranMs: number;
  last: AttemptEnded | undefined;
}

/**
 * What a summary tells beyond the state: collected from the events, so that it also knows of tasks that the state has
 * let go of. Its size is bounded.
 */
export class RunTally {
  /** The most that all tasks together were seen to use, bytes. */
  peakBytes = 0;
  failed: FailedTask[] = [];
  failures = 0;
  readonly preempted = new Map<TaskId, PreemptedTask>();
  readonly groups = new Map<string, GroupUse>();
  readonly #open = new Map<TaskId, OpenTask>();
  #preemptedUncounted = 0;

  /** Takes in what happened, after the state has. */
  event(event: RunEvent, state: RunState): void {
    this.peakBytes = Math.max(this.peakBytes, usedBytesIn(event));
    switch (event.kind) {
      case 'attempt-admitted':
        this.#admitted(event, state);
        return;
      case 'attempt-stopping':
        if (event.reason.kind === 'preempted')
          this.#preempted(event.task, preemptWords(event.reason.preempt));
        return;
      case 'attempt-ended':
        this.#ended(event);
        return;
      case 'sampled':
        for (const { task, peakBytes } of event.attempts) this.#sawPeak(task, peakBytes);
        return;
      case 'task-finished':
        this.#finished(event);
        return;
      case 'run-resumed':
        this.#resumed(state);
        return;
      default:
        return;
    }
  }

  /** Preempted tasks beyond those that are remembered. */
  get morePreempted(): number {
    return this.#preemptedUncounted;
  }

  #admitted(event: AttemptAdmitted, state: RunState): void {
    const group = state.tasks.get(event.task)?.spec.group ?? '';
    const open = this.#open.get(event.task) ?? {
      group,
      preemptions: 0,
      peakBytes: 0,
      ranMs: 0,
      last: undefined,
    };
    this.#open.set(event.task, open);
    const { estimate } = event.reason;
    const use = this.groups.get(group) ?? { group, attempts: 0, estimate, peakBytes: 0 };
    use.attempts += 1;
    use.estimate = estimate;
    this.groups.set(group, use);
  }

  #preempted(task: TaskId, why: string): void {
    const open = this.#open.get(task);
    if (open !== undefined) open.preemptions += 1;
    const known = this.preempted.get(task);
    if (known !== undefined) {
      known.times += 1;
      known.why = why;
    } else if (this.preempted.size < KEPT) {
      this.preempted.set(task, { task, times: 1, why, peakBytes: 0, outcome: undefined });
    } else if (open?.preemptions === 1) {
      this.#preemptedUncounted += 1;
    }
  }

  #ended(event: AttemptEnded): void {
    const open = this.#open.get(event.task);
    if (open === undefined) return;
    open.last = event;
    open.ranMs += event.ranMs;
    this.#sawPeak(event.task, event.peakBytes);
  }

  #sawPeak(task: TaskId, peakBytes: number): void {
    const open = this.#open.get(task);
    const use = open === undefined ? undefined : this.groups.get(open.group);
    for (const known of [open, use, this.preempted.get(task)])
      if (known !== undefined) known.peakBytes = Math.max(known.peakBytes, peakBytes);
  }

  /** Tasks that had not succeeded may be to run again: what was said of their end is void. */
  #resumed(state: RunState): void {
    const isFinished = (task: TaskId): boolean => state.tasks.get(task)?.phase.kind === 'finished';
    this.failed = this.failed.filter(({ task }) => isFinished(task));
    this.failures = failureCount(state);
    for (const known of this.preempted.values())
      if (!isFinished(known.task)) known.outcome = undefined;
  }

  #finished(event: TaskFinished): void {
    const { task, outcome } = event;
    const open = this.#open.get(task);
    this.#open.delete(task);
    const known = this.preempted.get(task);
    if (known !== undefined) known.outcome = outcome;
    if (!isFailure(outcome)) return;
    this.failures += 1;
    if (this.failed.length >= KEPT) return;
    this.failed.push({
      task,
      outcome,
      why: whyFinished(event, open?.last),
      attempts: open?.last?.attempt ?? 0,
      preemptions: open?.preemptions ?? 0,
      peakBytes: open?.peakBytes ?? 0,
      ranMs: open?.ranMs ?? 0,
    });
  }
}

/** What became of a task: why it was never run, or who ended its last attempt, with the numbers. */
export function whyFinished({ skipped }: TaskFinished, last: AttemptEnded | undefined): string {
  if (skipped !== undefined) return skipWords(skipped);
  return last === undefined ? 'did not run' : verdictWords(last.verdict);
}
