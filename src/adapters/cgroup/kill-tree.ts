import type { NodeSignal } from '../../core/task-spec.js';
import { errnoOf } from '../host/errno.js';
import { writeKernelFile } from '../host/kernel-file.js';
import { listenersAmong } from '../host/listeners.js';
import { procsBelow, subtreeOf } from './cgroup-fs.js';

/** Rounds of reading pids and killing them before a frozen tree is taken as covered. */
const KILL_ROUNDS = 10;

/** How to kill. */
export interface KillOptions {
  /** Whether to try `cgroup.kill` (kernel 5.14) first. */
  readonly cgroupKill: boolean;
}

/**
 * Ends every process of a cgroup and all below it, and returns at once; `populated 0` says when they are gone.
 *
 * `cgroup.kill` is safe against forks. Without it the tree is frozen, so that nothing forks any more, every process is
 * killed (SIGKILL reaches frozen ones), and the tree is thawed.
 */
export function killTree(directory: string, options: KillOptions): void {
  if (options.cgroupKill && killByFile(directory)) return;
  writeKernelFile(`${directory}/cgroup.freeze`, '1');
  signalTree(directory, 'SIGKILL', undefined);
  writeKernelFile(`${directory}/cgroup.freeze`, '0');
}

/**
 * Stops every process of a cgroup and all below it where it is, those to come included; returns at once. The freezer of
 * cgroup v2 needs no controller (cgroup-v2.rst, `cgroup.freeze`). Before kernel 5.2 there is none: there each process is
 * stopped by itself, and it has to be repeated for those that come up meanwhile.
 */
export function freezeTree(directory: string): 'as-a-whole' | 'one-by-one' {
  if (writeKernelFile(`${directory}/cgroup.freeze`, '1') === 'written') return 'as-a-whole';
  signalTree(directory, 'SIGSTOP', undefined);
  return 'one-by-one';
}

/** Lets all that {@link freezeTree} has stopped go on. */
export function thawTree(directory: string): void {
  if (writeKernelFile(`${directory}/cgroup.freeze`, '0') !== 'written')
    signalTree(directory, 'SIGCONT', undefined);
}

/** Takes away what slows or stops a tree: freezing, and a `memory.high` that the task set on itself. */
export function liftBrakes(directory: string): void {
  for (const each of subtreeOf(directory)) {
    writeKernelFile(`${each}/cgroup.freeze`, '0');
    writeKernelFile(`${each}/memory.high`, 'max');
  }
}

/**
 * Sends a signal to every process of a cgroup and all below it, once each; processes forked meanwhile are found in the
 * next round.
 *
 * @param first - this one gets it before the others: the main process may want to end its children in order.
 */
export function signalTree(
  directory: string,
  signal: NodeJS.Signals,
  first: number | undefined,
): void {
  const done = new Set<number>();
  for (let round = 0; round < KILL_ROUNDS; round += 1) {
    const fresh = procsBelow(directory).filter((pid) => !done.has(pid));
    if (fresh.length === 0) return;
    for (const pid of fresh.toSorted((a, b) => Number(b === first) - Number(a === first))) {
      done.add(pid);
      send(pid, signal);
    }
  }
}

/** Sends a signal to those processes of a cgroup, and of all below it, that are to hear of it. Returns how many. */
export function tellListeners(directory: string, signal: NodeSignal, procPath: string): number {
  const listeners = listenersAmong(procsBelow(directory), signal, procPath);
  for (const pid of listeners) send(pid, signal as NodeJS.Signals);
  return listeners.length;
}

function killByFile(directory: string): boolean {
  const result = writeKernelFile(`${directory}/cgroup.kill`, '1');
  return result === 'written';
}

/** A process that went before its signal is what we wanted; one that is not ours to signal cannot be helped. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const code = errnoOf(error);
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
