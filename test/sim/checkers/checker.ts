import type { RunEvent } from '../../../src/core/events.js';
import type { TaskId, TaskSpec } from '../../../src/core/task-spec.js';
import { present } from '../../../src/util/assert.js';
import type { Recording } from '../simulate.js';

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
