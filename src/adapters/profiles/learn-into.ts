import { learnAll } from '../../core/learning/learn.js';
import { emptyProfile } from '../../core/learning/profile.js';
import type { RunSample } from '../../core/learning/types.js';
import type { Result } from '../../util/result.js';
import type { ProfileStore } from './profile-store.js';
import { labelOf, type StoredProfile } from '../../core/learning/stored-profile.js';

/**
 * Adds what was seen to the stored profiles.
 *
 * @returns a sentence when not all of it could be written.
 */
export function learnInto(
  store: ProfileStore,
  samples: ReadonlyMap<string, readonly RunSample[]>,
): Promise<Result<undefined, string>> {
  return store.update(
    new Set(samples.keys()),
    (before) => new Map([...samples].map(([group, seen]) => [group, learned(group, seen, before)])),
  );
}

function learned(
  group: string,
  seen: readonly RunSample[],
  before: ReadonlyMap<string, StoredProfile>,
): StoredProfile {
  const known = before.get(group)?.profile ?? emptyProfile();
  return { group, label: labelOf(group), profile: learnAll(known, seen) };
}
