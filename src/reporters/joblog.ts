import { constants } from 'node:os';
import type { Verdict } from '../core/outcome.js';
import type { TaskId } from '../core/task-spec.js';
import type { Reporter } from './reporter.js';

/** What GNU parallel notes for a job that it killed itself, or that memory did. */
const NOT_ITS_OWN = -1;
/** A shell's exit code for a command that it cannot execute. */
const NOT_EXECUTED = 127;
const FIRST_REAL_TIME_SIGNAL = 34;

/** Takes the lines of a joblog. */
export interface JoblogSink {
  /** Writes a whole line at once: it is there when everything is killed. */
  write(line: string): void;
  close(): void;
}

/** What the joblog is made of. */
export interface JoblogOptions {
  readonly out: JoblogSink;
  /** The command of a task that has just ended, as text. */
  readonly commandOf: (task: TaskId) => string;
}

/**
 * Notes each task that has ended as a line of GNU parallel's joblog: `Seq Host Starttime JobRuntime Send Receive Exitval
 * Signal Command`, tabs between them. Of several attempts it is the last; tasks that never ran are not noted.
 */
export function createJoblogReporter({ out, commandOf }: JoblogOptions): Reporter {
  return {
    event(event, state) {
      if (event.kind !== 'task-finished') return;
      const record = state.tasks.get(event.task);
      const last = record?.past.at(-1);
      if (record === undefined || last === undefined) return;
      const startedAtMs = (state.started?.startedAtMs ?? 0) + last.endedAtMs - last.ranMs;
      const { exit, signal } = endOf(last.verdict);
      const fields = [
        record.spec.index + 1,
        ':',
        (startedAtMs / 1000).toFixed(3),
        (last.ranMs / 1000).toFixed(3).padStart(10),
        0,
        0,
        exit,
        signal,
        // As GNU parallel does: a line of it is a line.
        commandOf(event.task).replaceAll('\n', '\0'),
      ];
      out.write(`${fields.join('\t')}\n`);
    },
    close: () => {
      out.close();
    },
  };
}

function endOf(verdict: Verdict): { readonly exit: number; readonly signal: number } {
  switch (verdict.kind) {
    case 'exit':
    case 'checkpointed':
      return { exit: verdict.code, signal: 0 };
    case 'external-signal':
      return { exit: 0, signal: signalNumber(verdict.signal) };
    case 'own-limit':
    case 'bystander':
    case 'over-budget':
    case 'over-pids':
      return { exit: NOT_ITS_OWN, signal: constants.signals.SIGKILL };
    case 'timed-out':
    case 'canceled':
    case 'preempted':
    case 'checkpoint-missing':
      return { exit: NOT_ITS_OWN, signal: constants.signals.SIGTERM };
    case 'could-not-start':
      return { exit: NOT_EXECUTED, signal: 0 };
    case 'lost':
      return { exit: NOT_ITS_OWN, signal: 0 };
  }
}

/** The number of a signal's name; `SIGRTMIN+2` is 36. */
export function signalNumber(name: string): number {
  const realTime = /^SIGRTMIN(?:\+(\d+))?$/.exec(name);
  if (realTime !== null) return FIRST_REAL_TIME_SIGNAL + Number(realTime[1] ?? 0);
  return constants.signals[name as NodeJS.Signals];
}
