import type { RunEvent } from '../core/events.js';
import type { RunState } from '../core/run-state.js';
import type { TaskId } from '../core/task-spec.js';

interface GroupPace {
  remaining: number;
  finished: number;
  sumMs: number;
}

/** Works out when a run will be over from how long its tasks have taken so far. Feed it every event. */
export interface EtaTracker {
  event(event: RunEvent): void;
  /** Milliseconds from `nowMs` until the run is over; undefined until a task has succeeded. */
  etaMs(state: RunState, nowMs: number): number | undefined;
}

/**
 * The work that is left (tasks not finished × mean duration of their group, or of all tasks) divided by the parallelism
 * seen so far, and at least what the running task that has longest to go still needs. Costs a step per group, not per
 * task, so that it may be asked often.
 */
export function createEtaTracker(): EtaTracker {
  const groups = new Map<string, GroupPace>();
  const groupOf = new Map<TaskId, GroupPace>();
  const all: GroupPace = { remaining: 0, finished: 0, sumMs: 0 };
  return {
    event(event) {
      if (event.kind === 'task-planned') {
        const pace = groups.get(event.spec.group) ?? { remaining: 0, finished: 0, sumMs: 0 };
        groups.set(event.spec.group, pace);
        groupOf.set(event.spec.id, pace);
        pace.remaining += 1;
      } else if (
        event.kind === 'attempt-ended' &&
        event.verdict.kind === 'exit' &&
        event.verdict.code === 0
      ) {
        for (const pace of [groupOf.get(event.task), all]) {
          if (pace === undefined) continue;
          pace.finished += 1;
          pace.sumMs += event.ranMs;
        }
      } else if (event.kind === 'task-finished') {
        const pace = groupOf.get(event.task);
        if (pace !== undefined) pace.remaining -= 1;
      }
    },
    etaMs(state, nowMs) {
      if (all.finished === 0) return undefined;
      const overallMs = all.sumMs / all.finished;
      const meanMs = (pace: GroupPace | undefined): number =>
        pace === undefined || pace.finished === 0 ? overallMs : pace.sumMs / pace.finished;
      let leftMs = 0;
      for (const pace of groups.values()) leftMs += pace.remaining * meanMs(pace);
      let workedMs = all.sumMs;
      let longestMs = 0;
      for (const [id, { phase }] of state.live) {
        if (!('attempt' in phase)) continue;
        const ranMs = nowMs - phase.attempt.admittedAtMs;
        const mean = meanMs(groupOf.get(id));
        workedMs += ranMs;
        leftMs -= Math.min(ranMs, mean);
        longestMs = Math.max(longestMs, mean - ranMs);
      }
      const parallelism = Math.max(workedMs / Math.max(1, nowMs), 0.1);
      return Math.max(0, longestMs, leftMs / parallelism);
    },
  };
}
