import { suggest } from '../util/suggest.js';
import { lastSeenMs, type StoredProfile } from '../core/learning/stored-profile.js';
import { localTime } from '../reporters/views/show.js';
import { counted } from '../reporters/words.js';
import { printable } from '../util/printable.js';
import { UsageError } from './errors.js';

/** Groups that an error message lists. */
const SHOWN = 5;

/**
 * The profiles that the user means, each by its key, its label, or the unique beginning of its key.
 *
 * @throws UsageError when a name means none of them, or several.
 */
export function findGroups(
  names: readonly string[],
  profiles: ReadonlyMap<string, StoredProfile>,
): readonly StoredProfile[] {
  return [...new Set(names.map((name) => findGroup(name, profiles)))];
}

/** The one profile that a name means; see {@link findGroups}. */
export function findGroup(
  name: string,
  profiles: ReadonlyMap<string, StoredProfile>,
): StoredProfile {
  const exact = profiles.get(name);
  if (exact !== undefined) return exact;
  const all = [...profiles.values()];
  const labelled = all.filter(({ label }) => label === name);
  const meant =
    labelled.length > 0 || name === ''
      ? labelled
      : all.filter(({ group }) => group.startsWith(name));
  const [first, ...others] = meant;
  if (first === undefined) throw new UsageError(unknownWords(name, all));
  if (others.length > 0) throw new UsageError(ambiguousWords(name, meant));
  return first;
}

function unknownWords(name: string, all: readonly StoredProfile[]): string {
  const shown = printable(name);
  if (all.length === 0) return `there is no group "${shown}", as there are no profiles yet`;
  const { suggestion } = suggest(name, [
    ...new Set(all.flatMap(({ group, label }) => [label, group])),
  ]);
  const near = suggestion === undefined ? '' : `the nearest is "${printable(suggestion)}", and `;
  return `there is no group "${shown}"; ${near}"memsched profile ls" lists them all`;
}

function ambiguousWords(name: string, meant: readonly StoredProfile[]): string {
  const shown = meant
    .toSorted((a, b) => lastSeenMs(b) - lastSeenMs(a))
    .slice(0, SHOWN)
    .map(
      (stored) =>
        `\n  ${printable(stored.group)}  ${counted(stored.profile.runs.length, 'run')}, last seen ${localTime(lastSeenMs(stored))}`,
    );
  const more = meant.length > SHOWN ? `\n  and ${meant.length - SHOWN} more` : '';
  return `"${printable(name)}" may mean ${meant.length} groups; type more of the one you mean:${shown.join('')}${more}`;
}
