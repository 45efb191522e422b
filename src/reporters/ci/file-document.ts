import { randomBytes } from 'node:crypto';
import {
  closeSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  statSync,
  unlinkSync,
  type Stats,
} from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errorCode } from '../../util/system-error.js';
import type { Document } from './document.js';

/** So much is handed to the kernel at a time, characters. */
const CHUNK_CHARACTERS = 256 * 1024;
/** Others are to read these files: node_exporter, whoever uploads artifacts. The umask takes off what it must. */
const NEW_FILE_MODE = 0o666;

/** A document in a file, and where it is: symbolic links are followed, and stay. */
export interface FileDocument extends Document {
  readonly path: string;
}

/**
 * A document that is a regular file, there already or not. Each version is written beside it and then moved into its
 * place, so its folder must be writable; a file that was there keeps its mode. Nothing is changed yet.
 *
 * @throws a system error when it cannot be written, or a TypeError when there is something else than a regular file.
 */
export function openFileDocument(wanted: string): FileDocument {
  const path = targetOf(resolve(wanted));
  const old = statSync(path, { throwIfNoEntry: false });
  if (old !== undefined && !old.isFile()) throw new TypeError(whatIs(old));
  const mode = old === undefined ? NEW_FILE_MODE : old.mode & 0o777;
  tryFolderOf(path);
  return {
    path,
    async replace(pieces) {
      const fresh = freshName(path);
      try {
        const file = await open(fresh, 'wx', mode);
        try {
          for (const chunk of chunksOf(pieces)) await file.writeFile(chunk);
        } finally {
          await file.close();
        }
        await rename(fresh, path);
      } catch (error) {
        await rm(fresh, { force: true });
        throw error;
      }
    },
  };
}

/**
 * The file that a path leads to, over symbolic links, also where it is still to come.
 *
 * @throws a system error when there is no folder for it.
 */
function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  const folder = realpathSync(dirname(path));
  const name = join(folder, basename(path));
  const isLink = lstatSync(name, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return isLink ? targetOf(resolve(folder, readlinkSync(name))) : name;
}

function whatIs(old: Stats): string {
  return old.isDirectory()
    ? 'it is a folder; name a file in it'
    : 'it is not a regular file, and could not be replaced while the run goes on';
}

/** @throws a system error when no file can be made there. */
function tryFolderOf(path: string): void {
  const probe = freshName(path);
  closeSync(openSync(probe, 'wx', NEW_FILE_MODE));
  unlinkSync(probe);
}

/** Hidden, and with an ending that nobody collects. */
function freshName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}.tmp`);
}

function* chunksOf(pieces: readonly string[]): Generator<string> {
  let chunk = '';
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}
