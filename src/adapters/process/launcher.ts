import type { Launcher } from '../../supervisor/ports.js';
import { HelperLauncher } from './helper-launcher.js';
import { findPerl } from './perl.js';
import { createSpawnLauncher, type SpawnLauncherOptions } from './spawn-launcher.js';

/** What the launcher of a run is given. */
export interface LauncherOptions extends SpawnLauncherOptions {
  /** Says something that the user should know. */
  readonly warn: (sentence: string) => void;
  /** Of a run that somebody may go on with should we die: a helper then leaves word. Absent: it goes with us. */
  readonly runId?: string;
}

/** The launcher of a run: through a helper where there is a Perl for it, else out of this very process. */
export function createLauncher(options: LauncherOptions): Launcher {
  // The helper has streams of its own.
  const perl = options.inherit === undefined ? findPerl() : undefined;
  const fallBack = (): Launcher => createSpawnLauncher(options);
  if (perl === undefined) return fallBack();
  const { runId, statusDir } = options;
  const leaves = runId === undefined ? {} : { leaves: { runId, statusDir } };
  return new HelperLauncher({ ...options, perl, fallBack, ...leaves });
}
