import type { RunEvent } from '../../../core/events.js';
import type { TaskId } from '../../../core/task-spec.js';

/** So many looks are remembered: about a minute, as they come once a second. */
const KEPT = 60;

interface Course {
  readonly attempt: number;
  /** Bytes, oldest first. */
  readonly bytes: number[];
}

/** What the live tasks of a run used over the last minute. Those that are gone are forgotten. */
export class MemoryHistory {
  #courses = new Map<TaskId, Course>();

  /** Takes in what happened; wants every event. */
  event(event: RunEvent): void {
    if (event.kind === 'attempt-ended') this.#courses.delete(event.task);
    if (event.kind !== 'sampled') return;
    for (const { task, attempt, usedBytes } of event.attempts) {
      let course = this.#courses.get(task);
      if (course?.attempt !== attempt) {
        course = { attempt, bytes: [] };
        this.#courses.set(task, course);
      }
      course.bytes.push(usedBytes);
      if (course.bytes.length > KEPT) course.bytes.shift();
    }
  }

  /** Bytes at the last looks, oldest first; empty when it was never seen. */
  of(task: TaskId): readonly number[] {
    return this.#courses.get(task)?.bytes ?? [];
  }
}
