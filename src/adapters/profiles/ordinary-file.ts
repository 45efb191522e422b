import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describeError } from '../../util/system-error.js';
import { ProfileError } from './profile-error.js';

/**
 * The absolute path of a file that may be replaced by another one: what a symbolic link leads to, so that the link stays.
 *
 * @param path - as typed; relative to the current folder.
 * @throws ProfileError when its folder is missing, or it is there and no ordinary file.
 */
export function ordinaryFile(path: string): string {
  const absolute = resolve(path);
  try {
    if (existsSync(absolute)) {
      if (!statSync(absolute).isFile())
        throw new ProfileError(`${path} is no ordinary file; name one, such as profiles.json`);
      return realpathSync(absolute);
    }
    if (statSync(dirname(absolute), { throwIfNoEntry: false })?.isDirectory() === true)
      return absolute;
  } catch (error) {
    if (error instanceof ProfileError) throw error;
    throw new ProfileError(`${path} cannot be looked at: ${describeError(error)}`);
  }
  throw new ProfileError(
    `${path} cannot be made: there is no folder ${dirname(absolute)}; make it with mkdir -p, or name another file`,
  );
}
