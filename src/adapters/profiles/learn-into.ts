import { isDeepStrictEqual } from 'node:util';
import type { Priors } from '../../core/knowledge.js';
import { learnAll } from '../../core/learning/learn.js';
import { emptyProfile } from '../../core/learning/profile.js';
import { labelOf, type StoredProfile } from '../../core/learning/stored-profile.js';
import type { RunSample } from '../../core/learning/types.js';
import type { Result } from '../../util/result.js';
import type { ProfileStore } from './profile-store.js';

/** What a run has learned. */
export interface Learned {
  /** What its attempts have shown, by group. */
  readonly samples: ReadonlyMap<string, readonly RunSample[]>;
  /** What was known of the groups before. */
  readonly priors: Priors;
  /** What came of both together while it ran: the priors of the next run. */
  readonly groups: Priors;
}

/**
 * Adds what was learned to the stored profiles. A group that nobody has written meanwhile is stored as the run left it;
 * into one that has changed the samples are learned once more, which takes a millisecond each.
 *
 * @returns a sentence when not all of it could be written.
 */
export function learnInto(
  store: ProfileStore,
  learned: Learned,
): Promise<Result<undefined, string>> {
  const { samples } = learned;
  return store.update(
    new Set(samples.keys()),
    (before) =>
      new Map([...samples].map(([group, seen]) => [group, after(group, seen, before, learned)])),
  );
}

function after(
  group: string,
  seen: readonly RunSample[],
  before: ReadonlyMap<string, StoredProfile>,
  { priors, groups }: Learned,
): StoredProfile {
  const stored = before.get(group)?.profile;
  const ahead = groups.get(group);
  const isUnchanged = isDeepStrictEqual(stored, priors.get(group));
  const profile =
    ahead !== undefined && isUnchanged ? ahead : learnAll(stored ?? emptyProfile(), seen);
  return { group, label: labelOf(group), profile };
}
