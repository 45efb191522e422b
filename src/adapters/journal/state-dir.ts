import { accessSync, constants, lstatSync, statSync, type Stats } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { makeFolder } from '../../util/make-folder.js';
import { describeError, errorCode } from '../../util/system-error.js';
import { shellWord } from '../../util/shell-word.js';
import { HostError } from '../host/host-error.js';
import { isInContainer, openPlaceOnWayTo } from './way-to.js';

const MEND = 'export XDG_STATE_HOME=/some/folder/of/yours';

/**
 * The folder that holds runs and profiles: `$XDG_STATE_HOME/memsched`, else `~/.local/state/memsched`
 * (XDG Base Directory Specification 0.8).
 *
 * @throws HostError when `XDG_STATE_HOME` is not absolute.
 */
export function stateDir(env: NodeJS.ProcessEnv = process.env): string {
  const configured = env['XDG_STATE_HOME'];
  if (configured === undefined || configured === '') {
    return join(env['HOME'] ?? homedir(), '.local', 'state', 'memsched');
  }
  if (!isAbsolute(configured)) {
    throw new HostError(`XDG_STATE_HOME must be an absolute path, and is "${configured}"`, MEND);
  }
  return join(configured, 'memsched');
}

/** What decides how a state folder is looked at. */
export interface StateDirChecks {
  /** Whether the folders above it count, too; default: everywhere but in a container. */
  readonly withWay?: boolean;
}

/**
 * Makes the state folder, or makes sure that the one there can be trusted: it holds commands that `resume` runs again.
 *
 * @throws HostError when it cannot be made, is not ours, or others may write to it or put another one in its place.
 */
export function ensureStateDir(path: string, checks: StateDirChecks = {}): void {
  try {
    makeFolder(path, 0o700);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') throw new HostError(`${path} is not a folder`, MEND);
    throw new HostError(`cannot make the state folder ${path}: ${describeError(error)}`, MEND);
  }
  checkStateDir(path, checks);
}

/**
 * Whether there is a state folder, and one that can be trusted.
 *
 * @throws HostError when it is not ours, others may write to it or put another one in its place, or the way to it leads
 *   through what is no folder.
 */
export function hasStateDir(path: string, checks: StateDirChecks = {}): boolean {
  if (!isThere(path)) return false;
  checkStateDir(path, checks);
  return true;
}

/**
 * Makes sure that {@link ensureStateDir} would not fail, and that what is there can be written to; changes nothing.
 *
 * @throws HostError when that is not so.
 */
export function checkStateDirUsable(path: string): void {
  let nearest = path;
  if (!hasStateDir(path)) while (!isThere(nearest)) nearest = dirname(nearest);
  try {
    accessSync(nearest, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new HostError(`cannot write to the state folder ${path}: ${describeError(error)}`, MEND);
  }
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw new HostError(`there can be no state folder ${path}: ${describeError(error)}`, MEND);
  }
}

function checkStateDir(path: string, { withWay = !isInContainer() }: StateDirChecks): void {
  const link = lstatSync(path);
  if (link.isSymbolicLink() && !isOurs(link)) {
    throw new HostError(
      `${path} is a symbolic link that belongs to someone else (user ${link.uid})`,
      MEND,
    );
  }
  const folder = statSync(path, { throwIfNoEntry: false });
  if (folder?.isDirectory() !== true) throw new HostError(`${path} is not a folder`, MEND);
  if (!isOurs(folder)) {
    throw new HostError(
      `the state folder ${path} belongs to someone else (user ${folder.uid})`,
      MEND,
    );
  }
  if ((folder.mode & 0o022) !== 0) {
    throw new HostError(
      `others may write to the state folder ${path}`,
      `chmod 700 ${shellWord(path)}`,
    );
  }
  if (withWay) checkWayTo(path);
}

function checkWayTo(path: string): void {
  const open = openPlaceOnWayTo(path);
  if (open === undefined) return;
  throw new HostError(
    `the state folder ${path} can be replaced by others: ${open.path} on the way to it ${open.why}`,
    open.mend ?? MEND,
  );
}

function isOurs(stats: Stats): boolean {
  return stats.uid === process.geteuid?.();
}
