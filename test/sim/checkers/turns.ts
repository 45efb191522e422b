import type { RunEvent } from '../../../src/core/events.js';
import type { TaskId, TaskSpec } from '../../../src/core/task-spec.js';
import type { Recording } from '../recording.js';
import { longestGapMs, type Checker } from './checker.js';

/** A task preempted this often goes before everything else. */
const NEXT_IN_LINE_AFTER = 3;
/** The first in line may be passed for a minute, */
const PASSED_FOR_MS = 60_000;
/** and for as long as others of unknown size have to show what they need. */
const PILOT_MS = 60_000;
/** From the time at which a task could start until it does. */
const SLACK_MS = 2000;

/** Where every task stands, followed from the events alone. */
class Line {
  readonly #specs: ReadonlyMap<TaskId, TaskSpec>;
  readonly #unfinishedNeeds = new Map<TaskId, Set<string>>();
  readonly #unfinishedOf = new Map<string, number>();
  readonly #preemptions = new Map<TaskId, number>();
  /** Waiting for nothing but their turn, and from when on. */
  readonly ready = new Map<TaskId, number>();
  readonly live = new Map<TaskId, number>();

  constructor({ setup }: Recording) {
    const { tasks } = setup.workload.plan;
    this.#specs = new Map(tasks.map((spec) => [spec.id, spec]));
    for (const { job } of tasks)
      this.#unfinishedOf.set(job, (this.#unfinishedOf.get(job) ?? 0) + 1);
    for (const { id, needs } of tasks) {
      this.#unfinishedNeeds.set(id, new Set(needs));
      if (needs.length === 0) this.ready.set(id, 0);
    }
  }

  follow(event: RunEvent): void {
    switch (event.kind) {
      case 'attempt-admitted':
        this.ready.delete(event.task);
        this.live.set(event.task, event.tMs);
        return;
      case 'attempt-ended':
        this.live.delete(event.task);
        return;
      case 'task-requeued':
        if (event.cause.kind === 'preempted')
          this.#preemptions.set(event.task, event.cause.preemptions);
        this.ready.set(event.task, Math.max(event.tMs, event.notBeforeMs));
        return;
      case 'task-finished':
        this.#finish(event.task, event.tMs);
        return;
      default:
    }
  }

  #finish(task: TaskId, tMs: number): void {
    this.ready.delete(task);
    const job = this.#specs.get(task)?.job ?? '';
    const left = (this.#unfinishedOf.get(job) ?? 0) - 1;
    this.#unfinishedOf.set(job, left);
    if (left > 0) return;
    for (const [id, needs] of this.#unfinishedNeeds) {
      if (needs.delete(job) && needs.size === 0) this.ready.set(id, tMs);
    }
  }

  /** The first in line of those who may start at this time. */
  firstAt(tMs: number): TaskId | undefined {
    let first: TaskId | undefined;
    for (const [task, sinceMs] of this.ready) {
      if (sinceMs <= tMs && (first === undefined || this.#isBefore(task, first))) first = task;
    }
    return first;
  }

  #isBefore(a: TaskId, b: TaskId): boolean {
    const [one, other] = [this.#specs.get(a), this.#specs.get(b)];
    if (one === undefined || other === undefined) return false;
    const next = Number(this.#isNext(b)) - Number(this.#isNext(a));
    return (next || other.priority - one.priority || one.index - other.index) < 0;
  }

  #isNext(task: TaskId): boolean {
    return (this.#preemptions.get(task) ?? 0) >= NEXT_IN_LINE_AFTER;
  }
}

/**
 * Nobody is passed for ever. A task that is the first in line may be kept waiting by those who ran already, by those
 * who were let in past it in the first minute, and by others of unknown size for as long as that takes; by nobody else.
 */
export const nobodyStarves: Checker = {
  name: 'nobody starves: who is first in line is passed for a bounded time',
  check: (recording) => {
    const line = new Line(recording);
    const longestMs = longestLifeMs(recording);
    const boundMs =
      PASSED_FOR_MS +
      PILOT_MS +
      2 * longestMs +
      2 * longestGapMs(recording) +
      SLACK_MS +
      pausedMs(recording);
    const wrong: string[] = [];
    let first: TaskId | undefined;
    let sinceMs = 0;
    for (const event of recording.events) {
      const { tMs } = event;
      if (event.kind === 'attempt-admitted' && event.task !== first && first !== undefined) {
        if (tMs - sinceMs > boundMs && event.reason.passed > 0)
          wrong.push(
            `${event.task} passed ${first} at ${tMs} ms, the first in line since ${sinceMs}`,
          );
      }
      line.follow(event);
      const now = line.firstAt(tMs);
      if (now !== first) [first, sinceMs] = [now, tMs];
    }
    return wrong;
  },
};

/** While someone could start, the machine does not stand idle. */
export const nobodyIdlesInVain: Checker = {
  name: 'somebody runs while anybody could',
  check: (recording) => {
    const line = new Line(recording);
    const boundMs = longestGapMs(recording) + SLACK_MS + pausedMs(recording);
    const wrong: string[] = [];
    let idleSinceMs = 0;
    let isOver = false;
    for (const event of recording.events) {
      const { tMs } = event;
      if (line.live.size === 0 && !isOver) {
        const dueMs = Math.max(idleSinceMs, Math.min(...line.ready.values()));
        if (tMs - dueMs > boundMs) {
          wrong.push(`nobody ran from ${idleSinceMs} to ${tMs} ms, and someone could have`);
          idleSinceMs = tMs;
        }
      }
      if (event.kind === 'stop-requested' || event.kind === 'halted') isOver = true;
      const wasIdle = line.live.size === 0;
      line.follow(event);
      if (!wasIdle && line.live.size === 0) idleSinceMs = tMs;
    }
    return wrong;
  },
};

/** The longest that an attempt lived on the machine. */
function longestLifeMs({ lives }: Recording): number {
  let longest = 0;
  for (const { openedAtMs, closedAtMs } of lives)
    longest = Math.max(longest, closedAtMs - openedAtMs);
  return longest;
}

function pausedMs({ setup }: Recording): number {
  return (setup.faults?.pauses ?? []).reduce((sum, { forMs }) => sum + forMs, 0);
}
