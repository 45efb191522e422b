import type { RunState } from '../core/run-state.js';
import { signalNumber } from '../reporters/joblog.js';
import type { RunEnd } from '../supervisor/supervisor.js';
import { EXIT, exitCodeForSignal, SIGNAL_BASE } from './exit-codes.js';
import type { LostOutput } from './reporters.js';

/**
 * The exit code of a run, by how it ended.
 *
 * @throws what broke it, if it was a bug of ours.
 */
export function exitCodeOf(end: RunEnd): number {
  if (end.kind === 'broken') throw end.error;
  const { stop } = end.state;
  if (stop !== undefined) return exitCodeForSignal(stop.signal as NodeJS.Signals);
  const { state } = end;
  const isWhole = state.source.kind !== 'ended' || state.source.problem === undefined;
  return isWhole && allSucceeded(state) && state.grown.length === 0 ? EXIT.ok : EXIT.tasksFailed;
}

/**
 * The exit code of `exec`: the command's own, or 128 and its signal's number; what never came to run ends as with `env`.
 *
 * @throws what broke the run, if it was a bug of ours.
 */
export function exitCodeOfCommand(end: RunEnd): number {
  if (end.kind === 'broken') throw end.error;
  const [record] = end.state.tasks.values();
  const verdict = record?.past.at(-1)?.verdict;
  switch (verdict?.kind) {
    case 'exit':
      return verdict.code;
    case 'external-signal':
      return SIGNAL_BASE + signalNumber(verdict.signal);
    case 'own-limit':
    case 'bystander':
    case 'over-budget':
    case 'over-pids':
      return exitCodeForSignal('SIGKILL');
    case 'timed-out':
      return EXIT.timedOut;
    case 'could-not-start':
      return EXIT.notExecuted;
    default:
      return exitCodeOf(end);
  }
}

/** Codes that say how the tasks fared, or that they were stopped for want of a reader. */
const OF_TASKS: readonly number[] = [EXIT.ok, EXIT.tasksFailed, exitCodeForSignal('SIGPIPE')];

/**
 * The exit code when not all that stood to be read on stdout was taken, whether the tasks had ended before that was known
 * or not: as of a program that SIGPIPE ended where nobody reads what tasks write; and a disk that is full must not look
 * like a success. A signal of the user's, or the own code of a command under `exec`, says more than that.
 */
export function exitCodeAfterLoss(code: number, lost: LostOutput | undefined): number {
  if (lost === undefined || !OF_TASKS.includes(code)) return code;
  return lost === 'unread' ? exitCodeForSignal('SIGPIPE') : EXIT.host;
}

function allSucceeded(state: RunState): boolean {
  return (
    state.counts.outcomes.get('succeeded') === state.counts.planned || state.counts.planned === 0
  );
}
