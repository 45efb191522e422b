import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { RunEvent } from '../../core/events.js';
import { describeError, errorCode } from '../../util/system-error.js';
import { JournalError } from './journal-error.js';
import { parseEvent } from './parse-event.js';

const CHUNK_BYTES = 256 * 1024;

/** No event comes near this; a longer "line" is a damaged file, and is not read into memory. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

const NEWLINE = 0x0a;

/**
 * Reads a journal from its beginning, piece by piece, also while it is being written. A last line without its newline
 * is one whose writing was cut short, or has not ended yet: it is left alone until the rest has come.
 */
export class JournalCursor {
  readonly #file: string;
  readonly #fd: number;
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  /** Bytes after the last newline. */
  #rest: Buffer[] = [];
  #restBytes = 0;
  #line = 0;
  #damage: JournalError | undefined;

  /** @throws JournalError when the file cannot be opened. */
  constructor(file: string) {
    this.#file = file;
    try {
      this.#fd = openSync(file, constants.O_RDONLY);
    } catch (error) {
      const missing = errorCode(error) === 'ENOENT';
      throw new JournalError(
        file,
        0,
        missing
          ? 'there is no journal here: the run ended before it began'
          : `cannot be read: ${describeError(error)}`,
      );
    }
  }

  /** Bytes at the end that are not a whole line (yet). */
  get tornBytes(): number {
    return this.#restBytes;
  }

  /**
   * The events that follow.
   *
   * @returns some of them; none when there are no more (at this moment).
   * @throws JournalError at a line that is damaged or of an unknown version.
   */
  next(): readonly RunEvent[] {
    if (this.#damage !== undefined) throw this.#damage;
    for (;;) {
      const read = this.#read();
      if (read === 0) return [];
      const piece = this.#chunk.subarray(0, read);
      const end = piece.lastIndexOf(NEWLINE);
      if (end < 0) {
        this.#keep(piece);
        continue;
      }
      const text = Buffer.concat([...this.#rest, piece.subarray(0, end)]).toString('utf8');
      this.#rest = [];
      this.#restBytes = 0;
      this.#keep(piece.subarray(end + 1));
      const events = this.#parseAll(text.split('\n'));
      if (events.length > 0) return events;
    }
  }

  /** Lets go of the file. */
  close(): void {
    closeSync(this.#fd);
  }

  #read(): number {
    try {
      return readSync(this.#fd, this.#chunk, 0, CHUNK_BYTES, null);
    } catch (error) {
      throw new JournalError(this.#file, this.#line + 1, `cannot be read: ${describeError(error)}`);
    }
  }

  #keep(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#restBytes += piece.length;
    if (this.#restBytes > MAX_LINE_BYTES) {
      throw new JournalError(
        this.#file,
        this.#line + 1,
        'a line longer than any event; the file was damaged',
      );
    }
    this.#rest.push(Buffer.from(piece));
  }

  /** Stops before a damaged line: what comes before it is given first. */
  #parseAll(lines: readonly string[]): RunEvent[] {
    const events: RunEvent[] = [];
    for (const line of lines) {
      this.#line += 1;
      const event = parseEvent(line, this.#line === 1);
      if (!event.ok) {
        this.#damage = new JournalError(this.#file, this.#line, event.error);
        if (events.length === 0) throw this.#damage;
        return events;
      }
      events.push(event.value);
    }
    return events;
  }
}

/**
 * All events of a journal, in order, read as they are asked for. A torn last line is left out.
 *
 * @throws JournalError when the file is missing, damaged or of an unknown version.
 */
export function* readJournal(file: string): Generator<RunEvent, void> {
  const cursor = new JournalCursor(file);
  try {
    for (;;) {
      const events = cursor.next();
      if (events.length === 0) return;
      yield* events;
    }
  } finally {
    cursor.close();
  }
}
