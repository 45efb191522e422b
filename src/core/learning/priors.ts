import type { GroupProfile } from './profile.js';

/** What was known of the groups of a run before it began, by group. */
export type Priors = ReadonlyMap<string, GroupProfile>;

/** Nothing is known. */
export const NO_PRIORS: Priors = new Map();
