import { existsSync } from 'node:fs';
import { execaSync } from 'execa';
import { until } from '../../support/until.js';

const DEADLINE_MS = 300_000;

/** Starts a user's manager, as a login would, and waits for it. */
export async function startUserManager(user: string): Promise<void> {
  execaSync('loginctl', ['enable-linger', user]);
  await userManagerRuns(user);
}

/** Waits until a user's manager listens. */
export async function userManagerRuns(user: string): Promise<void> {
  const { stdout: uid } = execaSync('id', ['-u', user]);
  const socket = `/run/user/${uid}/systemd/private`;
  await until(`the manager of ${user} listens`, () => existsSync(socket), DEADLINE_MS);
}
