import type { JoblogSink } from '../reporters/joblog.js';
import { bytesOf } from '../util/byte-text.js';
import { MiB } from '../util/bytes.js';
import { describeError } from '../util/system-error.js';
import { counted } from '../reporters/words.js';

/** Lines that cannot be written are held up to this; those that come after it are missing in the file. */
const HELD_MAX_BYTES = 16 * MiB;

/** A file that takes bytes, as far as a joblog needs one. */
export interface LineFile {
  readonly path: string;
  /** As write(2): takes some of the bytes or all of them, says how many, and throws what is in the way. */
  write(bytes: Buffer): number;
  close(): void;
}

/**
 * A joblog that outlives a full disk: what cannot be written is held and tried again with the next line, from the byte at
 * which it broke off, and once more at the end. Trouble is told when it begins, and in the end what is missing.
 *
 * @param warn - takes a sentence for the user.
 */
export class JoblogFile implements JoblogSink {
  readonly #file: LineFile;
  readonly #warn: (sentence: string) => void;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #missing = 0;
  #trouble: string | undefined;

  constructor(file: LineFile, warn: (sentence: string) => void) {
    this.#file = file;
    this.#warn = warn;
  }

  write(line: string): void {
    const bytes = bytesOf(line);
    if (this.#heldBytes + bytes.length > HELD_MAX_BYTES) this.#missing += 1;
    else this.#hold(bytes);
    this.#pass();
  }

  close(): void {
    this.#pass();
    const missing = this.#missing + this.#held.length;
    if (missing > 0)
      this.#warn(
        `--joblog ${this.#file.path} lacks ${counted(missing, 'line')}: ${this.#trouble ?? ''}`,
      );
    this.#file.close();
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  /** Writes what is held, as far as it goes. */
  #pass(): void {
    let whole = 0;
    try {
      for (const bytes of this.#held) {
        this.#writeAll(bytes, whole);
        whole += 1;
      }
    } catch (error) {
      const isNews = this.#trouble === undefined;
      this.#trouble = describeError(error);
      if (isNews)
        this.#warn(
          `--joblog ${this.#file.path} cannot be written: ${this.#trouble}; the run goes on, and this is tried again`,
        );
    }
    if (whole > 0) this.#held = this.#held.slice(whole);
  }

  /** A part that was taken is not written again. */
  #writeAll(bytes: Buffer, place: number): void {
    let rest = bytes;
    while (rest.length > 0) {
      const written = this.#file.write(rest);
      rest = rest.subarray(written);
      this.#held[place] = rest;
      this.#heldBytes -= written;
    }
  }
}
