import { constants } from 'node:os';
import type { NodeSignal } from '../../core/task-spec.js';
import { errnoOf } from './errno.js';
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
  const caught = caughtMask(readIfAllowed(`${procPath}/${pid}/status`) ?? '');
  return number !== undefined && ((caught >> BigInt(number - 1)) & 1n) === 1n;
}

/**
 * Whether a signal is the end of a process: it neither catches nor ignores it nor holds it back, or is over already.
 */
export function isDeadlyTo(pid: number, signal: NodeSignal, procPath: string): boolean {
  const status = readIfAllowed(`${procPath}/${pid}/status`);
  const number = constants.signals[signal as NodeJS.Signals] as number | undefined;
  if (status === undefined || number === undefined) return isGone(pid);
  if (/^State:\s*[ZX]/m.test(status)) return true;
  const answered = mask(status, 'SigBlk') | mask(status, 'SigIgn') | caughtMask(status);
  return ((answered >> BigInt(number - 1)) & 1n) === 0n;
}

/** One that is there and may not be signalled, or not even be seen (`hidepid`), is not gone. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return errnoOf(error) === 'ESRCH';
  }
}

/** `SigCgt` of `/proc/PID/status` (proc_pid_status(5)): bit n − 1 is signal n. */
export function caughtMask(status: string): bigint {
  return mask(status, 'SigCgt');
}

function mask(status: string, name: 'SigBlk' | 'SigIgn' | 'SigCgt'): bigint {
  const hex = new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1];
  return hex === undefined ? 0n : BigInt(`0x${hex}`);
}
