import { closest } from 'fastest-levenshtein';
import type { RunFolder } from '../adapters/journal/run-folder.js';
import { openRunStore } from '../adapters/journal/run-store.js';
import type { RunState, TaskRecord } from '../core/run-state.js';
import { printable } from '../util/printable.js';
import { UsageError } from './errors.js';

/**
 * The task of that name.
 *
 * @throws UsageError when there is none, with the nearest name.
 */
export function findTask(
  { state, folder }: { readonly state: RunState; readonly folder: RunFolder },
  name: string,
): TaskRecord {
  const record = state.tasks.get(name);
  if (record !== undefined) return record;
  const job = state.jobs.get(name);
  const only = job?.tasks[0];
  if (only !== undefined && job?.tasks.length === 1) return only;
  const shown = printable(name);
  if (only !== undefined)
    throw new UsageError(
      `"${shown}" is a job with ${job?.tasks.length ?? 0} tasks; name one of them, such as "${only.spec.id}"`,
    );
  if (state.tasks.size === 0)
    throw new UsageError(
      `run ${folder.runId} has no tasks: its journal ends before they were planned`,
    );
  const near = closest(name, [...state.tasks.keys()]);
  const asRun = openRunStore()
    .list()
    .some(({ runId }) => runId === name);
  throw new UsageError(
    asRun
      ? `"${shown}" is a run; name one of its tasks, too, such as "memsched explain ${shown} TASK"`
      : `run ${folder.runId} has no task "${shown}"; the nearest is "${near}", and "memsched show ${folder.runId}" lists them all`,
  );
}
