import type { GroupGrew } from '../core/events.js';
import { formatBytes } from '../util/bytes.js';
import { printable } from '../util/printable.js';
import { shellWord } from '../util/shell-word.js';
import { counted } from './words.js';

/** What grew, from what to what: `align#3f9c12ab: peak 1.2G (task align.a), …`. */
export function growthWords(event: GroupGrew): string {
  const { group, task, beforeBytes, nowBytes, growthPct, limitPct, samples } = event;
  return `${printable(group)}: peak ${formatBytes(nowBytes)} (task ${printable(task)}), ${growthPct}% more than the ${formatBytes(beforeBytes)} of ${counted(samples, 'stored run')}; max_growth is ${limitPct}%`;
}

/**
 * How to accept the new size.
 *
 * @param profileFile - absolute path of the portable file; undefined: profiles are in the state folder.
 */
export function acceptWords({ group }: GroupGrew, profileFile: string | undefined): string {
  const where =
    profileFile === undefined ? '' : ` --profile-file ${shellWord(printable(profileFile))}`;
  return `memsched profile forget ${shellWord(printable(group))}${where}`;
}
