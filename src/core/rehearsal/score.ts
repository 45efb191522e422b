import { assert } from '../../util/assert.js';
import type { Control } from '../control.js';
import type { RunEvent } from '../events.js';
import type { Outcome } from '../outcome.js';
import type { WaitReason } from '../reasons.js';
import type { RunState, TaskRecord } from '../run-state.js';
import type { TaskId } from '../task-spec.js';
import type { AttemptEndOnHost, VirtualHost } from './virtual-host.js';

/** How one task fared. Times in milliseconds since the start of the run. */
export interface RehearsedTask {
  /** When it had come in and what it needs was done: from then on it waited for its turn. */
  readonly readyMs: number;
  /** When its first attempt was let in; absent if none was. */
  readonly startedMs?: number;
  readonly endedMs: number;
  readonly attempts: number;
  readonly preemptions: number;
  readonly outcome: Outcome;
}

/** How a whole run would go. Memory over time in bytes × milliseconds. */
export interface Rehearsal {
  readonly makespanMs: number;
  /** The most that all tasks together used at any time. */
  readonly peakBytes: number;
  readonly preemptions: number;
  /** Kills by the kernel's OOM killer. */
  readonly oomKills: number;
  /** Held by attempts that did not come to their end: work thrown away. */
  readonly killedByteMs: number;
  /** What the courses of the tasks that succeeded hold: work that had to be done. */
  readonly usefulByteMs: number;
  /** Held by all attempts. */
  readonly usedByteMs: number;
  /** How long the first in line waited, by what for. */
  readonly headWaitedMs: Readonly<Partial<Record<WaitReason['kind'], number>>>;
  readonly tasks: ReadonlyMap<TaskId, RehearsedTask>;
}

/** Keeps the figures of a rehearsal. */
export class Score {
  readonly #state: RunState;
  readonly #areaOf: (task: TaskId) => number;
  readonly #arrivedMs = new Map<TaskId, number>();
  readonly #startedMs = new Map<TaskId, number>();
  readonly #headWaitedMs: Partial<Record<WaitReason['kind'], number>> = {};
  #lookedMs = 0;
  #waitsFor: WaitReason['kind'] | undefined;
  #killedByteMs = 0;
  #usefulByteMs = 0;
  #makespanMs = 0;

  constructor(state: RunState, areaOf: (task: TaskId) => number) {
    this.#state = state;
    this.#areaOf = areaOf;
  }

  takeEvent(event: RunEvent): void {
    if (event.kind === 'task-planned') {
      this.#arrivedMs.set(event.spec.id, event.tMs);
    } else if (event.kind === 'attempt-admitted') {
      if (!this.#startedMs.has(event.task)) this.#startedMs.set(event.task, event.tMs);
    } else if (event.kind === 'task-finished') {
      this.#makespanMs = event.tMs;
      if (event.outcome === 'succeeded') this.#usefulByteMs += this.#areaOf(event.task);
    }
  }

  takeEnds(ends: readonly AttemptEndOnHost[]): void {
    for (const { isComplete, heldByteMs } of ends)
      if (!isComplete) this.#killedByteMs += heldByteMs;
  }

  /** A look is over: what the first in line waited for until now counts, and what it waits for from now on. */
  noteWait(nowMs: number, { head }: Control): void {
    const kind = this.#waitsFor;
    if (kind !== undefined)
      this.#headWaitedMs[kind] = (this.#headWaitedMs[kind] ?? 0) + nowMs - this.#lookedMs;
    this.#lookedMs = nowMs;
    this.#waitsFor = head === undefined ? undefined : this.#state.tasks.get(head.task)?.waits?.kind;
  }

  result({ peakBytes, oomKills, usedByteMs }: VirtualHost): Rehearsal {
    return {
      makespanMs: this.#makespanMs,
      peakBytes,
      preemptions: this.#state.counts.preemptions,
      oomKills,
      killedByteMs: this.#killedByteMs,
      usefulByteMs: this.#usefulByteMs,
      usedByteMs,
      headWaitedMs: this.#headWaitedMs,
      tasks: this.#tasks(),
    };
  }

  #tasks(): Map<TaskId, RehearsedTask> {
    const jobEndedMs = new Map<string, number>();
    for (const [job, { tasks }] of this.#state.jobs)
      jobEndedMs.set(
        job,
        tasks.reduce((latest, record) => Math.max(latest, endOf(record)), 0),
      );
    const all = new Map<TaskId, RehearsedTask>();
    for (const record of this.#state.tasks.values()) {
      const { id, needs } = record.spec;
      const { phase, attempts, preemptions } = record;
      assert(phase.kind === 'finished', `task ${id} has finished when the run has ended`);
      const readyMs = needs.reduce(
        (latest, job) => Math.max(latest, jobEndedMs.get(job) ?? 0),
        this.#arrivedMs.get(id) ?? 0,
      );
      const startedMs = this.#startedMs.get(id);
      all.set(id, {
        readyMs,
        ...(startedMs === undefined ? {} : { startedMs }),
        endedMs: phase.atMs,
        attempts,
        preemptions,
        outcome: phase.outcome,
      });
    }
    return all;
  }
}

function endOf({ phase, spec }: TaskRecord): number {
  assert(phase.kind === 'finished', `task ${spec.id} has finished when the run has ended`);
  return phase.atMs;
}
