import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { LOG_MARKER } from '../adapters/journal/log-keeper.js';
import { MiB } from '../util/bytes.js';
import { errorCode } from '../util/system-error.js';

const PIECE_BYTES = 64 * 1024;
/** So much of what was read last is remembered, to find it again. */
const REMEMBERED_BYTES = 512;
/** A log that is cut keeps 1 MiB of its end at the most: what was read last is in there, or nowhere. */
const KEPT_BYTES = 2 * MiB;
/** The line that says what is missing is looked for from the end backwards, so much at a time. */
const WINDOW_BYTES = 4 * MiB;

/**
 * Reads a log while it grows, and goes on behind what was read when its middle was left out meanwhile. Of such a log
 * something may come twice; what is still there is never passed over.
 */
export class GrowingLog {
  readonly #path: string;
  #at = 0;
  #last = Buffer.alloc(0);
  #isBeingCut = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** It was found without what was read before, and without the line that says why: what is there comes next time. */
  get isBeingCut(): boolean {
    return this.#isBeingCut;
  }

  /** The next piece; empty while there is none, and while there is no file. */
  read(): Buffer {
    const fd = openIfThere(this.#path);
    if (fd === undefined) {
      this.#isBeingCut = false;
      return Buffer.alloc(0);
    }
    try {
      if (!this.#isWhereItWas(fd) && !this.#findPlace(fd)) return Buffer.alloc(0);
      this.#isBeingCut = false;
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

  /** Goes on behind what was read last, if it was kept, or else with the line that says what is missing. */
  #findPlace(fd: number): boolean {
    const marker = lastPlaceOf(LOG_MARKER, fd);
    if (marker === undefined) return this.#beginAnew();
    const known = readAt(fd, marker, KEPT_BYTES).indexOf(this.#last);
    this.#at = known < 0 ? marker : marker + known + this.#last.length;
    if (known < 0) this.#last = Buffer.alloc(0);
    return true;
  }

  /** Without such a line somebody else has emptied it; but it is written a moment after the rest was left out. */
  #beginAnew(): boolean {
    if (!this.#isBeingCut) {
      this.#isBeingCut = true;
      return false;
    }
    this.#at = 0;
    this.#last = Buffer.alloc(0);
    return true;
  }
}

function lastPlaceOf(words: string, fd: number): number | undefined {
  for (let end = fstatSync(fd).size; end > 0; end -= WINDOW_BYTES) {
    const from = Math.max(0, end - WINDOW_BYTES);
    const found = readAt(fd, from, end - from + words.length).lastIndexOf(words);
    if (found >= 0) return from + found;
  }
  return undefined;
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
