import { closeSync, constants, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** A socket's path that fits into an address, however long the folder's own path is. */
export interface ShortPath {
  readonly path: string;
  /** Lets go of the folder: the path means nothing after that. */
  close(): void;
}

/**
 * A path of a unix socket has at most 107 bytes (unix(7)); a state folder may be deeper than that. `/proc/self/fd/N` is
 * the folder itself, and short; nobody has to change the working directory for it.
 *
 * @throws when the folder cannot be opened.
 */
export function shortPathOf(socketPath: string): ShortPath {
  const fd = openSync(dirname(socketPath), constants.O_RDONLY | constants.O_DIRECTORY);
  return {
    path: `/proc/self/fd/${fd}/${basename(socketPath)}`,
    close: () => {
      closeSync(fd);
    },
  };
}
