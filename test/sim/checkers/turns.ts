import type { RunEvent } from '../../../src/core/events.js';
import type { TaskId, TaskSpec } from '../../../src/core/task-spec.js';
import type { Recording } from '../recording.js';
import { longestGapMs, specsById, type Checker } from './checker.js';

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
  readonly #lanes: Readonly<Record<string, number>>;
  /** Waiting for nothing but their turn, and from when on. */
  readonly ready = new Map<TaskId, number>();
  readonly live = new Map<TaskId, number>();
  /** Would be ready, but for the user. */
  readonly #aside = new Map<TaskId, number>();
  readonly #held = new Set<TaskId>();
  /** Canceled, it may be so before its needs are. */
  readonly #finished = new Set<TaskId>();
  isHeld = false;

  constructor({ setup }: Recording) {
    const { tasks, config } = setup.workload.plan;
    this.#lanes = config.groups;
    this.#specs = new Map(tasks.map((spec) => [spec.id, spec]));
    for (const { job } of tasks)
      this.#unfinishedOf.set(job, (this.#unfinishedOf.get(job) ?? 0) + 1);
    for (const { id, needs } of tasks) {
      this.#unfinishedNeeds.set(id, new Set(needs));
      if (needs.length === 0) this.#release(id, 0);
    }
  }

  /** Its inputs are looked at first, where it has some. */
  #release(task: TaskId, tMs: number): void {
    if (this.#finished.has(task)) return;
    if (this.#specs.get(task)?.hasInputs !== true) this.#isReady(task, tMs);
  }

  #isReady(task: TaskId, tMs: number): void {
    (this.#held.has(task) ? this.#aside : this.ready).set(task, tMs);
  }

  #hold(task: TaskId): void {
    this.#held.add(task);
    const sinceMs = this.ready.get(task);
    if (sinceMs !== undefined) this.#aside.set(task, sinceMs);
    this.ready.delete(task);
  }

  #letGo(task: TaskId, tMs: number): void {
    this.#held.delete(task);
    const sinceMs = this.#aside.get(task);
    if (sinceMs !== undefined) this.ready.set(task, Math.max(tMs, sinceMs));
    this.#aside.delete(task);
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
      case 'inputs-measured':
        this.#isReady(event.task, event.tMs);
        return;
      case 'task-requeued':
        if (event.cause.kind === 'preempted')
          this.#preemptions.set(event.task, event.cause.preemptions);
        this.#isReady(event.task, Math.max(event.tMs, event.notBeforeMs));
        return;
      case 'task-held':
        this.#hold(event.task);
        return;
      case 'task-released':
        this.#letGo(event.task, event.tMs);
        return;
      case 'run-held':
      case 'run-released':
        this.isHeld = event.kind === 'run-held';
        return;
      case 'task-finished':
        this.#finish(event.task, event.tMs);
        return;
      default:
    }
  }

  #finish(task: TaskId, tMs: number): void {
    this.ready.delete(task);
    this.#aside.delete(task);
    this.#finished.add(task);
    const job = this.#specs.get(task)?.job ?? '';
    const left = (this.#unfinishedOf.get(job) ?? 0) - 1;
    this.#unfinishedOf.set(job, left);
    if (left > 0) return;
    for (const [id, needs] of this.#unfinishedNeeds) {
      if (needs.delete(job) && needs.size === 0) this.#release(id, tMs);
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

  /**
   * How many come before a task and could start at this time, but for memory and what else there is to share. Near the
   * end of a run long tasks go before others of their class, and how long one will take is not known here: at least,
   * and at most.
   */
  before(task: TaskId, tMs: number): { readonly least: number; readonly most: number } {
    let least = 0;
    let most = 0;
    for (const [id, sinceMs] of this.ready) {
      if (id === task || sinceMs > tMs) continue;
      const isSurelyBefore = this.#isBefore(id, task) && !this.#mayOvertake(task, id);
      if (isSurelyBefore && this.#isOpen(id)) least += 1;
      if (this.#isBefore(id, task) || this.#mayOvertake(id, task)) most += 1;
    }
    return { least, most };
  }

  /** Nobody else of its class may be moved before the others for being long. */
  isOrderKnown(task: TaskId): boolean {
    return [...this.ready.keys()].every((id) => id === task || !this.#mayOvertake(id, task));
  }

  /** It may be long, and is of the same class: preempted as often, of the same priority. */
  #mayOvertake(a: TaskId, b: TaskId): boolean {
    const [one, other] = [this.#specs.get(a), this.#specs.get(b)];
    return (
      one?.profile !== 'none' &&
      one?.priority === other?.priority &&
      this.#isNext(a) === this.#isNext(b)
    );
  }

  /** The task's concurrency group has room. */
  #isOpen(task: TaskId): boolean {
    const name = this.#specs.get(task)?.concurrency;
    if (name === undefined) return true;
    let members = 0;
    for (const id of this.live.keys()) if (this.#specs.get(id)?.concurrency === name) members += 1;
    return members < (this.#lanes[name] ?? Infinity);
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
    const specOf = specsById(recording);
    const longestMs = longestLifeMs(recording);
    const slackMs = 2 * longestGapMs(recording) + SLACK_MS + pausedMs(recording);
    // What is known of a task by the user's own word it need not wait for others to show.
    const boundMs = (task: TaskId): number =>
      Math.max(PASSED_FOR_MS, longestMs) +
      slackMs +
      (specOf(task).memory.requestBytes === undefined ? PILOT_MS + 2 * longestMs : 0);
    const wrong: string[] = [];
    let first: TaskId | undefined;
    let passedSinceMs: number | undefined;
    for (const event of recording.events) {
      const { tMs } = event;
      const isPassing = event.kind === 'attempt-admitted' && event.reason.passed > 0;
      if (isPassing && first !== undefined && event.task !== first && line.isOrderKnown(first)) {
        passedSinceMs ??= tMs;
        if (tMs - passedSinceMs > boundMs(first))
          wrong.push(
            `${event.task} passed ${first} at ${tMs} ms, as others do since ${passedSinceMs}`,
          );
      }
      line.follow(event);
      const now = line.firstAt(tMs);
      if (now !== first) [first, passedSinceMs] = [now, undefined];
    }
    return wrong;
  },
};

/** Tasks start in their order, and it is told whom they pass: what was preempted often, then priority, then the jobfile. */
export const turnsAreKept: Checker = {
  name: 'tasks start in their order, and it is told how many they pass',
  check: (recording) => {
    const line = new Line(recording);
    const stuck = new Set<TaskId>();
    const wrong: string[] = [];
    for (const event of recording.events) {
      if (event.kind === 'attempt-stuck') stuck.add(event.task);
      if (event.kind === 'attempt-ended') stuck.delete(event.task);
      // Who is let in because all others are stuck is the first whom they do not keep from it.
      if (event.kind === 'attempt-admitted' && stuck.size === 0) {
        const { passed } = event.reason;
        // A concurrency group may have filled up since those of it were looked at.
        const { least, most } = line.before(event.task, event.tMs);
        if (passed < least || passed > most)
          wrong.push(`${event.task} passed ${least} to ${most} at ${event.tMs} ms, not ${passed}`);
      }
      line.follow(event);
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
      if (line.isHeld || event.kind === 'run-released') idleSinceMs = tMs;
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
