import type { Launcher } from '../../supervisor/ports.js';
import { HelperLauncher } from './helper-launcher.js';
import { findPerl } from './perl.js';
import { createSpawnLauncher, type SpawnLauncherOptions } from './spawn-launcher.js';

/** What the launcher of a run is given. */
export interface LauncherOptions extends SpawnLauncherOptions {
  /** Says something that the user should know. */
  readonly warn: (sentence: string) => void;
  readonly runId: string;
}

/** The launcher of a run: through a helper where there is a Perl for it, else out of this very process. */
export function createLauncher(options: LauncherOptions): Launcher {
  const perl = findPerl();
  const fallBack = (): Launcher => createSpawnLauncher(options);
  return perl === undefined
    ? fallBack()
    : new HelperLauncher({ ...options, perl, fallBack, leaves: options });
}
