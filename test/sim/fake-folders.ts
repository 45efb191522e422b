import type { TaskId } from '../../src/core/task-spec.js';
import type { CheckpointFolders } from '../../src/supervisor/ports.js';
import { ok, type Result } from '../../src/util/result.js';
import type { VirtualClock } from './virtual-clock.js';

/** What a task has saved: how far it had come. */
interface Saved {
  readonly progressMs: number;
  readonly atMs: number;
  readonly mark: number;
}

/** Folders of checkpoints that hold nothing but how far a program had come when it saved its work. */
export class FakeFolders implements CheckpointFolders {
  /** Of which tasks the supervisor has had what they had saved removed. */
  readonly removed = new Set<TaskId>();
  readonly #clock: VirtualClock;
  readonly #saved = new Map<TaskId, Saved>();
  #lastMark = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  open(task: TaskId): Result<string, never> {
    return ok(`/fake-checkpoints/${task}`);
  }

  look(task: TaskId): { readonly mark: string; readonly ageMs: number } {
    const saved = this.#saved.get(task);
    if (saved === undefined) return { mark: '', ageMs: 0 };
    return { mark: String(saved.mark), ageMs: this.#clock.monotonicMs() - saved.atMs };
  }

  remove(task: TaskId): void {
    this.removed.add(task);
    this.#saved.delete(task);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** A program saves its work. */
  save(task: TaskId, progressMs: number): void {
    this.#lastMark += 1;
    this.#saved.set(task, { progressMs, atMs: this.#clock.monotonicMs(), mark: this.#lastMark });
  }

  /** From where a program goes on: 0 with nothing saved. */
  progressOf(task: TaskId): number {
    return this.#saved.get(task)?.progressMs ?? 0;
  }

  /** Tasks of which something is there. */
  get kept(): ReadonlySet<TaskId> {
    return new Set(this.#saved.keys());
  }
}
