import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { valueAt } from './located.js';
import { parseYaml } from './parse-yaml.js';
import { Report } from './report.js';
import { SourceText } from './source-text.js';

/** A larger file takes longer to parse than anyone waits for a suggestion. */
const MAX_BYTES = 256 * 1024;

/**
 * The names of the jobs in a jobfile, as a suggestion for whoever types one: the file need not be valid beyond them.
 *
 * @returns none when it is missing, unreadable, no ordinary file, longer than 256 KiB or no YAML.
 */
export function jobNamesIn(path: string): readonly string[] {
  const text = readSmallFile(path);
  if (text === undefined) return [];
  const root = parseYaml(new Report(new SourceText(path, text)));
  const jobs = root === undefined ? undefined : valueAt(root, ['jobs']);
  return jobs?.kind === 'map' ? [...jobs.entries.keys()] : [];
}

function readSmallFile(path: string): string | undefined {
  let fd: number;
  try {
    // Not to wait for the writer of a pipe.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const stats = fstatSync(fd);
    return stats.isFile() && stats.size <= MAX_BYTES ? readFileSync(fd, 'utf8') : undefined;
  } finally {
    closeSync(fd);
  }
}
