import { existsSync, readFileSync, statSync } from 'node:fs';
import { MiB } from '../../util/bytes.js';
import { err, ok, type Result } from '../../util/result.js';
import { describeError, errorCode } from '../../util/system-error.js';
import { parseProfiles, type Flaw } from './format.js';
import type { StoredProfile } from '../../core/learning/stored-profile.js';

/** A file beyond this is none that we wrote, and is not read into memory. */
const READ_MAX_BYTES = 256 * MiB;

/** A file that cannot be used, and why. */
export interface Trouble {
  readonly path: string;
  readonly flaw: Flaw | { readonly kind: 'unreadable'; readonly why: string };
}

/** What was found. */
export interface Reading {
  readonly profiles: ReadonlyMap<string, StoredProfile>;
  readonly troubles: readonly Trouble[];
}

/** What to write: new profiles by group, and undefined for those to be forgotten. */
export type Changes = ReadonlyMap<string, StoredProfile | undefined>;

/** How much may be kept. */
export interface ShelfBounds {
  readonly maxGroups: number;
  readonly maxBytes: number;
}

/** A place on disk for profiles: a folder with a file for each group, or one file. Every call may throw system errors. */
export interface Shelf {
  /** The folder or the file, for messages. */
  readonly path: string;
  readonly bounds: ShelfBounds;
  /** What processes lock that write here. */
  readonly lockPath: string;
  /** Makes the folder, where it is ours to make. */
  prepare(): void;
  /** True while nothing was ever written. */
  isEmpty(): boolean;
  /** The file that holds a group, or would. */
  fileOf(group: string): string;
  /** Reads at least these groups; all when it is not told which. */
  read(groups?: ReadonlySet<string>): Reading;
  /** Puts a file under another name, see {@link asideName}. With the lock; a {@link write} must follow. */
  setAside(path: string): string;
  /** Writes the changes and drops the longest unused groups beyond the bounds. With the lock. @returns the dropped ones. */
  write(changes: Changes, before: Reading): readonly StoredProfile[];
}

/** Reads one file of profiles; a missing one holds none. */
export function readProfileFile(path: string): Result<readonly StoredProfile[], Trouble['flaw']> {
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > READ_MAX_BYTES)
      return err({ kind: 'damaged', why: `it has ${size} bytes, more than any that was written` });
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return ok([]);
    return err({ kind: 'unreadable', why: describeError(error) });
  }
  return parseProfiles(text);
}

/** A free name beside `path` for what is left of it: `profiles.json.corrupt-20261123T064927`. */
export function asideName(path: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+Z$/g, '');
  const name = `${path}.corrupt-${time}`;
  for (let tries = 1; ; tries += 1) {
    const free = tries === 1 ? name : `${name}-${tries}`;
    if (!existsSync(free)) return free;
  }
}
