import { describe, it } from 'vitest';
import { crashAgainAndAgain, CRASHES_TIMEOUT_MS, wantedCrashes } from '../support/crashes.js';

const TIERS = ['auto', 'procfs'] as const;
/** Of thirty in the tests of every day; the others are in a guest, test/vm/bare/crashes.test.ts. */
const CRASHES = wantedCrashes(18);

describe.each(TIERS)('a supervisor that is killed at any instant, tier %s', (tier) => {
  it(
    'loses no task, runs none twice, and leaves nothing behind',
    () => crashAgainAndAgain(`tier ${tier}`, Math.ceil(CRASHES / TIERS.length), ['--tier', tier]),
    CRASHES_TIMEOUT_MS,
  );
});
