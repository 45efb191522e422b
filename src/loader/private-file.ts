import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** S_ISVTX of inode(7). */
const STICKY = 0o1000;

/** More is not read, and not kept. */
const FILE_MAX_BYTES = 16 * 1024 * 1024;
/** Of all files in the folder together; the newest are kept. */
const FOLDER_MAX_BYTES = 32 * 1024 * 1024;

/**
 * What a file holds that nobody but us can have written: it and its folder are ours, and others may neither write to them
 * nor put another folder in that place. Otherwise undefined.
 *
 * @throws the system error, when there is no such file.
 */
export function readPrivate(folder: string, name: string): Buffer | undefined {
  if (!isPrivateFolder(folder)) return undefined;
  const fd = openSync(join(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const stats = fstatSync(fd);
    const isPrivate = stats.isFile() && isOurs(stats) && !othersMayWrite(stats);
    return isPrivate && stats.size <= FILE_MAX_BYTES ? readFileSync(fd) : undefined;
  } finally {
    closeSync(fd);
  }
}

/**
 * Puts such a file in its place, whole or not at all, makes the folder (0700) where it is missing, and removes the oldest
 * files of the folder, all of which must be of this kind, when they are too large together.
 *
 * @throws the system error, when it cannot be written.
 */
export function writePrivate(folder: string, name: string, content: Uint8Array): void {
  if (content.length > FILE_MAX_BYTES) return;
  makePrivateFolder(folder);
  if (!isPrivateFolder(folder)) return;
  const fresh = join(folder, `${name}.${process.pid}.new`);
  try {
    writeFileSync(fresh, content, { mode: 0o600, flag: 'wx' });
    renameSync(fresh, join(folder, name));
  } catch (error) {
    unlinkSync(fresh);
    throw error;
  }
  removeOldest(folder);
}

/** Only within what is ours: root leaves nothing in the home of a user whose environment it has. */
function makePrivateFolder(folder: string): void {
  const missing = [];
  for (let path = folder; ; path = dirname(path)) {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats !== undefined) {
      if (!isOurs(stats)) return;
      break;
    }
    missing.unshift(path);
  }
  for (const path of missing) mkdirSync(path, 0o700);
}

function isPrivateFolder(folder: string): boolean {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true || !isOurs(stats) || othersMayWrite(stats)) return false;
  const above = statSync(dirname(folder));
  return (isOurs(above) || above.uid === 0) && !othersMayReplace(above);
}

function removeOldest(folder: string): void {
  const files = readdirSync(folder)
    .map((name) => {
      const path = join(folder, name);
      return { path, stats: lstatSync(path, { throwIfNoEntry: false }) };
    })
    .sort((a, b) => (b.stats?.mtimeMs ?? 0) - (a.stats?.mtimeMs ?? 0));
  let bytes = 0;
  for (const { path, stats } of files) {
    bytes += stats?.size ?? 0;
    if (bytes > FOLDER_MAX_BYTES && stats?.isFile() === true) unlinkSync(path);
  }
}

function isOurs({ uid }: Stats): boolean {
  return uid === process.geteuid?.();
}

function othersMayWrite({ mode }: Stats): boolean {
  return (mode & 0o022) !== 0;
}

/** In a folder with the sticky bit, as /tmp, nobody moves away what is another's. */
function othersMayReplace(stats: Stats): boolean {
  return othersMayWrite(stats) && (stats.mode & STICKY) === 0;
}
