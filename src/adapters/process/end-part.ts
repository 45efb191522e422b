import { errnoOf } from '../host/errno.js';

/** Kills the process group that a launched process leads; one that is gone is what we wanted. */
export function endPart(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    const code = errnoOf(error);
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
