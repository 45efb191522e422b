import { unlink } from 'node:fs';
import type { TaskId } from '../../core/task-spec.js';
import type { LogPaths } from '../../supervisor/ports.js';

/**
 * Removes logs in the background: on a busy disk each removal may take milliseconds in which nobody would look after
 * memory. One that does not go stays, and does no harm.
 */
export class LogRemovals {
  #pending = 0;
  #onDone: () => void = () => undefined;

  /** Begins to remove the logs of all attempts of a task. */
  remove(logs: LogPaths, task: TaskId, attempts: number): void {
    const paths = Array.from({ length: attempts }, (_, at) => logs.pathsFor(task, at + 1));
    const next = (): void => {
      this.#pending -= 1;
      if (this.#pending === 0) this.#onDone();
    };
    for (const { stdoutPath, stderrPath } of paths) {
      this.#pending += 2;
      unlink(stdoutPath, next);
      unlink(stderrPath, next);
    }
  }

  /** Resolves when nothing is being removed any more. */
  done(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onDone = resolve;
    });
  }
}
