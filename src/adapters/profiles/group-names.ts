import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { MiB } from '../../util/bytes.js';

/** Names stand at the beginning of a group's line: that much of a file for one group holds them. */
const HEAD_BYTES = 8 * 1024;
/** As much as a portable file may hold. */
const FILE_MAX_BYTES = 32 * MiB;
const FILES_MAX = 2000;
const TEXT = '"(?:[^"\\\\]|\\\\.)*"';
const RECORD = new RegExp(`^\\{"group":(${TEXT}),"label":(${TEXT})`, 'gm');

/** A group as {@link groupNamesIn} finds it. */
export interface GroupName {
  readonly group: string;
  readonly label: string;
}

/** The names of the groups in one portable file; none where it cannot be read. See {@link groupNamesInFolder}. */
export function groupNamesInFile(path: string): readonly GroupName[] {
  return groupNamesIn(path, FILE_MAX_BYTES);
}

/**
 * The names of the groups in a folder of profiles, as suggestions for whoever types one: read from the beginnings of
 * the files, as they were written, without checking the rest.
 *
 * @param stateDir - the state folder.
 */
export function groupNamesInFolder(stateDir: string): readonly GroupName[] {
  const folder = join(stateDir, 'profiles');
  return names(folder)
    .filter((name) => name.endsWith('.json'))
    .slice(0, FILES_MAX)
    .flatMap((name) => groupNamesIn(join(folder, name), HEAD_BYTES));
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function groupNamesIn(path: string, maxBytes: number): readonly GroupName[] {
  return [...head(path, maxBytes).matchAll(RECORD)].map(([, group = '""', label = '""']) => ({
    group: JSON.parse(group) as string,
    label: JSON.parse(label) as string,
  }));
}

function head(path: string, maxBytes: number): string {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return '';
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) return '';
    const buffer = Buffer.alloc(Math.min(stats.size, maxBytes));
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, 0));
  } finally {
    closeSync(fd);
  }
}
