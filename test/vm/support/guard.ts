import { existsSync } from 'node:fs';
import { describe } from 'vitest';
import { whyNoCgroup } from './cgroup.js';

/**
 * A suite that needs a cgroup v2 tree of our own with the memory controller. Elsewhere it is left out, and says so;
 * in CI and in our own guest a missing facility is an error.
 */
export function describeCgroup(name: string, suite: () => void): void {
  describeWith(whyNoCgroup, name, suite);
}

/** A suite that needs to be an ordinary user with a user manager, under systemd. */
export function describeUserSession(name: string, suite: () => void): void {
  describeWith(whyNoUserSession, name, suite);
}

/** A suite that needs 1.5 GB of files outside of memory, in the folder `$MEMSCHED_PAGE_CACHE_FILES`. */
export function describePageCache(name: string, suite: () => void): void {
  describeWith(whyNoPageCacheFiles, name, suite);
}

/** Every test of an environment starts many programs, some of them containers, on an emulated processor. */
const ENVIRONMENT_MS = 1_200_000;

/** A suite about one environment of many; it changes the machine it runs on, so it runs in a guest only. */
export function describeEnvironment(name: string, suite: () => void): void {
  describeWith(whyNoGuest, name, suite, { timeout: ENVIRONMENT_MS });
}

function describeWith(
  why: () => string | undefined,
  name: string,
  suite: () => void,
  options: { readonly timeout?: number } = {},
): void {
  const reason = why();
  if (reason !== undefined) {
    if (process.env['CI'] || process.env['MEMSCHED_GUEST']) throw new Error(`${name}: ${reason}`);
    console.warn(
      `left out: ${name}: ${reason}; "npm run test:vm" and "npm run test:environments" run such in guests`,
    );
  }
  describe.runIf(reason === undefined)(name, options, suite);
}

function whyNoUserSession(): string | undefined {
  const uid = process.getuid?.() ?? 0;
  if (uid === 0) return 'root is no ordinary user';
  const bus = `/run/user/${String(uid)}/bus`;
  return existsSync(bus) ? undefined : `no user manager listens on ${bus}`;
}

function whyNoGuest(): string | undefined {
  const { MEMSCHED_GUEST, MEMSCHED_ENVIRONMENTS } = process.env;
  if (MEMSCHED_GUEST !== undefined && MEMSCHED_ENVIRONMENTS !== undefined) return undefined;
  return 'not in a guest of test/vm/environments.sh';
}

function whyNoPageCacheFiles(): string | undefined {
  if (!process.env['MEMSCHED_PAGE_CACHE_FILES']) return 'MEMSCHED_PAGE_CACHE_FILES names no folder';
  return whyNoCgroup();
}
