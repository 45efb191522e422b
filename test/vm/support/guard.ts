import { describe } from 'vitest';
import { whyNoCgroup } from './cgroup.js';

const why = whyNoCgroup();

/**
 * A suite that needs a cgroup v2 tree of our own with the memory controller. Elsewhere it is left out, and says so;
 * in CI and in our own guest a missing facility is an error.
 */
export function describeCgroup(name: string, suite: () => void): void {
  if (why !== undefined) {
    if (process.env['CI'] || process.env['MEMSCHED_GUEST']) throw new Error(`${name}: ${why}`);
    console.warn(`left out: ${name}: ${why}; "npm run test:vm" runs it in a guest`);
  }
  describe.runIf(why === undefined)(name, suite);
}
