import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

const PIECE_BYTES = 64 * 1024;
/** So far one look goes to find the end of a line. */
const LOOK_MAX_BYTES = 16 * 1024 * 1024;
const NEWLINE = 0x0a;

/** Most pieces are small: what was read is copied out of here. */
const scratch = Buffer.allocUnsafe(PIECE_BYTES);

/** Reads what a task's log has that was not read before. The log holds what is not read yet: nothing of it is kept here. */
export class LogFollower {
  readonly #path: string;
  #fd: number | undefined;
  /** So much was read. */
  #readBytes = 0;
  /** Up to here there is no end of a line that was not read. */
  #seenBytes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * What has been written up to now, in pieces. A task may write faster than anybody reads: what comes while this is read
   * is left for the next time.
   *
   * @param isOver - nothing more will come: the last line is taken as it is, else only whole lines.
   */
  *read(isOver: boolean): Generator<Buffer> {
    if (this.#fd === undefined && isEmpty(this.#path)) return;
    this.#fd ??= open(this.#path);
    if (this.#fd === undefined) return;
    const { size } = fstatSync(this.#fd);
    const end = isOver ? size : this.#endOfLines(this.#fd, size);
    while (this.#readBytes < end) {
      const read = readAt(this.#fd, this.#readBytes, end);
      if (read === 0) return;
      this.#readBytes += read;
      yield Buffer.from(scratch.subarray(0, read));
    }
  }

  /** Lets go of the file. */
  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** Where the last whole line ends, looked for from behind. */
  #endOfLines(fd: number, size: number): number {
    const seenBytes = Math.max(this.#seenBytes, this.#readBytes);
    const limit = Math.min(size, seenBytes + LOOK_MAX_BYTES);
    this.#seenBytes = limit;
    for (let to = limit; to > seenBytes;) {
      const from = Math.max(seenBytes, to - PIECE_BYTES);
      const read = readAt(fd, from, to);
      const newline = scratch.subarray(0, read).lastIndexOf(NEWLINE);
      if (newline >= 0) return from + newline + 1;
      to = from;
    }
    return this.#readBytes;
  }
}

function readAt(fd: number, from: number, to: number): number {
  return readSync(fd, scratch, 0, Math.min(PIECE_BYTES, to - from), from);
}

/** As most logs of short tasks are; looking costs less than opening. */
function isEmpty(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

/** An attempt that never got so far has no log. */
function open(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
