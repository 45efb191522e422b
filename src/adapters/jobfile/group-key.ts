import { basename, isAbsolute, join, relative, resolve } from 'node:path';
import { shortDigest } from './task-ids.js';

/** Enough that two commands of one job name never meet by chance, few enough to type. */
const DIGEST_CHARS = 8;

/** What the default group of a job is made of, before any matrix value is filled in. */
export interface GroupParts {
  readonly job: string;
  /** The argv, or the shell and its script, as written. */
  readonly command: readonly string[];
  /** As written; absent: the folder of the jobfile. */
  readonly cwd: string | undefined;
  /** Absolute: the folder of the jobfile. */
  readonly baseDir: string;
  /** Absolute: the project that the jobfile is part of. */
  readonly projectDir: string;
}

/**
 * The group of a job that names none: `align#3f9c12ab`, its name and a digest of its command and folder. The digest
 * keeps what the command says out of the key; the same job of the same project has the same key in every checkout, on
 * every machine. Formatting does not count.
 */
export function defaultGroup(parts: GroupParts): string {
  const identity = JSON.stringify([parts.command.map(normalised), folderOf(parts)]);
  return `${parts.job}#${shortDigest(identity, DIGEST_CHARS)}`;
}

/** Line ends, blanks at the ends of lines, blank lines around the whole and within `${{ }}` change nothing. */
function normalised(text: string): string {
  return text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[ \t]+$/gm, '')
    .replaceAll(/\$\{\{\s*(matrix\.[A-Za-z0-9_-]+)\s*\}\}/g, '${{ $1 }}')
    .replace(/^\n+/, '')
    .replace(/\n+$/, '');
}

/** `project/sub/folder`, so that a checkout elsewhere is the same; an absolute `cwd` stays what it is. */
function folderOf({ cwd = '.', baseDir, projectDir }: GroupParts): string {
  if (isAbsolute(cwd)) return resolve(cwd);
  return join(basename(projectDir), relative(projectDir, resolve(baseDir, cwd)));
}
