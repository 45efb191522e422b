import type { RunEvent } from '../../../../src/core/events.js';
import type { Course } from '../../../../src/core/rehearsal/course.js';
import { rehearse, type RehearsalSetup } from '../../../../src/core/rehearsal/rehearse.js';
import type { Rehearsal } from '../../../../src/core/rehearsal/score.js';
import type { RunConfig, TaskSpec } from '../../../../src/core/task-spec.js';
import { present } from '../../../../src/util/assert.js';
import { GiB } from '../../../../src/util/bytes.js';
import { plainConfig, plainTask } from '../../../sim/specs.js';

/** One task: what it does, and what is said of it. */
export interface Player {
  readonly id: string;
  readonly course: Course;
  readonly spec?: Partial<TaskSpec>;
}

/** What a rehearsal has besides its players. */
export interface Scene extends Partial<Omit<RehearsalSetup, 'config' | 'tasks' | 'courseOf'>> {
  readonly budgetBytes?: number;
  readonly config?: Partial<RunConfig>;
}

/** Tasks that hold so many GiB for so many seconds. */
export function holding(
  id: string,
  gib: number,
  seconds: number,
  spec: Partial<TaskSpec> = {},
): Player {
  return { id, course: { curve: [gib * GiB], durationMs: seconds * 1000, cpus: 1 }, spec };
}

/** What a task says when it declares its memory, and processors are not to matter. */
export function asking(gib: number, change: Partial<TaskSpec> = {}): Partial<TaskSpec> {
  return { memory: { requestBytes: gib * GiB, grow: { kind: 'none' } }, cpus: 0, ...change };
}

/** Rehearses on a machine whose tasks may use 10 GiB, unless the scene says otherwise. */
export function stage(
  players: readonly Player[],
  { budgetBytes = 10 * GiB, config, ...scene }: Scene = {},
): { readonly rehearsal: Rehearsal; readonly events: readonly RunEvent[] } {
  const events: RunEvent[] = [];
  const courses = new Map(players.map(({ id, course }) => [id, course]));
  const rehearsal = rehearse({
    config: plainConfig({ budget: { kind: 'bytes', bytes: budgetBytes }, cpus: 64, ...config }),
    tasks: players.map(({ id, spec }, index) => plainTask(id, { index, ...spec })),
    courseOf: (task) => present(courses.get(task), `task ${task} has a course`),
    host: { capacityBytes: budgetBytes + 2 * GiB, outsideBytes: 0, killLatencyMs: 100 },
    onEvent: (event) => events.push(event),
    ...scene,
  });
  return { rehearsal, events };
}
