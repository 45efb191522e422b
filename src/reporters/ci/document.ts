import type { RunState } from '../../core/run-state.js';

/** A file that others read while we write it: at every moment it is the old one or the new one, whole. */
export interface Document {
  /**
   * Replaces its content.
   *
   * @param pieces - the new content, cut where it pleases.
   * @throws a system error, in the promise; the old content is still there then.
   */
  replace(pieces: readonly string[]): Promise<void>;
}

/** Two versions of a document are at least this far apart, and no farther while things change: evidence must be fresh. */
const GAP_MIN_MS = 1_000;
/** Who writes one need not know the time more often: so much later than it may the next version comes. */
export const PACED_TICK_MS = GAP_MIN_MS / 4;
const GAP_MAX_MS = 10_000;
/** Making a version keeps the loop waiting: it is to take no more than this part of the time. */
const RENDER_SHARE = 1 / 50;
/** Large documents are written at about this rate, bytes a second. */
const RATE = 1024 * 1024;

/** What a {@link PacedDocument} is made of. */
export interface PacedOptions {
  readonly document: Document;
  /** Makes the content of this moment, `nowMs` milliseconds after the start of the run. */
  readonly render: (state: RunState, nowMs: number) => readonly string[];
  /** Told once, with the error, when a version could not be written. Later ones are tried all the same. */
  readonly onTrouble: (error: unknown) => void;
  /** Reads a clock that never jumps, milliseconds. */
  readonly clock?: () => number;
}

/**
 * Writes a document again and again while a run goes on, so that it tells how far the run came whatever happens to us:
 * about once a second while things change, less often the more there is to write, and every ten seconds at least. One
 * version at a time; the loop waits for none of them.
 */
export class PacedDocument {
  readonly #options: PacedOptions;
  readonly #clock: () => number;
  #isStale = true;
  #notBeforeMs = -Infinity;
  #lastMs = 0;
  #writing: Promise<void> | undefined;
  #isTroubleTold = false;

  constructor(options: PacedOptions) {
    this.#options = options;
    this.#clock = options.clock ?? (() => performance.now());
  }

  /** What is in the file is not the latest any more. */
  touch(): void {
    this.#isStale = true;
  }

  /** Time went by: writes a new version if it is time for one. */
  tick(state: RunState, nowMs: number): void {
    this.#lastMs = nowMs;
    if (!this.#isStale || this.#writing !== undefined || nowMs < this.#notBeforeMs) return;
    this.#write(state, nowMs);
  }

  /** Writes the last version. */
  async close(state: RunState): Promise<void> {
    await this.#writing;
    this.#write(state, state.ended?.tMs ?? this.#lastMs);
    await this.#writing;
  }

  #write(state: RunState, nowMs: number): void {
    this.#isStale = false;
    const beforeMs = this.#clock();
    const pieces = this.#options.render(state, nowMs);
    const renderMs = this.#clock() - beforeMs;
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const gapMs = Math.max(GAP_MIN_MS, renderMs / RENDER_SHARE, (bytes / RATE) * 1000);
    this.#notBeforeMs = nowMs + Math.min(GAP_MAX_MS, gapMs);
    this.#writing = this.#options.document
      .replace(pieces)
      .catch((error: unknown) => {
        this.#isStale = true;
        if (!this.#isTroubleTold) this.#options.onTrouble(error);
        this.#isTroubleTold = true;
      })
      .finally(() => {
        this.#writing = undefined;
      });
  }
}
