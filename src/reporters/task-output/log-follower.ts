import { closeSync, openSync, readSync, statSync } from 'node:fs';

const PIECE_BYTES = 64 * 1024;
/** A line that is longer comes out in pieces. */
const LINE_MAX_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** Most pieces are small: what was read is copied out of here. */
const scratch = Buffer.allocUnsafe(PIECE_BYTES);

/** Reads what a task's log has that was not read before. */
export class LogFollower {
  readonly #path: string;
  #fd: number | undefined;
  #rest: Buffer = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * What has been written since.
   *
   * @param isOver - nothing more will come: the last line is taken as it is, else only whole lines.
   */
  *read(isOver: boolean): Generator<Buffer> {
    for (;;) {
      const piece = this.#piece();
      if (piece === undefined) break;
      const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
      const end = bytes.length > LINE_MAX_BYTES ? bytes.length : bytes.lastIndexOf(NEWLINE) + 1;
      this.#rest = bytes.subarray(end);
      if (end > 0) yield bytes.subarray(0, end);
    }
    if (!isOver || this.#rest.length === 0) return;
    const last = this.#rest;
    this.#rest = Buffer.alloc(0);
    yield last;
  }

  /** Lets go of the file. */
  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #piece(): Buffer | undefined {
    if (this.#fd === undefined && isEmpty(this.#path)) return undefined;
    this.#fd ??= open(this.#path);
    if (this.#fd === undefined) return undefined;
    const read = readSync(this.#fd, scratch, 0, scratch.length, null);
    return read === 0 ? undefined : Buffer.from(scratch.subarray(0, read));
  }
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
