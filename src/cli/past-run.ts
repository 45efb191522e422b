import { JournalError } from '../adapters/journal/journal-error.js';
import { readJournal } from '../adapters/journal/journal-reader.js';
import type { RunFolder } from '../adapters/journal/run-folder.js';
import { openRunStore } from '../adapters/journal/run-store.js';
import { bootId, livenessOf } from '../adapters/journal/supervisor-mark.js';
import type { RunEvent } from '../core/events.js';
import { evolve } from '../core/evolve.js';
import { emptyRunState, type RunState } from '../core/run-state.js';
import type { TaskId } from '../core/task-spec.js';
import { InvariantError } from '../util/assert.js';
import { printable } from '../util/printable.js';
import { UsageError } from './errors.js';

/**
 * How a run stands: supervised now, here or in another container; ended in order; or its supervisor is gone without a
 * word.
 */
export type RunStanding = 'live' | 'elsewhere' | 'ended' | 'died';

/** A run as its journal tells it. */
export interface PastRun {
  readonly folder: RunFolder;
  readonly state: RunState;
  readonly standing: RunStanding;
  /** Milliseconds since it started: now while it is live, else the time of its last event. */
  readonly nowMs: number;
}

/**
 * The folder of the run that RUN means.
 *
 * @throws UsageError when there is none, or more than one.
 */
export function findRun(run: string | undefined): RunFolder {
  const found = openRunStore().resolve(run);
  if (!found.ok) throw new UsageError(printable(found.error));
  return found.value;
}

/**
 * Replays a run's journal.
 *
 * @param onEvent - sees each event after the state has taken it in.
 * @param task - one to be remembered whatever the number of finished tasks.
 * @throws JournalError when the journal is damaged.
 */
export function replay(
  folder: RunFolder,
  onEvent?: (event: RunEvent, state: RunState) => void,
  task?: TaskId,
): PastRun {
  // Asked before the journal is read: a run that ends meanwhile is still told right.
  const liveness = livenessOf(folder);
  const state = emptyRunState(new Set(task === undefined ? [] : [task]));
  let lastMs = 0;
  let line = 0;
  for (const event of readJournal(folder.journalPath)) {
    line += 1;
    applyEvent(state, event, folder, line);
    lastMs = event.tMs;
    onEvent?.(event, state);
  }
  const standing = standingOf(liveness.kind, state);
  return {
    folder,
    state,
    standing,
    nowMs: standing === 'live' ? Math.max(lastMs, sinceStart(state)) : lastMs,
  };
}

/**
 * Takes one event into the state.
 *
 * @throws JournalError when it does not fit: the journal was damaged or edited.
 */
export function applyEvent(
  state: RunState,
  event: RunEvent,
  folder: RunFolder,
  line: number,
): void {
  try {
    evolve(state, event);
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error;
    throw new JournalError(
      folder.journalPath,
      line,
      `"${event.kind}" does not fit what came before it (${error.message}); the file was damaged or edited`,
    );
  }
}

/** How a run stands, from its supervisor's mark and from what the journal says last. */
export function standingOf(
  liveness: 'live' | 'elsewhere' | 'over',
  state: Pick<RunState, 'ended'>,
): RunStanding {
  if (state.ended !== undefined) return 'ended';
  return liveness === 'over' ? 'died' : liveness;
}

/** Milliseconds since the run started, by the wall clock, as another process can know it. */
export function sinceStart(state: RunState): number {
  return state.started === undefined ? 0 : Math.max(0, Date.now() - state.started.startedAtMs);
}

/**
 * The arguments `[RUN] TASK` of a command: one alone is the task, of the latest run.
 *
 * @throws UsageError when no task is named, and the run that is meant has several.
 */
export function readRunAndTask(
  first: string | undefined,
  second: string | undefined,
  command: string,
): { run: string | undefined; task: string } {
  if (first === undefined)
    throw new UsageError(
      `which task? memsched ${command} [RUN] TASK; memsched show lists the tasks of the latest run`,
    );
  return second === undefined ? { run: undefined, task: first } : { run: first, task: second };
}

/** Whether this is another boot of the kernel than the run had. */
function wasRebooted({ started }: RunState): boolean {
  return started !== undefined && started.bootId !== bootId();
}

/** What to tell of a run whose supervisor is gone; empty for the others. */
export function standingNote({
  standing,
  folder,
  state,
}: Pick<PastRun, 'standing' | 'folder' | 'state'>): string {
  switch (standing) {
    case 'died':
      return `run ${folder.runId} died: its supervisor is gone and the journal has no end${wasRebooted(state) ? '; the machine was started anew since, or is another one' : ''}. What is told here is how far it came.`;
    case 'elsewhere':
      return `run ${folder.runId} is supervised in another container, or was when that ended; whether it still lives cannot be seen from here.`;
    case 'live':
    case 'ended':
      return '';
  }
}
