import { readFileSync } from 'node:fs';
import { bootId } from '../adapters/journal/supervisor-mark.js';
import type { RunState } from '../core/run-state.js';
import type { TaskId } from '../core/task-spec.js';
import { errorCode } from '../util/system-error.js';
import { printable } from '../util/printable.js';
import { counted } from '../reporters/words.js';
import type { PastRun } from './past-run.js';

/** Survivors that are named. */
const NAMED = 5;

/** A task of a dead supervisor whose main process still runs. */
export interface Survivor {
  readonly task: TaskId;
  readonly pid: number;
}

/**
 * The tasks of a run that outlived its supervisor, by their main processes: each has the run and its own name in its
 * environment, so that a pid which was given to somebody else since is not taken for one of them. What only left others
 * behind is not among them.
 */
export function survivorsOf({
  standing,
  state,
}: Pick<PastRun, 'standing' | 'state'>): readonly Survivor[] {
  const { started, live } = state;
  if (standing !== 'died' || started?.bootId !== bootId()) return [];
  return [...live.values()].flatMap(({ spec, phase }) => {
    const pid = 'attempt' in phase ? phase.attempt.launched?.pid : undefined;
    if (pid === undefined || !isOurs(pid, started.runId, spec.id)) return [];
    return [{ task: spec.id, pid }];
  });
}

/** What to tell of them; empty when there are none. */
export function survivorsNote(survivors: readonly Survivor[], { started }: RunState): string {
  if (survivors.length === 0) return '';
  const named = survivors
    .slice(0, NAMED)
    .map(({ task, pid }) => `${printable(task)} (process ${pid})`);
  const more = survivors.length > NAMED ? ', …' : '';
  return `${counted(survivors.length, 'task')} of it still ${survivors.length === 1 ? 'runs' : 'run'}, and nobody watches: ${named.join(', ')}${more}. memsched resume ${started?.runId ?? ''} takes over what a jobfile has started.`;
}

function isOurs(pid: number, runId: string, task: TaskId): boolean {
  const environment = environmentOf(pid);
  return (
    environment.includes(`MEMSCHED_RUN_ID=${runId}`) &&
    environment.includes(`MEMSCHED_TASK=${task}`)
  );
}

/** None of a process that is gone, dead and not yet waited for, or somebody else's. */
function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return [];
    throw error;
  }
}
