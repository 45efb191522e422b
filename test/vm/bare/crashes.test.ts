import { test } from 'vitest';
import { crashAgainAndAgain, CRASHES_TIMEOUT_MS, wantedCrashes } from '../../support/crashes.js';
import { describeCgroup } from '../support/guard.js';
import { expectNothingLeft } from '../support/host-health.js';

/** Of thirty in the tests of every day; the others are in test/e2e/crashes.test.ts. */
const CRASHES = wantedCrashes(12);

describeCgroup('a supervisor that is killed at any instant', () => {
  expectNothingLeft();

  test(
    'loses no task, runs none twice, and leaves nothing behind',
    () => crashAgainAndAgain('guest, tier cgroup', CRASHES, ['--require-cgroup']),
    CRASHES_TIMEOUT_MS,
  );
});
