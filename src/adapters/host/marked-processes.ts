import { errnoOf } from './errno.js';
import { readIfAllowed } from './kernel-file.js';
import { listPids, readProcStat } from './processes.js';

/**
 * Processes with all these variables in the environment that they were executed with: whoever a task has started keeps
 * them, wherever it went, unless it took them off on purpose. Only our own user's can be read, or everybody's by root.
 *
 * @param variables - `NAME=value`.
 */
export function markedProcesses(procPath: string, variables: readonly string[]): readonly number[] {
  return listPids(procPath).filter((pid) => {
    if (pid === process.pid) return false;
    const environment = `\0${readIfAllowed(`${procPath}/${pid}/environ`) ?? ''}`;
    if (!variables.every((variable) => environment.includes(`\0${variable}\0`))) return false;
    const state = readProcStat(procPath, pid)?.state;
    return state !== undefined && state !== 'Z' && state !== 'X';
  });
}

/** Ends processes; one that is gone already, or not ours to end, is passed over. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      const code = errnoOf(error);
      if (code !== 'ESRCH' && code !== 'EPERM') throw error;
    }
  }
}
