import { closeSync, constants, openSync } from 'node:fs';
import { err, ok, type Result } from '../../util/result.js';
import { describeError } from '../../util/system-error.js';
import { flock } from '../host/flock.js';
import type { RunFolder } from './run-folder.js';

/** The right to supervise a run: nobody else has it until it is let go of or its holder is dead. */
export interface RunLock {
  /** Why there is no such right on this host; undefined where there is. */
  readonly missing: string | undefined;
  release(): void;
}

/**
 * Takes the right to supervise a run, for the life of this process. It is a lock of the kernel's on a file in the run's
 * folder: it cannot outlive us, whoever ends us, and holds across containers that share the folder on one host.
 *
 * @returns a sentence when somebody else has it, or the file cannot be opened.
 */
export async function lockRun(folder: RunFolder): Promise<Result<RunLock, string>> {
  let fd: number;
  try {
    fd = openSync(
      folder.lockPath,
      constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW,
      0o600,
    );
  } catch (error) {
    return err(`${folder.lockPath} cannot be opened: ${describeError(error)}`);
  }
  const release = (): void => {
    closeSync(fd);
  };
  const answer = await flock(fd);
  if (answer.kind !== 'busy')
    return ok({ missing: answer.kind === 'none' ? answer.why : undefined, release });
  release();
  return err(`run ${folder.runId} is supervised by another memsched at this moment`);
}
