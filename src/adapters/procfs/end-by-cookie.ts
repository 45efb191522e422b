import { HostError } from '../host/host-error.js';
import { errnoOf } from '../host/errno.js';
import { readIfAllowed } from '../host/kernel-file.js';
import { listPids, readProcStat } from '../host/processes.js';
import { COOKIE_VARIABLE } from './procfs-host.js';

const DEADLINE_MS = 10_000;
const POLL_MS = 20;

/**
 * Ends every process that a run's cookie marks, and waits until none is left: for a run that goes on in another tier.
 *
 * @returns why that did not succeed.
 */
export async function endByCookie(
  cookie: string,
  procPath: string,
): Promise<HostError | undefined> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const left = markedBy(cookie, procPath);
    if (left.length === 0) return undefined;
    if (performance.now() > deadlineMs)
      return new HostError(
        `processes of this run do not end: ${left.join(' ')}`,
        `ps -o pid,stat,wchan,comm -p ${left.join(',')}`,
      );
    for (const pid of left) kill(pid);
    await new Promise((resolve) => {
      setTimeout(resolve, POLL_MS);
    });
  }
}

function markedBy(cookie: string, procPath: string): readonly number[] {
  const mark = `${COOKIE_VARIABLE}=${cookie}-`;
  return listPids(procPath).filter((pid) => {
    const environment = readIfAllowed(`${procPath}/${pid}/environ`) ?? '';
    if (!environment.split('\0').some((variable) => variable.startsWith(mark))) return false;
    return readProcStat(procPath, pid)?.state !== 'Z';
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    const code = errnoOf(error);
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
