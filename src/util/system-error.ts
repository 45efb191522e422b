import { constants } from 'node:os';

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder',
  EEXIST: 'it exists already',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EIO: 'the device reports an input/output error',
  EMFILE: 'too many open files in this process; raise the limit with "ulimit -n"',
  ENFILE: 'too many open files on this host; see /proc/sys/fs/file-max',
  EAGAIN: 'too many processes; see "ulimit -u", and pids.max of the cgroup',
  ENOMEM: 'the kernel had no memory for it',
  E2BIG: 'the command line and the environment together are too long for the kernel',
};

/** Errors that say that the host has too little of something now, and may have it again later. */
const SHORTAGES: ReadonlySet<string> = new Set(['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE']);

/** Whether an error's code says that something ran short: trying again later may do. */
export function isShortageCode(code: string | undefined): boolean {
  return code !== undefined && SHORTAGES.has(code);
}

/** The `code` of a system error, `ENOENT`; undefined when it is some other error. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * A system error by its number, in the words of {@link describeError}.
 *
 * @param text - the C library's words, for one that has none here.
 */
export function describeErrno(errno: number, text: string): string {
  const code = codeOfErrno(errno);
  return `${WORDS[code ?? ''] ?? text} (${code ?? `error ${errno}`})`;
}

/** `EAGAIN` for 11; undefined for a number that the kernel has no name for. */
export function codeOfErrno(errno: number): string | undefined {
  return Object.entries(constants.errno).find(([, number]) => number === errno)?.[0];
}

/** A system error in words for the user: what it means, and the kernel's name for it. */
export function describeError(error: unknown): string {
  const code = errorCode(error);
  const words = code === undefined ? undefined : WORDS[code];
  if (words !== undefined) return `${words} (${String(code)})`;
  return error instanceof Error ? error.message : String(error);
}
