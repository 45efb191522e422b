import type { RunEvent } from '../../../core/events.js';
import type { TaskId } from '../../../core/task-spec.js';

/** So many seconds are remembered. */
const KEPT = 60;

interface Course {
  readonly attempt: number;
  /** Bytes, one for each second, oldest first. */
  readonly bytes: number[];
  lastMs: number;
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
        course = { attempt, bytes: [], lastMs: event.tMs };
        this.#courses.set(task, course);
      }
      // Where all stands still, a look stands for the time since the one before.
      const seconds = Math.max(1, Math.round((event.tMs - course.lastMs) / 1000));
      course.lastMs = event.tMs;
      for (let at = 0; at < Math.min(seconds, KEPT); at += 1) course.bytes.push(usedBytes);
      course.bytes.splice(0, course.bytes.length - KEPT);
    }
  }

  /** Bytes in each of the last seconds, oldest first; empty when it was never seen. */
  of(task: TaskId): readonly number[] {
    return this.#courses.get(task)?.bytes ?? [];
  }
}
