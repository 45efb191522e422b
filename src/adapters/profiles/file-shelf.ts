import { constants, copyFileSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { MiB } from '../../util/bytes.js';
import { removeLeftovers, writeAtomically } from './atomic-write.js';
import { profilesText, recordText } from './format.js';
import {
  asideName,
  readProfileFile,
  type Changes,
  type Reading,
  type Shelf,
  type ShelfBounds,
} from './shelf.js';
import { lastSeenMs, type StoredProfile } from '../../core/learning/stored-profile.js';

/** It is read and written as a whole: less than the folder may hold. */
const BOUNDS: ShelfBounds = { maxGroups: 4000, maxBytes: 32 * MiB };

/** All profiles in one file, to be carried from machine to machine. */
export class FileShelf implements Shelf {
  readonly lockPath: string;

  /** @param path - absolute; its folder exists. */
  constructor(
    readonly path: string,
    readonly now: () => number,
    readonly bounds: ShelfBounds = BOUNDS,
  ) {
    this.lockPath = path;
  }

  prepare(): void {
    // The folder is the user's.
  }

  isEmpty(): boolean {
    return (statSync(this.path, { throwIfNoEntry: false })?.size ?? 0) === 0;
  }

  fileOf(): string {
    return this.path;
  }

  read(): Reading {
    const read = readProfileFile(this.path);
    return read.ok
      ? { profiles: byGroup(read.value), troubles: [] }
      : { profiles: new Map(), troubles: [{ path: this.path, flaw: read.error }] };
  }

  /** A copy: the file itself is what others wait for, and must not be gone before it is replaced. */
  setAside(path: string): string {
    const aside = asideName(path, this.now());
    copyFileSync(path, aside, constants.COPYFILE_EXCL);
    return aside;
  }

  write(changes: Changes, before: Reading): readonly StoredProfile[] {
    removeLeftovers(dirname(this.path), (name) => name === basename(this.path));
    const after = new Map(before.profiles);
    for (const [group, profile] of changes) {
      if (profile === undefined) after.delete(group);
      else after.set(group, profile);
    }
    const { kept, dropped } = withinBounds([...after.values()], this.bounds);
    writeAtomically([{ path: this.path, text: profilesText(kept) }]);
    return dropped;
  }
}

function byGroup(profiles: readonly StoredProfile[]): ReadonlyMap<string, StoredProfile> {
  return new Map(profiles.map((profile) => [profile.group, profile]));
}

/** The last seen stay, as many as there is room for, in the order of their names. */
function withinBounds(
  profiles: readonly StoredProfile[],
  { maxGroups, maxBytes }: ShelfBounds,
): { readonly kept: readonly StoredProfile[]; readonly dropped: readonly StoredProfile[] } {
  const kept: StoredProfile[] = [];
  const dropped: StoredProfile[] = [];
  let bytes = 0;
  for (const profile of profiles.toSorted((a, b) => lastSeenMs(b) - lastSeenMs(a))) {
    bytes += Buffer.byteLength(recordText(profile)) + 2;
    if (kept.length < maxGroups && bytes <= maxBytes) kept.push(profile);
    else dropped.push(profile);
  }
  return { kept: kept.sort((a, b) => (a.group < b.group ? -1 : 1)), dropped };
}
