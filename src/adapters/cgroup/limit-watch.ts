import { singleNumber } from '../host/flat-keyed.js';
import { readKernelFile } from '../host/kernel-file.js';

/** A limit is read again this often. */
const LOOK_EVERY_MS = 2000;
/** The kernel keeps limits in whole pages, of 64 KiB at the most. */
const ROUNDED_BYTES = 65_536;

/** Notices that somebody has changed a limit that we have set: a task may be allowed to, as root is. */
export class LimitWatch {
  #dueMs = -Infinity;

  /** Whether it is to be set again. */
  look(nowMs: number, path: string, bytes: number): boolean {
    if (nowMs < this.#dueMs) return false;
    this.#dueMs = nowMs + LOOK_EVERY_MS;
    const now = singleNumber(readKernelFile(path) ?? '');
    if (now === undefined) return false;
    return now === 'max' || Math.abs(now - bytes) >= ROUNDED_BYTES;
  }
}
