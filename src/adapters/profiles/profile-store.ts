import { PROFILE_VERSION } from '../../core/learning/profile.js';
import { err, ok, type Result } from '../../util/result.js';
import { describeError } from '../../util/system-error.js';
import { withLock } from './file-lock.js';
import type { Changes, Reading, Shelf, Trouble } from './shelf.js';
import type { StoredProfile } from '../../core/learning/stored-profile.js';

/** Dropped groups that are named. */
const DROPPED_NAMED = 5;

/** What a {@link ProfileStore} needs besides a place. */
export interface StoreOptions {
  /** Takes a sentence for the user. */
  readonly warn: (sentence: string) => void;
  /** How long to wait for others that write. */
  readonly lockWaitMaxMs?: number;
}

/** Works out what to write from what is there. */
export type Change = (before: ReadonlyMap<string, StoredProfile>) => Changes;

/**
 * Profiles on disk. Reading needs no lock, as files are replaced whole; who writes has the lock from reading to the last
 * rename, so that nothing that two runs learned at once is lost. A damaged file is put aside under another name, and
 * told; one of a newer version is left as it is.
 */
export class ProfileStore {
  readonly #shelf: Shelf;
  readonly #options: StoreOptions;

  constructor(shelf: Shelf, options: StoreOptions) {
    this.#shelf = shelf;
    this.#options = options;
  }

  /** The folder or the file, for messages. */
  get path(): string {
    return this.#shelf.path;
  }

  /**
   * Reads profiles, and puts aside what is damaged.
   *
   * @param groups - only these; default: all.
   * @returns what was found, and the files that had to be left alone.
   */
  async read(groups?: ReadonlySet<string>): Promise<Reading> {
    const reading = this.look(groups);
    if (!reading.troubles.some(isDamaged)) return reading;
    const mended = await this.update(groups, () => new Map());
    if (!mended.ok) this.#options.warn(mended.error);
    return this.look(groups);
  }

  /** As {@link read}, but nothing on disk is touched. */
  look(groups?: ReadonlySet<string>): Reading {
    try {
      const { profiles, troubles } = this.#shelf.read(groups);
      if (groups === undefined) return { profiles, troubles };
      return { profiles: only(profiles, groups), troubles };
    } catch (error) {
      const flaw = { kind: 'unreadable', why: describeError(error) } as const;
      return { profiles: new Map(), troubles: [{ path: this.path, flaw }] };
    }
  }

  /**
   * Changes profiles with the lock. What stands in a file that must be left alone is not changed.
   *
   * @param groups - those that `change` may look at and change; undefined: all.
   * @returns a sentence when nothing, or not all of it, could be written.
   */
  async update(
    groups: ReadonlySet<string> | undefined,
    change: Change,
  ): Promise<Result<undefined, string>> {
    const { warn, lockWaitMaxMs } = this.#options;
    try {
      this.#shelf.prepare();
      const done = await withLock(
        this.#shelf.lockPath,
        { warn, ...(lockWaitMaxMs === undefined ? {} : { waitMaxMs: lockWaitMaxMs }) },
        () => this.#updateLocked(groups, change),
      );
      return done.ok ? done.value : done;
    } catch (error) {
      return err(`${this.path} cannot be written: ${describeError(error)}`);
    }
  }

  #updateLocked(
    groups: ReadonlySet<string> | undefined,
    change: Change,
  ): Result<undefined, string> {
    const before = this.#shelf.read(groups);
    const damaged = before.troubles.filter(isDamaged);
    const left = before.troubles.filter((trouble) => !isDamaged(trouble));
    for (const trouble of damaged) this.#putAside(trouble);
    const isWritable = (group: string): boolean =>
      left.every(({ path }) => path !== this.#shelf.fileOf(group));
    const wanted = [...change(before.profiles)];
    const changes = new Map(wanted.filter(([group]) => isWritable(group)));
    const isNeeded = changes.size > 0 || damaged.length > 0 || this.#shelf.isEmpty();
    if (isNeeded) this.#tellDropped(this.#shelf.write(changes, before));
    return changes.size === wanted.length ? ok(undefined) : err(left.map(troubleWords).join('; '));
  }

  #putAside(trouble: Trouble): void {
    const aside = this.#shelf.setAside(trouble.path);
    this.#options.warn(`${troubleWords(trouble)}; it is put aside as ${aside}`);
  }

  #tellDropped(dropped: readonly StoredProfile[]): void {
    if (dropped.length === 0) return;
    const { maxGroups, maxBytes } = this.#shelf.bounds;
    const named = dropped.slice(0, DROPPED_NAMED).map(({ group }) => group);
    const more = dropped.length > named.length ? ', …' : '';
    this.#options.warn(
      `${this.path} holds ${maxGroups} groups and ${maxBytes / 1024 / 1024} MiB at most: ${dropped.length} that were not seen for longest are dropped (${named.join(', ')}${more})`,
    );
  }
}

/** What is wrong with a file, as a sentence without its end. */
export function troubleWords({ path, flaw }: Trouble): string {
  switch (flaw.kind) {
    case 'newer':
      return `${path} is written in version ${flaw.version} of the format, and this memsched reads versions up to ${PROFILE_VERSION}; use a newer memsched`;
    case 'foreign':
      return `${path} is no file of profiles; is it the right one?`;
    case 'damaged':
      return `${path} is damaged (${flaw.why})`;
    case 'unreadable':
      return `${path} cannot be read: ${flaw.why}`;
  }
}

function isDamaged({ flaw }: Trouble): boolean {
  return flaw.kind === 'damaged';
}

function only(
  profiles: ReadonlyMap<string, StoredProfile>,
  groups: ReadonlySet<string>,
): ReadonlyMap<string, StoredProfile> {
  return new Map([...profiles].filter(([group]) => groups.has(group)));
}
