import type { RunEvent } from '../../../src/core/events.js';
import type { TaskId, TaskSpec } from '../../../src/core/task-spec.js';
import { present } from '../../../src/util/assert.js';
import type { Recording } from '../recording.js';

/** One promise of the engine, checked over a whole run after the fact. */
export interface Checker {
  /** The promise, as a sentence. */
  readonly name: string;
  /** What broke it, one sentence each; nothing when it was kept. */
  readonly check: (recording: Recording) => readonly string[];
}

/** The events of one kind. */
export function eventsOf<K extends RunEvent['kind']>(
  { events }: Recording,
  kind: K,
): readonly Extract<RunEvent, { kind: K }>[] {
  return events.filter((event): event is Extract<RunEvent, { kind: K }> => event.kind === kind);
}

/** Finds a task's specification by its id. */
export function specsById({ setup }: Recording): (id: TaskId) => TaskSpec {
  const byId = new Map(setup.workload.plan.tasks.map((spec) => [spec.id, spec]));
  return (id) => present(byId.get(id), `task ${id} is part of the plan`);
}

/** The run came to its end, as it should: what is still to be done then is done never. */
export function hasEnded({ end }: Recording): boolean {
  return end.kind === 'ended';
}

/** The longest that looks may lie apart, ms: the interval, and how late a tick of this run may come. */
export function longestGapMs({ setup }: Recording): number {
  return setup.workload.plan.config.intervalMs + (setup.faults?.lateTickMaxMs ?? 0);
}
