import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { StoredProfile } from '../../core/learning/stored-profile.js';
import { describeError } from '../../util/system-error.js';
import { writeAtomically } from './atomic-write.js';
import { profilesText } from './format.js';
import { ordinaryFile } from './ordinary-file.js';
import { ProfileError } from './profile-error.js';
import { troubleWords } from './profile-store.js';
import { readProfileFile } from './shelf.js';

/**
 * Reads a file that is to be added to others. It is not ours: whatever is wrong with it, it stays as it is.
 *
 * @throws ProfileError when it is missing, damaged, of a newer version or something else.
 */
export function readImports(file: string): readonly StoredProfile[] {
  if (!existsSync(file)) throw new ProfileError(`there is no file ${file}`);
  const read = readProfileFile(file);
  if (!read.ok) throw new ProfileError(troubleWords({ path: file, flaw: read.error }));
  return read.value;
}

/**
 * Writes profiles to a file, in the place of an older file of profiles.
 *
 * @throws ProfileError when it cannot be written, or is there and something else.
 */
export function exportProfiles(file: string, profiles: readonly StoredProfile[]): void {
  const path = ordinaryFile(resolve(file));
  const before = readProfileFile(path);
  if (!before.ok) {
    const words = troubleWords({ path: file, flaw: before.error });
    throw new ProfileError(`${words}; it is not replaced, choose another name`);
  }
  try {
    writeAtomically([{ path, text: profilesText(profiles) }]);
  } catch (error) {
    throw new ProfileError(`${file} cannot be written: ${describeError(error)}`);
  }
}
