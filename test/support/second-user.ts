import { spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, readdirSync, type Stats } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { tempDir } from './temp-dir.js';

/** `nobody`: a user who owns nothing and is in no group of ours. */
export const STRANGER = 65_534;

/** Only root can become somebody else. */
export const canBeStranger = process.geteuid?.() === 0;

/** A folder that everybody may search, so that what is in it has to look after itself. */
export function openDir(mode = 0o755): string {
  const folder = tempDir();
  chmodSync(folder, mode);
  return folder;
}

/** What came of a command of somebody else. */
export interface Attempt {
  readonly code: number | null;
  readonly said: string;
}

/**
 * Runs a shell command as somebody else, with nothing of ours.
 *
 * @param args - `$1` and on.
 */
export function asStranger(script: string, ...args: readonly string[]): Attempt {
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', script, 'sh', ...args], {
    uid: STRANGER,
    gid: STRANGER,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { code: status, said: `${stdout}${stderr}` };
}

/** Connects to a socket, and says what it is told to: prints the answer. */
export const CONNECT = `exec perl -MSocket -e '
  socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
  connect($s, sockaddr_un($ARGV[0])) or die "connect: $!";
  syswrite $s, "{\\"v\\":1,\\"do\\":\\"cancel\\"}\\n"; sysread $s, my $answer, 4096; print $answer' "$1"`;

/** A file, folder or socket as the table in docs/operators.md has it. */
export interface Entry {
  readonly name: string;
  readonly kind: 'folder' | 'file' | 'socket' | 'other';
  /** Octal, as `chmod` takes it. */
  readonly mode: string;
  readonly uid: number;
}

/** Everything below a folder, itself included, under the names that the table has for it. */
export function entriesBelow(folder: string): readonly Entry[] {
  const paths = readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)));
  return [folder, ...paths].flatMap((path) => {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats === undefined ? [] : [entryOf(relative(dirname(folder), path), stats)];
  });
}

function entryOf(shown: string, stats: Stats): Entry {
  const kind = stats.isDirectory()
    ? 'folder'
    : stats.isFile()
      ? 'file'
      : stats.isSocket()
        ? 'socket'
        : 'other';
  const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0');
  return { name: named(shown), kind, mode, uid: stats.uid };
}

function named(path: string): string {
  return path
    .replace(/^[^/]+/, 'memsched')
    .replace(/\/runs\/[^/]+/, '/runs/RUN')
    .replace(/\/logs\/[^/]+\.\d+\.(out|err)$/, '/logs/TASK.N.$1')
    .replace(/\/left-\d+-\d+$/, '/left-PID-TICKS')
    .replace(/\/[0-9a-f]{32}\.json$/, '/GROUP.json');
}

/** A folder that belongs to somebody else. */
export function strangersFolder(path: string, mode: string): string {
  const made = asStranger('mkdir "$1" && chmod "$2" "$1"', path, mode);
  if (made.code !== 0) throw new Error(made.said);
  return path;
}

/** Makes a folder of ours, whatever the umask. */
export function ownFolder(path: string, mode: number): string {
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
}
