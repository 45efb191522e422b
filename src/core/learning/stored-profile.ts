import type { Tier } from '../events.js';
import type { GroupProfile } from './profile.js';

/** What is known of one group, as it is kept on disk. */
export interface StoredProfile {
  /** The key: the name of a group, or a job's name and a digest of its command and folder. */
  readonly group: string;
  /** For people: the name of the group or of the job. */
  readonly label: string;
  readonly profile: GroupProfile;
}

const DEFAULT_GROUP = /^(.+)#[0-9a-f]{8}$/s;

/** The readable part of a group's key. */
export function labelOf(group: string): string {
  return DEFAULT_GROUP.exec(group)?.[1] ?? group;
}

/** When the group was last seen, milliseconds since 1970; 0 for one of which nothing is known. */
export function lastSeenMs({ profile }: StoredProfile): number {
  return Math.max(0, profile.runs.at(-1)?.endedAtMs ?? 0, profile.bounds.at(-1)?.endedAtMs ?? 0);
}

/** Every tier that its attempts were measured in. */
export function tiersOf({ profile }: StoredProfile): readonly Tier[] {
  return [...new Set([...profile.runs, ...profile.bounds].map(({ tier }) => tier))].sort();
}
