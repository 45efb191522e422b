import { readIfAllowed } from '../adapters/host/kernel-file.js';
import { bootId } from '../adapters/journal/supervisor-mark.js';
import { isHelperName, wordsOf } from '../adapters/process/helper-name.js';
import type { RunState } from '../core/run-state.js';
import type { TaskId } from '../core/task-spec.js';
import { printable } from '../util/printable.js';
import { counted } from '../reporters/words.js';
import type { PastRun } from './past-run.js';

const PROC = '/proc';
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

/** One on its way to its command has the launch helper's name, and not its own environment yet. */
function isOurs(pid: number, runId: string, task: TaskId): boolean {
  const environment = (readIfAllowed(`${PROC}/${pid}/environ`) ?? '').split('\0');
  return (
    (environment.includes(`MEMSCHED_RUN_ID=${runId}`) &&
      environment.includes(`MEMSCHED_TASK=${task}`)) ||
    isHelperName(wordsOf(PROC, pid), runId)
  );
}
