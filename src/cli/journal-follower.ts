import { JournalCursor } from '../adapters/journal/journal-reader.js';
import type { RunFolder } from '../adapters/journal/run-folder.js';
import type { RunEvent } from '../core/events.js';
import { emptyRunState, type RunState } from '../core/run-state.js';
import type { TaskId } from '../core/task-spec.js';
import { applyEvent } from './past-run.js';

/** Keeps the state of a run up to date with its journal, which is read once, however often one looks. */
export class JournalFollower {
  readonly state: RunState;
  readonly #folder: RunFolder;
  readonly #cursor: JournalCursor;
  readonly #onEvent: ((event: RunEvent) => void) | undefined;
  #line = 0;
  #lastMs = 0;

  /**
   * @param onEvent - sees each event after the state has taken it in.
   * @param task - one to be remembered whatever the number of finished tasks.
   * @throws JournalError when there is no journal.
   */
  constructor(folder: RunFolder, onEvent?: (event: RunEvent) => void, task?: TaskId) {
    this.state = emptyRunState(new Set(task === undefined ? [] : [task]));
    this.#folder = folder;
    this.#onEvent = onEvent;
    this.#cursor = new JournalCursor(folder.journalPath);
  }

  /** Time of the last event, milliseconds since the run started. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /**
   * Takes in what was written since the last time.
   *
   * @throws JournalError when the journal is damaged.
   */
  catchUp(): void {
    for (let events = this.#cursor.next(); events.length > 0; events = this.#cursor.next()) {
      for (const event of events) {
        this.#line += 1;
        applyEvent(this.state, event, this.#folder, this.#line);
        this.#lastMs = event.tMs;
        this.#onEvent?.(event);
      }
    }
  }

  /** Lets go of the file. */
  close(): void {
    this.#cursor.close();
  }
}
