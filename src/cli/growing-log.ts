import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { LOG_MARKER } from '../adapters/journal/log-keeper.js';
import { MiB } from '../util/bytes.js';
import { errorCode } from '../util/system-error.js';

const PIECE_BYTES = 64 * 1024;
/** So much of what was read last is remembered, to find it again. */
const REMEMBERED_BYTES = 512;
/** A log that is cut keeps 1 MiB of its end; the rest is what has come since. */
const SEARCHED_BYTES = 4 * MiB;

/**
 * Reads a log while it grows, and goes on behind what was read when its middle was left out meanwhile. Of such a log
 * something may come twice; what is still there is never passed over.
 */
export class GrowingLog {
  readonly #path: string;
  #at = 0;
  #last = Buffer.alloc(0);
  /** It was found without what was read, and without the line that says why: it may be in the middle of being cut. */
  #isOdd = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** The next piece; empty while there is none, and while there is no file. */
  read(): Buffer {
    const fd = openIfThere(this.#path);
    if (fd === undefined) return Buffer.alloc(0);
    try {
      const at = this.#isWhereItWas(fd) ? this.#at : this.#whereToGoOn(fd);
      if (at === undefined) return Buffer.alloc(0);
      this.#at = at;
      const piece = readAt(fd, this.#at, PIECE_BYTES);
      this.#at += piece.length;
      this.#last = Buffer.concat([this.#last, piece]).subarray(-REMEMBERED_BYTES);
      return piece;
    } finally {
      closeSync(fd);
    }
  }

  /** What was read last still stands before the place where it was read; its size says nothing: it may have grown since. */
  #isWhereItWas(fd: number): boolean {
    const { length } = this.#last;
    return readAt(fd, this.#at - length, length).equals(this.#last);
  }

  /** Behind what was read last, if that is still there, or else from the line on that says what is missing. */
  #whereToGoOn(fd: number): number | undefined {
    const { size } = fstatSync(fd);
    const from = Math.max(0, size - SEARCHED_BYTES);
    const end = readAt(fd, from, size - from);
    const marker = end.lastIndexOf(LOG_MARKER);
    const known = marker < 0 ? -1 : end.indexOf(this.#last, marker);
    if (known >= 0) return from + known + this.#last.length;
    const isOddAgain = this.#isOdd;
    this.#isOdd = marker < 0 && !isOddAgain;
    if (this.#isOdd) return undefined;
    this.#last = Buffer.alloc(0);
    // Still without such a line: somebody else has emptied it, or so much has come since that the line is not where we look.
    return marker < 0 ? from : from + marker;
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function readAt(fd: number, at: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  return buffer.subarray(0, readSync(fd, buffer, 0, bytes, at));
}
