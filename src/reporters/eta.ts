import type { RunEvent } from '../core/events.js';
import { frozenMsOf } from '../core/frozen.js';
import { isMoreToCome, type RunState } from '../core/run-state.js';
import type { TaskId } from '../core/task-spec.js';

/** Between two reckonings the time left just runs down: a run may have a hundred thousand groups. */
const RECKON_EVERY_MS = 500;
/** Fewer tasks at once than this on average mean that the run has only begun. */
const PARALLELISM_MIN = 0.1;

class Pace {
  remaining = 0;
  finished = 0;
  sumMs = 0;

  meanMs(otherwise: number): number {
    return this.finished === 0 ? otherwise : this.sumMs / this.finished;
  }
}

/**
 * Works out when a run will be over from how long its tasks have taken so far: the work that is left (tasks not finished
 * × mean duration of their group, or of all tasks) divided by the parallelism seen so far, and at least what the running
 * task with longest to go still needs.
 */
export class EtaTracker {
  readonly #groups = new Map<string, Pace>();
  readonly #groupOf = new Map<TaskId, Pace>();
  readonly #all = new Pace();
  #last: { readonly atMs: number; readonly etaMs: number | undefined } | undefined;

  /** Takes in what happened; wants every event. */
  event(event: RunEvent): void {
    if (event.kind === 'task-planned') {
      this.#plan(event.spec.id, event.spec.group);
    } else if (event.kind === 'attempt-ended') {
      if (event.verdict.kind === 'exit' && event.verdict.code === 0)
        this.#learn(event.task, event.ranMs);
    } else if (event.kind === 'task-finished') {
      const pace = this.#groupOf.get(event.task);
      if (pace !== undefined) pace.remaining -= 1;
      this.#groupOf.delete(event.task);
    }
  }

  /**
   * Milliseconds from `nowMs` until the run is over; undefined until a task has succeeded and all are known, and when it
   * should have been over by now: then nobody can tell.
   */
  etaMs(state: RunState, nowMs: number): number | undefined {
    const last = this.#last;
    if (last?.etaMs !== undefined && nowMs >= last.atMs && nowMs - last.atMs < RECKON_EVERY_MS) {
      return inTime(last.etaMs - (nowMs - last.atMs), state);
    }
    const isUnknown = this.#all.finished === 0 || isMoreToCome(state);
    const etaMs = isUnknown ? undefined : inTime(this.#reckon(state, nowMs), state);
    this.#last = { atMs: nowMs, etaMs };
    return etaMs;
  }

  #plan(task: TaskId, group: string): void {
    const pace = this.#groups.get(group) ?? new Pace();
    this.#groups.set(group, pace);
    this.#groupOf.set(task, pace);
    pace.remaining += 1;
  }

  #learn(task: TaskId, ranMs: number): void {
    for (const pace of [this.#groupOf.get(task), this.#all]) {
      if (pace === undefined) continue;
      pace.finished += 1;
      pace.sumMs += ranMs;
    }
  }

  #reckon(state: RunState, nowMs: number): number {
    const overallMs = this.#all.meanMs(0);
    let leftMs = 0;
    for (const pace of this.#groups.values()) leftMs += pace.remaining * pace.meanMs(overallMs);
    let workedMs = this.#all.sumMs;
    let longestMs = 0;
    for (const [id, { phase }] of state.live) {
      if (!('attempt' in phase)) continue;
      const ranMs = nowMs - phase.attempt.admittedAtMs - frozenMsOf(phase, nowMs);
      const meanMs = this.#groupOf.get(id)?.meanMs(overallMs) ?? overallMs;
      workedMs += ranMs;
      leftMs -= Math.min(ranMs, meanMs);
      longestMs = Math.max(longestMs, meanMs - ranMs);
    }
    const parallelism = Math.max(workedMs / Math.max(1, nowMs), PARALLELISM_MIN);
    return Math.max(0, longestMs, leftMs / parallelism);
  }
}

function inTime(etaMs: number, { unfinished }: RunState): number | undefined {
  if (unfinished === 0) return 0;
  return etaMs > 0 ? etaMs : undefined;
}
