import { statSync } from 'node:fs';
import { join } from 'node:path';
import { runFolder } from './cli.js';
import { until } from './poll.js';

/** The control socket of the only run below this state folder, once it is there, for its user alone. */
export async function listeningSocket(stateHome: string, deadlineMs?: number): Promise<string> {
  const path = join(runFolder(stateHome) ?? '', 'control.sock');
  await until(
    'the run to listen',
    () => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o777) === 0o600,
    deadlineMs,
  );
  return path;
}
