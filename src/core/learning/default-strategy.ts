import type { ProfileStrategy } from './types.js';

/** How a group's past becomes an estimate where nobody says otherwise. */
export const DEFAULT_STRATEGY: ProfileStrategy = 'expected-cost';
