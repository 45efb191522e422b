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
 * Whether a signal of ours is sure to be the end of a process: it neither catches nor ignores it nor holds it back, or is
 * over already.
 */
export function isDeadlyTo(pid: number, signal: NodeSignal, procPath: string): boolean {
  const status = readIfAllowed(`${procPath}/${pid}/status`);
  const reach = reachOf(pid);
  return reach === 'gone' || (reach === 'ours' && status !== undefined && diesOf(signal, status));
}

/**
 * Whether who has this `/proc/PID/status` (proc_pid_status(5)) dies of a signal. Not certain, and so false, where the
 * masks are not told (gVisor), and where the main thread alone is a zombie.
 */
export function diesOf(signal: NodeSignal, status: string): boolean {
  if (/^State:\s*[ZX]/m.test(status)) return /^Threads:\s*[01]$/m.test(status);
  const number = constants.signals[signal as NodeJS.Signals] as number | undefined;
  const masks = (['SigBlk', 'SigIgn', 'SigCgt'] as const).map((name) => mask(status, name));
  if (number === undefined) return false;
  return masks.every((bits) => bits !== undefined && ((bits >> BigInt(number - 1)) & 1n) === 0n);
}

/** Whether we may signal a process; one that we may not even see (`hidepid`) is not gone. */
function reachOf(pid: number): 'ours' | 'not-ours' | 'gone' {
  try {
    process.kill(pid, 0);
    return 'ours';
  } catch (error) {
    return errnoOf(error) === 'ESRCH' ? 'gone' : 'not-ours';
  }
}

/** `SigCgt` of `/proc/PID/status` (proc_pid_status(5)): bit n − 1 is signal n. */
export function caughtMask(status: string): bigint {
  return mask(status, 'SigCgt') ?? 0n;
}

function mask(status: string, name: 'SigBlk' | 'SigIgn' | 'SigCgt'): bigint | undefined {
  const hex = new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1];
  return hex === undefined ? undefined : BigInt(`0x${hex}`);
}
