import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from './system-error.js';

/**
 * Makes a folder and those above it that are missing, each with `mode`; one that is there already is left as it is.
 *
 * Not `mkdirSync(…, { recursive: true })`: where a file system answers ENOENT to every mkdir, as /proc does, Node 20
 * tries again without end.
 *
 * @throws the system error of the folder that could not be made.
 */
export function makeFolder(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (errorCode(error) === 'EEXIST' && statSync(path).isDirectory()) return;
    const parent = dirname(path);
    if (errorCode(error) !== 'ENOENT' || parent === path || exists(parent)) throw error;
    makeFolder(parent, mode);
    makeFolder(path, mode);
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
