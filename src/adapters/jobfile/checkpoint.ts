import type { CheckpointAsk, CheckpointSpec } from '../../core/task-spec.js';
import { commandAt, type JobCommand } from './command.js';
import type { Job } from './jobs.js';
import { quote } from './printable.js';
import type { Report } from './report.js';

/** Exit code of a task that has saved its work and wants to be run again, unless it says another. */
const DEFAULT_EXIT_CODE = 85;
const DEFAULT_TIMEOUT_MS = 10_000;

/** How a job's tasks save their work, and the command that does it for them. */
export interface JobCheckpoint {
  readonly spec: CheckpointSpec;
  readonly hook: JobCommand | undefined;
}

/** Reads `checkpoint`; faults are reported. */
export function jobCheckpoint(
  job: Job,
  keys: readonly string[],
  report: Report,
): JobCheckpoint | undefined {
  const { checkpoint } = job.input;
  if (checkpoint === undefined) return undefined;
  const { exit, stale, required, keep } = checkpoint;
  const ask = askOf(job, report);
  return {
    spec: {
      ...(ask === undefined ? {} : { ask }),
      exitCode: exit ?? DEFAULT_EXIT_CODE,
      stale: stale ?? 'any',
      ...(required === true ? { isRequired: true } : {}),
      ...(keep === true ? { isKept: true } : {}),
    },
    hook:
      checkpoint.run === undefined
        ? undefined
        : commandAt(job, ['checkpoint', 'run'], keys, report),
  };
}

function askOf(job: Job, report: Report): CheckpointAsk | undefined {
  const { signal, run, timeout, every } = job.input.checkpoint ?? {};
  const name = `checkpoint of job ${quote(job.name)}`;
  if (signal !== undefined && run !== undefined) {
    report.at(job.keyOrigin('checkpoint', 'run'), {
      message: `${name} has both a signal and a command`,
      mend: 'keep one of them: a command may send signals itself (kill -USR1 "$MEMSCHED_PID")',
    });
  }
  if (signal === undefined && run === undefined) {
    for (const key of ['timeout', 'every'] as const) {
      if (job.input.checkpoint?.[key] === undefined) continue;
      report.at(job.keyOrigin('checkpoint', key), {
        message: `${key} of the ${name} has no meaning without a signal or a command`,
        mend: 'add how the task is asked to save its work: signal: SIGUSR1, or run: ./save.sh',
      });
    }
    return undefined;
  }
  return {
    by: signal === undefined ? { kind: 'run' } : { kind: 'signal', signal },
    timeoutMs: timeout ?? DEFAULT_TIMEOUT_MS,
    ...(every === undefined ? {} : { everyMs: every }),
  };
}
