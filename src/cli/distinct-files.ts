import { lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from './errors.js';

/** As many symbolic links in a row as the kernel follows. */
const LINKS_MAX = 40;

/**
 * Makes sure that files of a run are different ones: what is written to one would destroy another. Nothing is opened.
 *
 * @param files - paths by what the user calls them, an option or "the jobfile"; undefined for one that is not wanted.
 * @throws UsageError when two of them are one file, whatever names or links lead to it.
 */
export function requireDistinctFiles(files: Readonly<Record<string, string | undefined>>): void {
  const seen = new Map<string, string>();
  for (const [option, path] of Object.entries(files)) {
    if (path === undefined) continue;
    const identity = identityOf(path);
    if (identity === undefined) continue;
    const other = seen.get(identity);
    if (other !== undefined)
      throw new UsageError(`${other} and ${option} name the same file, ${path}; name two`);
    seen.set(identity, option);
  }
}

/** What two names of one file have in common; undefined for a device, such as /dev/null, which nothing can overwrite. */
function identityOf(path: string): string | undefined {
  try {
    const stat = statSync(path, { bigint: true });
    return stat.isCharacterDevice() ? undefined : `${stat.dev}:${stat.ino}`;
  } catch {
    return placeToCome(path, LINKS_MAX);
  }
}

/** Where a file that is not there yet would be made: links lead there, in its folder's name and in its own. */
function placeToCome(path: string, linksLeft: number): string {
  const folder = dirname(resolve(path));
  const place = join(realPathOf(folder), basename(path));
  if (linksLeft === 0 || !isLink(place)) return place;
  return placeToCome(resolve(dirname(place), readlinkSync(place)), linksLeft - 1);
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

function realPathOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
