import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The project that a folder is part of: the nearest folder from it upwards with a `.git` in it, or else the folder
 * itself. Nothing in it is read.
 *
 * @param folder - absolute.
 */
export function projectDirOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (isThere(join(at, '.git'))) return at;
    if (dirname(at) === at) return folder;
  }
}

/** A folder in a clone, a file in a linked worktree; what may not be looked at is not there. */
function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}
