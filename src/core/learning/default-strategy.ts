import type { ProfileStrategy } from './types.js';

/** How a group's past becomes an estimate where nobody says otherwise: what packs best (bench/packing). */
export const DEFAULT_STRATEGY: ProfileStrategy = 'curve';
