import type { StartFault } from '../../core/outcome.js';
import { isShortageCode } from '../../util/system-error.js';

/**
 * Why an attempt could not be started.
 *
 * @param error - in words for the user.
 * @param code - the system error behind it, `EAGAIN`; undefined when there is none.
 */
export function startFault(error: string, code?: string): StartFault {
  return isShortageCode(code) ? { error, isShortage: true } : { error };
}
