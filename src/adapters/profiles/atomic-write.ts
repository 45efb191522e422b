import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  futimesSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '../../util/system-error.js';

/** So many files are written at a time: each needs a descriptor. */
const BATCH = 64;
const TEMPORARY = /^\.(.+)\.[0-9a-f]{16}\.tmp$/s;

/** A file to write. */
export interface NewContent {
  readonly path: string;
  readonly text: string;
  /** The time that the file is to have, milliseconds since 1970; default: now. */
  readonly modifiedMs?: number;
}

/**
 * Writes files, mode 0600, each of which is at every moment either the old one or the new one, also after a power
 * failure: beside the old ones first, all of it to disk, then into their places.
 *
 * @throws a system error when one cannot be written; it and those after it stay as they were.
 */
export function writeAtomically(contents: readonly NewContent[]): void {
  for (let at = 0; at < contents.length; at += BATCH) writeBatch(contents.slice(at, at + BATCH));
}

function writeBatch(contents: readonly NewContent[]): void {
  const fresh: { readonly from: string; readonly to: string; readonly fd: number }[] = [];
  try {
    for (const { path, text, modifiedMs } of contents) {
      const from = join(dirname(path), temporaryName(basename(path)));
      const fd = openSync(from, 'wx', 0o600);
      fresh.push({ from, to: path, fd });
      writeFileSync(fd, text);
      if (modifiedMs !== undefined) futimesSync(fd, modifiedMs / 1000, modifiedMs / 1000);
    }
    // Only now: all of them are on their way by then, and the first wait is for most of the others, too.
    for (const { fd } of fresh) fsyncSync(fd);
    for (const { from, to } of fresh) renameSync(from, to);
    for (const folder of new Set(contents.map(({ path }) => dirname(path)))) syncFolder(folder);
  } finally {
    for (const { from, fd } of fresh) {
      closeSync(fd);
      removeIfThere(from);
    }
  }
}

/**
 * Removes what writers that were killed have left in a folder. Only for who has the lock: others may be writing.
 *
 * @param isOurs - whether a name is that of a file whose lock this is.
 */
export function removeLeftovers(folder: string, isOurs: (name: string) => boolean): void {
  for (const entry of readdirSync(folder)) {
    const name = TEMPORARY.exec(entry)?.[1];
    if (name !== undefined && isOurs(name)) removeIfThere(join(folder, entry));
  }
}

function temporaryName(name: string): string {
  return `.${name}.${randomBytes(8).toString('hex')}.tmp`;
}

/** Without this a new name may be lost in a power failure. */
function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } catch (error) {
    // Some network file systems cannot; they write names at once.
    if (errorCode(error) !== 'EINVAL') throw error;
  } finally {
    closeSync(fd);
  }
}

/** Removes a file; one that is gone already is none of our business. */
export function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
