import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { errnoOf, isGone } from './errno.js';

/** Shared by all reads: they are synchronous, so no two are ever under way. Grows to the largest file seen. */
let buffer = Buffer.allocUnsafe(8192);

/** What came of a write: done, or the place is gone, or the kernel's reason against it (`EBUSY`, `EACCES`, …). */
export type WriteResult = 'written' | 'gone' | { readonly errno: string };

/** A kernel file that is read again and again. */
export interface KernelFile {
  readonly path: string;
  /**
   * The whole text now, or undefined when the cgroup, process or facility is gone or absent; what was absent and has come
   * is found some reads later.
   */
  read(): string | undefined;
  close(): void;
}

/**
 * Keeps kernel files open between reads: 2 to 3 µs a read instead of 8 to 12. Bounded: beyond `maxOpen` files, or when
 * the process runs out of descriptors, files are opened for each read instead, and all else stays the same.
 */
export class KernelFiles {
  readonly #open = new Map<PooledFile, number>();
  #maxOpen: number;

  /** @param maxOpen - most descriptors to hold. */
  constructor(maxOpen: number) {
    this.#maxOpen = maxOpen;
  }

  /** Descriptors held now. */
  get openCount(): number {
    return this.#open.size;
  }

  /** A handle on `path`; nothing is opened before the first read. */
  file(path: string): KernelFile {
    return new PooledFile(path, this);
  }

  /** Reads through a descriptor kept for `file`, or through a passing one. */
  readVia(file: PooledFile): string | undefined {
    let fd = this.#open.get(file);
    if (fd !== undefined) return readAll(fd);
    const opened = this.#openWithRoom(file.path);
    if (opened === undefined) return undefined;
    fd = opened;
    if (this.#open.size < this.#maxOpen) {
      this.#open.set(file, fd);
      return readAll(fd);
    }
    try {
      return readAll(fd);
    } finally {
      closeSync(fd);
    }
  }

  /** Gives the descriptor of `file` back. */
  release(file: PooledFile): void {
    const fd = this.#open.get(file);
    if (fd === undefined) return;
    this.#open.delete(file);
    closeSync(fd);
  }

  /** Closes everything. */
  closeAll(): void {
    for (const file of [...this.#open.keys()]) this.release(file);
  }

  #openWithRoom(path: string): number | undefined {
    try {
      return openToRead(path);
    } catch (error) {
      if (errnoOf(error) !== 'EMFILE' || this.#open.size === 0) throw error;
      this.#maxOpen = Math.floor(this.#open.size / 2);
      for (const file of [...this.#open.keys()].slice(this.#maxOpen)) this.release(file);
      return openToRead(path);
    }
  }
}

/** One that was never there is looked for at every so many-th read only: an open that fails costs ten times what a read does. */
const ABSENT_READS = 10;

class PooledFile implements KernelFile {
  #readsLeftOut = 0;
  #wasThere = false;

  constructor(
    readonly path: string,
    private readonly pool: KernelFiles,
  ) {}

  read(): string | undefined {
    if (this.#readsLeftOut > 0) {
      this.#readsLeftOut -= 1;
      return undefined;
    }
    const text = this.pool.readVia(this);
    if (text !== undefined) this.#wasThere = true;
    else if (!this.#wasThere) this.#readsLeftOut = ABSENT_READS - 1;
    return text;
  }

  close(): void {
    this.pool.release(this);
  }
}

/** The whole text of a kernel file, read once; undefined when it is gone or the facility is absent. */
export function readKernelFile(path: string): string | undefined {
  const fd = openToRead(path);
  if (fd === undefined) return undefined;
  try {
    return readAll(fd);
  } finally {
    closeSync(fd);
  }
}

/** Like {@link readKernelFile}; a file that we may not read (EACCES, EPERM) is also undefined. */
export function readIfAllowed(path: string): string | undefined {
  try {
    return readKernelFile(path);
  } catch (error) {
    if (isRefused(error)) return undefined;
    throw error;
  }
}

/**
 * Writes `text` in one `write(2)`, as kernel files want it. Never creates a file. O_NONBLOCK: kernels that know it do
 * not reclaim in our name when a limit is lowered (memory.high in cgroup-v2.rst).
 */
export function writeKernelFile(path: string, text: string): WriteResult {
  let fd: number;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_TRUNC | constants.O_NONBLOCK);
  } catch (error) {
    return writeFailure(error);
  }
  try {
    writeSync(fd, text);
    return 'written';
  } catch (error) {
    return writeFailure(error);
  } finally {
    closeSync(fd);
  }
}

/** The reason a write was refused, for a message; undefined when it was written or the place is gone. */
export function refusal(result: WriteResult): string | undefined {
  return typeof result === 'object' ? result.errno : undefined;
}

function writeFailure(error: unknown): WriteResult {
  if (isGone(error)) return 'gone';
  const errno = errnoOf(error);
  if (errno === undefined) throw error;
  return { errno };
}

function openToRead(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY);
  } catch (error) {
    if (isGone(error) || errnoOf(error) === 'ENOTDIR' || isAbsent(error)) return undefined;
    throw error;
  }
}

function readAll(fd: number): string | undefined {
  let length = 0;
  try {
    for (;;) {
      const count = readSync(fd, buffer, length, buffer.length - length, length);
      length += count;
      if (length < buffer.length) {
        if (count === 0 || !mayHaveMore(length)) break;
        continue;
      }
      const larger = Buffer.allocUnsafe(buffer.length * 2);
      buffer.copy(larger, 0, 0, length);
      buffer = larger;
    }
  } catch (error) {
    if (isGone(error) || isAbsent(error)) return undefined;
    throw error;
  }
  return buffer.toString('utf8', 0, length);
}

/** seq_file hands out at most about a page a read, so a short file needs no second look. */
function mayHaveMore(length: number): boolean {
  return length >= 2048;
}

/** `psi=0` answers EOPNOTSUPP (psi.rst). */
function isAbsent(error: unknown): boolean {
  return errnoOf(error) === 'EOPNOTSUPP';
}

function isRefused(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'EACCES' || code === 'EPERM';
}
