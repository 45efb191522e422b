import type { NodeSignal } from '../../core/task-spec.js';

/** Signals that stop a process, or let it go on; one that nobody acts on by ending; and the one that needs no hearing. */
const NOT_WAKING: readonly NodeSignal[] = [
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGCONT',
  'SIGWINCH',
  'SIGKILL',
];

/**
 * Whether SIGCONT is to follow this signal. A process that was stopped (SIGSTOP, SIGTSTP), by itself or by anybody, hears
 * of nothing but SIGKILL until it goes on (signal(7)): asked to end, it would let its grace pass and be killed. It goes to
 * all, as it does in systemd (systemd.kill(5)): one that is about to stop does not look stopped yet.
 */
export function wakes(signal: NodeSignal): boolean {
  return !NOT_WAKING.includes(signal);
}
