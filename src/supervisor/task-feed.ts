import type { RunEvent } from '../core/events.js';
import { isMoreToCome, type RunState } from '../core/run-state.js';
import type { TaskId } from '../core/task-spec.js';
import type { Inbox } from './observe.js';
import type { Arrival, LaunchSpec, TaskSource } from './ports.js';

/** While so many tasks wait for their turn no more are asked for: one tick starts no more than a few dozen. */
const WAITING_MAX = 512;

/**
 * Lets tasks come in as they are needed: whoever produces a million lines is held back by the pipe, and what is known of
 * finished tasks goes with them.
 */
export class TaskFeed {
  readonly #source: TaskSource;
  readonly #inbox: Inbox;
  readonly #wake: () => void;
  readonly #launches = new Map<TaskId, LaunchSpec>();
  #state: 'idle' | 'asked' | 'over' = 'idle';

  /** @param wake - makes the next tick come at once. */
  constructor(source: TaskSource, inbox: Inbox, wake: () => void) {
    this.#source = source;
    this.#inbox = inbox;
    this.#wake = wake;
  }

  /** What to run for each task that is not finished. */
  get launches(): ReadonlyMap<TaskId, LaunchSpec> {
    return this.#launches;
  }

  /** After a tick: forgets the tasks that it finished, and asks for more if there is room. */
  goOn(state: RunState, events: readonly RunEvent[]): void {
    for (const event of events)
      if (event.kind === 'task-finished') this.#launches.delete(event.task);
    if (this.#state !== 'idle' || !isMoreToCome(state)) return;
    const waiting = state.unfinished - state.live.size;
    if (waiting <= WAITING_MAX / 2) this.#ask(WAITING_MAX - waiting);
  }

  /** Nothing is wanted any more. */
  close(): void {
    this.#state = 'over';
    this.#source.close();
  }

  #ask(atMost: number): void {
    this.#state = 'asked';
    this.#source.next(atMost).then(
      (arrival) => {
        this.#take(arrival);
      },
      (error: unknown) => {
        this.#take({ kind: 'end', problem: String(error) });
      },
    );
  }

  #take(arrival: Arrival): void {
    if (this.#state === 'over') return;
    if (arrival.kind === 'end') {
      const { problem } = arrival;
      this.#state = 'over';
      this.#inbox.put({ kind: 'source-ended', ...(problem === undefined ? {} : { problem }) });
    } else {
      this.#state = 'idle';
      for (const { spec, launch } of arrival.tasks) this.#launches.set(spec.id, launch);
      this.#inbox.put({ kind: 'tasks-arrived', tasks: arrival.tasks.map(({ spec }) => spec) });
    }
    this.#wake();
  }
}
