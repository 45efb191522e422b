import { constants } from 'node:os';

/** What our exit status says; the one table of it. */
export const EXIT = {
  /** Every task succeeded. */
  ok: 0,
  /** At least one task did not, or a group outgrew its profile. */
  tasksFailed: 1,
  /** The command line or the jobfile is wrong; nothing was started. */
  usage: 2,
  /** The host cannot do what was asked. */
  host: 3,
  /** `exec`: its time was up (as `timeout` has it). */
  timedOut: 124,
  /** `exec`: the command could not be executed (as shells have it). */
  notExecuted: 126,
  /** `exec`: there is no such command. */
  notFound: 127,
  /** A bug of ours. */
  internal: 70,
} as const;

/** A program that signal n ended has this plus n as its status. */
export const SIGNAL_BASE = 128;

/** The status of a program that a signal ended, as shells have it: 128 + n. */
export function exitCodeForSignal(signal: NodeJS.Signals): number {
  return SIGNAL_BASE + constants.signals[signal];
}
