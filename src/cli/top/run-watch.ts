import { JournalError } from '../../adapters/journal/journal-error.js';
import type { RunFolder } from '../../adapters/journal/run-folder.js';
import { livenessOf } from '../../adapters/journal/supervisor-mark.js';
import { emptyRunState } from '../../core/run-state.js';
import { EtaTracker } from '../../reporters/eta.js';
import type { RunLook } from '../../reporters/tty/top/look.js';
import { MemoryHistory } from '../../reporters/tty/top/memory-history.js';
import { JournalFollower } from '../journal-follower.js';
import { sinceStart, standingOf } from '../past-run.js';

/** Follows one run: what it is told of is what was written since the last look. */
export class RunWatch {
  readonly folder: RunFolder;
  readonly #history = new MemoryHistory();
  readonly #eta = new EtaTracker();
  #journal: JournalFollower | undefined;
  #problem: string | undefined;
  #isOver = false;

  constructor(folder: RunFolder) {
    this.folder = folder;
  }

  /** Its supervisor is gone, and all that it has written was taken in. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** How the run stands now. */
  look(): RunLook {
    // Asked before the journal is read: a run that ends meanwhile is still told right.
    const liveness = livenessOf(this.folder).kind;
    if (!this.#isOver && this.#problem === undefined) this.#catchUp();
    this.#isOver = liveness === 'over';
    const state = this.#journal?.state ?? emptyRunState();
    const standing = standingOf(liveness, state);
    const lastMs = this.#journal?.lastMs ?? 0;
    const nowMs = standing === 'live' ? Math.max(lastMs, sinceStart(state)) : lastMs;
    return {
      runId: this.folder.runId,
      standing,
      state,
      nowMs,
      etaMs: this.#eta.etaMs(state, nowMs),
      history: this.#history,
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    };
  }

  /** Lets go of the journal. */
  close(): void {
    this.#journal?.close();
    this.#journal = undefined;
    this.#isOver = true;
  }

  #catchUp(): void {
    try {
      this.#journal ??= new JournalFollower(this.folder, (event) => {
        this.#history.event(event);
        this.#eta.event(event);
      });
      this.#journal.catchUp();
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      // One that is about to begin has no journal yet.
      if (this.#journal !== undefined) this.#problem = error.message;
    }
  }
}
