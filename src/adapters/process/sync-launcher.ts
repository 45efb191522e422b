import type { LaunchEnd, LaunchOrder } from '../../supervisor/ports.js';
import type { Result } from '../../util/result.js';

/** Starts processes, and blocks while it does so. */
export interface SyncLauncher {
  /**
   * Starts the attempt in its own session, in its enclosure before the command is executed.
   *
   * @param onExit - called once, when the main process is gone; never before `launch` has returned.
   * @returns the main process, or why it could not be started (in words for the user).
   */
  launch(
    order: LaunchOrder,
    onExit: (end: LaunchEnd) => void,
  ): Result<{ readonly pid: number }, string>;
}
