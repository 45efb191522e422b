import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import type { RunEvent } from '../../core/events.js';
import type { EventSink } from '../../supervisor/ports.js';
import { describeError } from '../../util/system-error.js';
import { eventLine } from './bounded-event.js';
import { JournalError } from './journal-error.js';

/** How much is kept in memory while the disk takes nothing, bytes. */
const MAX_PENDING_BYTES = 16 * 1024 * 1024;

/** How long to leave a disk alone that took nothing. */
const RETRY_MS = 1000;

/** What is handed over at once goes to disk at once; very much of it in pieces of about this length. */
const PIECE_CHARS = 64 * 1024;

const NEWLINE = 0x0a;

/** Lines that are written together. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly events: number;
}

/** Whether what happened is on disk. */
export type JournalHealth =
  /** All of it. */
  | { readonly kind: 'whole' }
  /** Not since some time; the events are kept and tried again. */
  | { readonly kind: 'behind'; readonly pendingEvents: number }
  /** Given up: the file ends with a complete event, but not with the last. */
  | { readonly kind: 'cut' };

/** What a {@link JournalWriter} needs besides a path. */
export interface JournalWriterOptions {
  /** Told once when writing first fails, and once when the journal is given up: a sentence for the user. */
  readonly onTrouble: (sentence: string) => void;
  /** Replaceable, for tests of disks that are full. */
  readonly write?: (fd: number, bytes: Uint8Array) => number;
  readonly maxPendingBytes?: number;
}

/**
 * Appends events to a journal: one line each, and one synchronous write for all that were decided together, so that a
 * crash loses nothing that anyone acted on. The run never fails for a disk that does: events wait in memory, in order, and what is on disk is at
 * every moment a complete beginning of the story. Should too much wait, the story on disk ends there.
 */
export class JournalWriter implements EventSink {
  readonly #file: string;
  readonly #fd: number;
  readonly #options: JournalWriterOptions;
  /** Length of the file up to its last complete event. */
  #goodBytes: number;
  /** Whether a part of a line may stand behind that. */
  #isTorn = false;
  #pending: Piece[] = [];
  #pendingBytes = 0;
  #lastTryMs = 0;
  #isCut = false;
  #hasComplained = false;

  private constructor(file: string, fd: number, goodBytes: number, options: JournalWriterOptions) {
    this.#file = file;
    this.#fd = fd;
    this.#goodBytes = goodBytes;
    this.#options = options;
  }

  /**
   * Begins a new journal, mode 0600.
   *
   * @throws JournalError when the file is there already or cannot be made.
   */
  static create(file: string, options: JournalWriterOptions): JournalWriter {
    const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL;
    return new JournalWriter(file, openOrThrow(file, flags), 0, options);
  }

  /**
   * Goes on with a journal, after its last complete event: a torn line at its end is cut off.
   *
   * @throws JournalError when the file is not there or cannot be written.
   */
  static reopen(file: string, options: JournalWriterOptions): JournalWriter {
    const fd = openOrThrow(file, constants.O_RDWR | constants.O_APPEND);
    try {
      const goodBytes = endOfLastLine(fd);
      ftruncateSync(fd, goodBytes);
      return new JournalWriter(file, fd, goodBytes, options);
    } catch (error) {
      closeSync(fd);
      throw new JournalError(file, 0, `cannot be continued: ${describeError(error)}`);
    }
  }

  get health(): JournalHealth {
    if (this.#isCut) return { kind: 'cut' };
    const pendingEvents = this.#pending.reduce((sum, { events }) => sum + events, 0);
    return pendingEvents > 0 ? { kind: 'behind', pendingEvents } : { kind: 'whole' };
  }

  emit(events: readonly RunEvent[]): void {
    let text = '';
    let from = 0;
    for (const [at, event] of events.entries()) {
      text += eventLine(event);
      const to = at + 1;
      if (text.length < PIECE_CHARS && to < events.length) continue;
      this.#take({ bytes: Buffer.from(text), events: to - from }, event.tMs);
      text = '';
      from = to;
    }
  }

  /** Tries once more to write what waits, makes sure that the disk has it, and lets go of the file. */
  close(): JournalHealth {
    this.#catchUp(this.#lastTryMs);
    try {
      fsyncSync(this.#fd);
    } catch (error) {
      this.#complain(`the journal ${this.#file} may not be on disk: ${describeError(error)}`);
    }
    closeSync(this.#fd);
    return this.health;
  }

  #take(piece: Piece, nowMs: number): void {
    if (this.#isCut) return;
    if (this.#pending.length > 0 && nowMs - this.#lastTryMs >= RETRY_MS) this.#catchUp(nowMs);
    if (this.#pending.length > 0 || !this.#append(piece.bytes)) this.#keep(piece, nowMs);
  }

  #catchUp(nowMs: number): void {
    this.#lastTryMs = nowMs;
    while (this.#pending[0] !== undefined && this.#append(this.#pending[0].bytes)) {
      this.#pendingBytes -= this.#pending[0].bytes.length;
      this.#pending.shift();
    }
  }

  #keep(piece: Piece, nowMs: number): void {
    if (this.#pending.length === 0) this.#lastTryMs = nowMs;
    this.#pending.push(piece);
    this.#pendingBytes += piece.bytes.length;
    if (this.#pendingBytes <= (this.#options.maxPendingBytes ?? MAX_PENDING_BYTES)) return;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#isCut = true;
    this.#options.onTrouble(
      `the journal ${this.#file} is given up: the disk took nothing for too long; the run goes on, but its record ends here`,
    );
  }

  /** Writes some lines. Those that could not be finished are cut off before the next: nothing is glued to them. */
  #append(lines: Uint8Array): boolean {
    const write = this.#options.write ?? writeSync;
    try {
      if (this.#isTorn) ftruncateSync(this.#fd, this.#goodBytes);
      this.#isTorn = true;
      for (let done = 0; done < lines.length;) done += write(this.#fd, lines.subarray(done));
      this.#isTorn = false;
      this.#goodBytes += lines.length;
      return true;
    } catch (error) {
      this.#complain(
        `cannot write the journal ${this.#file}: ${describeError(error)}; the run goes on, and this is tried again`,
      );
      return false;
    }
  }

  #complain(sentence: string): void {
    if (this.#hasComplained) return;
    this.#hasComplained = true;
    this.#options.onTrouble(sentence);
  }
}

function openOrThrow(file: string, flags: number): number {
  try {
    return openSync(file, flags, 0o600);
  } catch (error) {
    throw new JournalError(file, 0, `cannot be written: ${describeError(error)}`);
  }
}

function endOfLastLine(fd: number): number {
  const piece = Buffer.alloc(64 * 1024);
  for (let end = fstatSync(fd).size; end > 0;) {
    const begin = Math.max(0, end - piece.length);
    const read = readSync(fd, piece, 0, end - begin, begin);
    const newline = piece.subarray(0, read).lastIndexOf(NEWLINE);
    if (newline >= 0) return begin + newline + 1;
    end = begin;
  }
  return 0;
}
