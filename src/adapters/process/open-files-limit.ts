import { readFileSync } from 'node:fs';
import { parseLimits } from '../host/rlimits.js';

/**
 * The soft limit of open files that our parent has, where ours is higher.
 *
 * Node raises its own soft limit to the hard one when it starts, and children inherit that. Programs that close every
 * possible descriptor, or use select(2), fare badly with a million of them, so tasks get what a command typed into the
 * same shell would have had.
 *
 * @returns undefined when there is nothing to put back, or when it cannot be known.
 */
export function limitToRestore(parentPid: number = process.ppid): number | undefined {
  const ours = softOpenFiles('self');
  const parents = softOpenFiles(String(parentPid));
  return ours !== undefined && parents !== undefined && parents < ours ? parents : undefined;
}

function softOpenFiles(pid: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/limits`, 'utf8');
  } catch {
    // Gone, or not ours to read: then there is nothing to go by, and nothing is changed.
    return undefined;
  }
  const { openFiles } = parseLimits(text);
  return openFiles === 'unlimited' ? undefined : openFiles;
}
