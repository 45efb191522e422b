import type { RunEvent } from '../../src/core/events.js';
import type {
  CheckpointFolders,
  EventSink,
  Launcher,
  TaskHost,
} from '../../src/supervisor/ports.js';

/** The supervisor's process is gone, in the middle of whatever it did. */
export class SupervisorDied extends Error {
  override readonly name = 'SupervisorDied';
}

/** When a supervisor dies, and how far the line was written that it was writing. */
export interface DeathPlan {
  /** In the middle of writing an event down, or before it does something to its tasks. */
  readonly at: 'event' | 'deed';
  /** So many of those are done; with the next one it dies. */
  readonly after: number;
  /** Share of the last line that reached the disk, if it dies while it writes one. */
  readonly tornShare: number;
}

/**
 * Counts what a supervisor does to the outside, events and deeds alike, and lets it die before one of them: nothing
 * comes of that one or of any other after it.
 */
export class Mortality {
  readonly #plan: DeathPlan;
  #done = 0;
  readonly #onDeath: () => void;
  #isDead = false;
  #lastWords: RunEvent | undefined;

  constructor(plan: DeathPlan, onDeath: () => void) {
    this.#plan = plan;
    this.#onDeath = onDeath;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** The event that it was writing down when it died; undefined if it was doing something else. */
  get lastWords(): RunEvent | undefined {
    return this.#lastWords;
  }

  /**
   * It is about to write `event` down, or to do something.
   *
   * @throws SupervisorDied from the fatal moment on.
   */
  step(event?: RunEvent): void {
    const counts = (event === undefined ? 'deed' : 'event') === this.#plan.at;
    if (!this.#isDead && (!counts || this.#done < this.#plan.after)) {
      if (counts) this.#done += 1;
      return;
    }
    if (!this.#isDead) {
      this.#lastWords = event;
      this.#isDead = true;
      this.#onDeath();
    }
    throw new SupervisorDied('the supervisor is dead');
  }

  sink(inner: EventSink): EventSink {
    return {
      emit: (events) => {
        const written: RunEvent[] = [];
        try {
          for (const event of events) {
            this.step(event);
            written.push(event);
          }
        } finally {
          // They go to disk together, and any part of them may have reached it.
          if (written.length > 0) inner.emit(written);
        }
      },
    };
  }

  launcher(inner: Launcher): Launcher {
    return {
      launch: (order, listener) => {
        this.step();
        return inner.launch(order, {
          onStarted: (pid) => {
            this.#tell(() => {
              listener.onStarted(pid);
            });
          },
          onEnd: (end) => {
            this.#tell(() => {
              listener.onEnd(end);
            });
          },
        });
      },
      endPart: (pid) => {
        this.step();
        inner.endPart(pid);
      },
      close: () => inner.close(),
    };
  }

  /** Looks are no deeds. */
  checkpoints(inner: CheckpointFolders): CheckpointFolders {
    return {
      open: (task) => {
        this.step();
        return inner.open(task);
      },
      look: (task) => inner.look(task),
      remove: (task) => {
        this.step();
        inner.remove(task);
      },
      close: () => inner.close(),
    };
  }

  /** The dead hear nothing, and may die of what they hear. */
  #tell(news: () => void): void {
    if (this.#isDead) return;
    try {
      news();
    } catch (error) {
      if (!(error instanceof SupervisorDied)) throw error;
    }
  }

  /** Looks are no deeds. */
  host(inner: TaskHost): TaskHost {
    return {
      tier: inner.tier,
      observe: () => inner.observe(),
      hasMoved: () => inner.hasMoved(),
      sample: (ref) => inner.sample(ref),
      adopt: (ref, pid) => {
        inner.adopt(ref, pid);
      },
      onChange: (callback) => {
        inner.onChange(callback);
      },
      open: (ref, limits) => {
        this.step();
        return inner.open(ref, limits);
      },
      signal: (ref, signal) => {
        this.step();
        return inner.signal(ref, signal);
      },
      tell: (ref, signal) => {
        this.step();
        return inner.tell(ref, signal);
      },
      entryOf: (ref) => inner.entryOf(ref),
      kill: (ref) => {
        this.step();
        inner.kill(ref);
      },
      freeze: (ref) => {
        this.step();
        inner.freeze(ref);
      },
      thaw: (ref) => {
        this.step();
        inner.thaw(ref);
      },
      reclaim: (ref, bytes) => {
        this.step();
        inner.reclaim(ref, bytes);
      },
      close: (ref) => {
        this.step();
        return inner.close(ref);
      },
      clearClosed: () => {
        this.step();
        inner.clearClosed();
      },
      takeOver: (attempts) => {
        this.step();
        inner.takeOver(attempts);
      },
      limitTree: (limits) => {
        this.step();
        inner.limitTree(limits);
      },
      setBudget: (budget) => {
        this.step();
        inner.setBudget(budget);
      },
      dispose: () => inner.dispose(),
    };
  }
}
