import { createHash } from 'node:crypto';
import { readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MiB } from '../../util/bytes.js';
import { makeFolder } from '../../util/make-folder.js';
import { errorCode } from '../../util/system-error.js';
import { removeIfThere, removeLeftovers, writeAtomically } from './atomic-write.js';
import { profilesText } from './format.js';
import {
  asideName,
  readProfileFile,
  type Changes,
  type Reading,
  type Shelf,
  type ShelfBounds,
  type Trouble,
} from './shelf.js';
import { lastSeenMs, type StoredProfile } from '../../core/learning/stored-profile.js';

const BOUNDS: ShelfBounds = { maxGroups: 4000, maxBytes: 256 * MiB };
const NAME_CHARS = 32;
const NAME = /^[0-9a-f]{32}\.json$/;

/**
 * A file for each group, named by a digest of its key: a run reads and writes those of its own groups only. A file's
 * time is when its group was last seen.
 */
export class FolderShelf implements Shelf {
  readonly lockPath: string;

  constructor(
    readonly path: string,
    readonly now: () => number,
    readonly bounds: ShelfBounds = BOUNDS,
  ) {
    this.lockPath = join(path, 'lock');
  }

  prepare(): void {
    makeFolder(this.path, 0o700);
  }

  isEmpty(): boolean {
    return this.#names().length === 0;
  }

  fileOf(group: string): string {
    const digest = createHash('sha256').update(group).digest('hex').slice(0, NAME_CHARS);
    return join(this.path, `${digest}.json`);
  }

  read(groups?: ReadonlySet<string>): Reading {
    const paths =
      groups === undefined
        ? this.#names().map((name) => join(this.path, name))
        : [...groups].map((group) => this.fileOf(group));
    const profiles = new Map<string, StoredProfile>();
    const troubles: Trouble[] = [];
    for (const path of paths) {
      const read = readProfileFile(path);
      if (!read.ok) troubles.push({ path, flaw: ours(read.error) });
      else for (const profile of read.value) profiles.set(profile.group, profile);
    }
    return { profiles, troubles };
  }

  setAside(path: string): string {
    const aside = asideName(path, this.now());
    renameSync(path, aside);
    return aside;
  }

  write(changes: Changes): readonly StoredProfile[] {
    removeLeftovers(this.path, (name) => NAME.test(name));
    const fresh: StoredProfile[] = [];
    for (const [group, profile] of changes) {
      if (profile === undefined) removeIfThere(this.fileOf(group));
      else fresh.push(profile);
    }
    // More than there is room for need not be written at all.
    fresh.sort((a, b) => lastSeenMs(b) - lastSeenMs(a));
    const kept = fresh.slice(0, this.bounds.maxGroups);
    writeAtomically(
      kept.map((profile) => ({
        path: this.fileOf(profile.group),
        text: profilesText([profile]),
        modifiedMs: lastSeenMs(profile),
      })),
    );
    return [...fresh.slice(kept.length), ...this.#dropOldest()];
  }

  #dropOldest(): StoredProfile[] {
    const files = this.#names().map((name) => {
      const path = join(this.path, name);
      const { size, mtimeMs } = statSync(path);
      return { path, size, mtimeMs };
    });
    let { length: count } = files;
    let bytes = files.reduce((sum, { size }) => sum + size, 0);
    const { maxGroups, maxBytes } = this.bounds;
    const dropped: StoredProfile[] = [];
    for (const { path, size } of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
      if (count <= maxGroups && bytes <= maxBytes) break;
      const read = readProfileFile(path);
      // What cannot be read is not ours to remove.
      if (!read.ok) continue;
      removeIfThere(path);
      dropped.push(...read.value);
      count -= 1;
      bytes -= size;
    }
    return dropped;
  }

  #names(): string[] {
    try {
      return readdirSync(this.path).filter((name) => NAME.test(name));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      throw error;
    }
  }
}

/** Nobody but us puts files here: one that is something else has been overwritten. */
function ours(flaw: Trouble['flaw']): Trouble['flaw'] {
  return flaw.kind === 'foreign'
    ? { kind: 'damaged', why: 'it does not begin as a file of profiles does' }
    : flaw;
}
