import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { ensureStateDir, stateDir } from '../adapters/journal/state-dir.js';
import { ProfileError } from '../adapters/profiles/profile-error.js';
import {
  troubleWords,
  type Change,
  type ProfileStore,
} from '../adapters/profiles/profile-store.js';
import type { StoredProfile } from '../core/learning/stored-profile.js';
import { printable } from '../util/printable.js';
import { tell } from './print.js';
import { openProfileStore } from './profiles.js';

/** The option that every `memsched profile` command has. */
export interface WhichProfiles {
  readonly profileFile?: string;
}

/** Adds the option that says which profiles are meant. */
export function addProfileFileOption(command: Command): Command {
  return command.option('--profile-file <file>', 'this file instead of the profiles of this host');
}

/** Opens the profiles that a command is about. */
export function openStore({ profileFile }: WhichProfiles): ProfileStore {
  return openProfileStore(
    profileFile === undefined ? { kind: 'host' } : { kind: 'file', path: profileFile },
    tell,
  );
}

/**
 * All profiles, by group.
 *
 * @throws ProfileError when the file is missing, or something in it is of a newer version or cannot be read.
 */
export async function readAll(which: WhichProfiles): Promise<ReadonlyMap<string, StoredProfile>> {
  const store = openStore(which);
  if (which.profileFile !== undefined && !existsSync(store.path))
    throw new ProfileError(
      `there is no file ${printable(which.profileFile)}; a run with that --profile-file makes it`,
    );
  const { profiles, troubles } = await store.read();
  const [trouble] = troubles;
  if (trouble !== undefined) throw new ProfileError(printable(troubleWords(trouble)));
  return profiles;
}

/**
 * Changes profiles.
 *
 * @param groups - those that `change` may look at and change; undefined: all.
 * @throws ProfileError when not all of it could be written.
 */
export async function updateStore(
  which: WhichProfiles,
  groups: ReadonlySet<string> | undefined,
  change: Change,
): Promise<void> {
  if (which.profileFile === undefined) ensureStateDir(stateDir());
  const done = await openStore(which).update(groups, change);
  if (!done.ok) throw new ProfileError(printable(done.error));
}
