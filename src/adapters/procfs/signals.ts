import type { NodeSignal } from '../../core/task-spec.js';
import { errnoOf } from '../host/errno.js';
import { listenersAmong } from '../host/listeners.js';
import { wakes } from '../host/waking.js';
import type { Member, ProcessTree } from './process-tree.js';

/** Rounds of looking for processes forked meanwhile. */
const ROUNDS = 10;

/**
 * Sends a signal to every process of an attempt, once each, the main process first; then those that were stopped go on,
 * so that they can act on it.
 */
export function tellAll(
  processes: ProcessTree,
  name: string,
  signal: NodeSignal,
  mainPid: number | undefined,
): void {
  const members = processes
    .membersOf(name)
    .toSorted((a, b) => Number(b.pid === mainPid) - Number(a.pid === mainPid));
  for (const member of members) send(processes, member, signal as NodeJS.Signals);
  if (wakes(signal)) for (const member of members) send(processes, member, 'SIGCONT');
}

/** Sends a signal to those processes of an attempt that are to hear of it. Returns how many. */
export function tellListeners(
  processes: ProcessTree,
  name: string,
  signal: NodeSignal,
  procPath: string,
): number {
  const members = processes.membersOf(name);
  const listeners = new Set(
    listenersAmong(
      members.map(({ pid }) => pid),
      signal,
      procPath,
    ),
  );
  const told = members.filter(({ pid }) => listeners.has(pid));
  for (const member of told) send(processes, member, signal as NodeJS.Signals);
  return told.length;
}

/**
 * Stops every process of an attempt. The look is repeated until it finds none that runs on: one that was forked just
 * before its parent was stopped would otherwise do so. Those that stood still by themselves are left as they are.
 */
export function stopAll(processes: ProcessTree, name: string): void {
  const told = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    processes.refresh([name]);
    const fresh = processes
      .membersOf(name)
      .filter((member) => !told.has(key(member)) && !processes.isStopped(member));
    if (fresh.length === 0) return;
    for (const member of fresh) {
      told.add(key(member));
      send(processes, member, 'SIGSTOP');
    }
  }
}

/** Lets every stopped process of an attempt go on. */
export function continueAll(processes: ProcessTree, name: string): void {
  processes.refresh([name]);
  for (const member of processes.membersOf(name)) send(processes, member, 'SIGCONT');
}

/**
 * Ends every process of some attempts. All are stopped before the first is killed, and the look is repeated until it finds
 * no new one: a process that forks faster than it is found would otherwise get away.
 */
export function endAll(processes: ProcessTree, names: readonly string[]): void {
  const found = new Map<string, Member>();
  for (let round = 0; round < ROUNDS; round += 1) {
    processes.refresh(names);
    const fresh = names
      .flatMap((name) => processes.membersOf(name))
      .filter((member) => !found.has(key(member)));
    if (fresh.length === 0) break;
    for (const member of fresh) {
      found.set(key(member), member);
      send(processes, member, 'SIGSTOP');
    }
  }
  for (const member of found.values()) send(processes, member, 'SIGKILL');
}

function key(member: Member): string {
  return `${member.pid}.${member.startTicks}`;
}

/** A process that went before its signal is what we wanted; one that is not ours to signal cannot be helped. */
function send(processes: ProcessTree, member: Member, signal: NodeJS.Signals): void {
  if (!processes.isSame(member)) return;
  try {
    process.kill(member.pid, signal);
  } catch (error) {
    const code = errnoOf(error);
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
