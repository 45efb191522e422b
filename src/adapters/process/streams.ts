import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StartFault } from '../../core/outcome.js';
import { err, ok, type Result } from '../../util/result.js';
import { makeFolder } from '../../util/make-folder.js';
import { describeError, errorCode } from '../../util/system-error.js';
import { startFault } from '../host/start-fault.js';

/** Appended to, made at need, and for the user's eyes alone. */
const LOG_FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
const LOG_MODE = 0o600;

/** Open file descriptors for one launch; ours only until the child has its own. */
export interface Streams {
  readonly stdin: number | 'ignore';
  readonly stdout: number;
  readonly stderr: number;
  /** Closes our copies. */
  close(): void;
}

/** Where a task reads from and writes to. */
export interface StreamPaths {
  readonly stdin: string | undefined;
  readonly stdoutPath: string;
  readonly stderrPath: string;
}

/**
 * Opens what the task reads and writes. The child gets the descriptors themselves: its output never passes through
 * this process. The same path twice is opened once, so that both streams keep their order.
 *
 * @returns why one cannot be opened; then none stays open.
 */
export function openStreams(paths: StreamPaths): Result<Streams, StartFault> {
  const opened: number[] = [];
  const close = (): void => {
    for (const fd of opened.splice(0)) closeSync(fd);
  };
  const open = (path: string, flags: number): number => {
    const fd = flags === LOG_FLAGS ? openLog(path) : openSync(path, flags);
    opened.push(fd);
    return fd;
  };
  const fail = (what: string, error: unknown): Result<Streams, StartFault> => {
    close();
    return err(startFault(`${what}: ${describeError(error)}`, errorCode(error)));
  };

  let stdin: number | 'ignore' = 'ignore';
  if (paths.stdin !== undefined) {
    try {
      stdin = open(paths.stdin, constants.O_RDONLY);
    } catch (error) {
      return fail(`cannot read stdin from ${paths.stdin}`, error);
    }
  }
  try {
    const stdout = open(paths.stdoutPath, LOG_FLAGS);
    const stderr =
      paths.stderrPath === paths.stdoutPath ? stdout : open(paths.stderrPath, LOG_FLAGS);
    return ok({ stdin, stdout, stderr, close });
  } catch (error) {
    return fail(`cannot write the task's output to ${paths.stdoutPath}`, error);
  }
}

/** The folder is made at need: someone may tidy up while a run goes on. */
function openLog(path: string): number {
  try {
    return openSync(path, LOG_FLAGS, LOG_MODE);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    makeFolder(dirname(path), 0o700);
    return openSync(path, LOG_FLAGS, LOG_MODE);
  }
}

/**
 * Why a task cannot have this file as its standard input, as a sentence. Opening a pipe would wait for its writer; a
 * folder opens, and fails at the first read.
 */
export function unfitForStdin(path: string): string | undefined {
  try {
    const kind = statSync(path);
    if (kind.isDirectory()) return `cannot read stdin from ${path}: it is a folder`;
    if (kind.isFIFO() || kind.isSocket()) {
      return `cannot read stdin from ${path}: it is a pipe or a socket; use a file, or let the command open it ("run: ./cmd < ${path}")`;
    }
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return `cannot read stdin from ${path}: ${describeError(error)}`;
  }
}
