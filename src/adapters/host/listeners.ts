import { constants } from 'node:os';
import type { NodeSignal } from '../../core/task-spec.js';
import { readIfAllowed } from './kernel-file.js';
import { readProcStat } from './processes.js';

/**
 * Of some processes, those that are to hear of a signal they handle: who catches it, and has no ancestor among them who
 * does. A shell that only waits would die of it, and the workers of a program that forks have its handlers as well and
 * not its part in saving anything.
 */
export function listenersAmong(
  pids: readonly number[],
  signal: NodeSignal,
  procPath: string,
): readonly number[] {
  const parents = new Map(
    pids.flatMap((pid) => {
      const stat = readProcStat(procPath, pid);
      return stat === undefined ? [] : [[pid, stat.parentPid] as const];
    }),
  );
  const catching = new Set([...parents.keys()].filter((pid) => catches(procPath, pid, signal)));
  const isBelowOne = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && (catching.has(parent) || isBelowOne(parent));
  };
  return [...catching].filter((pid) => !isBelowOne(pid));
}

/** Whether a process has a handler of its own for a signal; false for one that is gone. */
function catches(procPath: string, pid: number, signal: NodeSignal): boolean {
  const number = constants.signals[signal as NodeJS.Signals] as number | undefined;
  const mask = caughtMask(readIfAllowed(`${procPath}/${pid}/status`) ?? '');
  return number !== undefined && ((mask >> BigInt(number - 1)) & 1n) === 1n;
}

/** `SigCgt` of `/proc/PID/status` (proc_pid_status(5)): bit n − 1 is signal n. */
export function caughtMask(status: string): bigint {
  const hex = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return hex === undefined ? 0n : BigInt(`0x${hex}`);
}
