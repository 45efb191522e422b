import { predictCpus } from '../learning/cpus.js';
import { emptyProfile, type GroupProfile } from '../learning/profile.js';
import { lastRunOf } from '../learning/reruns.js';
import type { CompletedRun } from '../learning/types.js';
import type { Priors } from '../knowledge.js';
import { taskKeyOf } from '../task-key.js';
import type { TaskId, TaskSpec } from '../task-spec.js';
import type { Course } from './course.js';

/** What is taken of tasks whose group has never been seen. */
export interface Assumption {
  readonly bytes: number;
  readonly durationMs: number;
}

/**
 * Courses as earlier runs had them: a task gets its own last run, or else those of a group get its past runs in turn,
 * the newest first, so that they differ as those did. Tasks without a profile need what they declare, or are taken for the assumed size.
 */
export function pastCourses(
  tasks: readonly TaskSpec[],
  priors: Priors,
  assumption: Assumption,
): (task: TaskId) => Course {
  const courses = new Map<TaskId, Course>();
  const turns = new Map<string, number>();
  for (const spec of tasks) {
    const profile = priors.get(spec.group) ?? emptyProfile();
    const turn = turns.get(spec.group) ?? 0;
    turns.set(spec.group, turn + 1);
    const run =
      lastRunOf(profile, taskKeyOf(spec)) ??
      profile.runs.at(-1 - (turn % Math.max(1, profile.runs.length)));
    courses.set(
      spec.id,
      run === undefined ? assumedCourse(spec, assumption) : courseOfRun(run, profile),
    );
  }
  return (task) => courses.get(task) ?? flat(assumption);
}

/** Mean duration of what is known of these tasks, milliseconds; undefined when nothing is. */
export function meanDurationMs(tasks: readonly TaskSpec[], priors: Priors): number | undefined {
  let sum = 0;
  let count = 0;
  for (const { group } of tasks) {
    const runs = priors.get(group)?.runs ?? [];
    if (runs.length === 0) continue;
    sum += runs.reduce((total, { durationMs }) => total + durationMs, 0) / runs.length;
    count += 1;
  }
  return count === 0 ? undefined : sum / count;
}

function courseOfRun(run: CompletedRun, profile: GroupProfile): Course {
  const { durationMs, curve, peakBytes } = run;
  return { curve: curve ?? [peakBytes], durationMs, cpus: predictCpus(profile) ?? 1 };
}

function assumedCourse({ memory, cpus }: TaskSpec, assumption: Assumption): Course {
  const bytes = memory.requestBytes ?? memory.limitBytes ?? assumption.bytes;
  return { ...flat({ ...assumption, bytes }), cpus: cpus === 'auto' ? 1 : cpus };
}

function flat({ bytes, durationMs }: Assumption): Course {
  return { curve: [bytes], durationMs, cpus: 1 };
}
