import { unlinkSync } from 'node:fs';
import { errorCode } from './system-error.js';

/**
 * Removes a file; one that is not there is fine. Not `rmSync(…, { force: true })`, for which node loads what removes whole
 * trees.
 *
 * @throws the system error, when it is there and cannot be removed.
 */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
