import type { RunState, TaskRecord } from './run-state.js';

/** Finished tasks that are remembered of a run whose tasks come while it goes on; twice as many for a while. */
const FINISHED_KEPT = 4096;
/** The largest are what `max_growth` compares. */
const LARGEST_KEPT = 2;

/**
 * Lets go of finished tasks when there are very many, so that a run of a million lines takes no more memory than one of
 * some thousands. What is of note is kept longest: failures first, then what was preempted or tried again. Of the others
 * the sums remain (`JobProgress.letGo`), and the journal has them all.
 */
export function letGoOfFinished(state: RunState): void {
  if (state.source.kind === 'none') return;
  // Whoever is not finished is part of `tasks`, too.
  if (state.tasks.size - state.unfinished < 2 * FINISHED_KEPT) return;
  const finished = [...state.tasks.values()].filter(({ phase }) => phase.kind === 'finished');
  const largest = new Set(
    finished
      .filter((record) => peakOf(record) > 0)
      .sort((a, b) => peakOf(b) - peakOf(a))
      .slice(0, LARGEST_KEPT),
  );
  const weight = (record: TaskRecord): number =>
    state.pinned.has(record.spec.id) ? 4 : largest.has(record) ? 3 : weightOf(record);
  // The sort is stable: of the same weight, the oldest go.
  const leaving = new Set(
    finished.toSorted((a, b) => weight(a) - weight(b)).slice(0, finished.length - FINISHED_KEPT),
  );
  for (const record of leaving) letGo(state, record);
  for (const job of state.jobs.values()) {
    job.tasks = job.tasks.filter((record) => !leaving.has(record));
    job.released = job.tasks.length;
  }
}

function letGo(state: RunState, record: TaskRecord): void {
  state.tasks.delete(record.spec.id);
  const job = state.jobs.get(record.spec.job);
  if (job === undefined) return;
  const { letGo: sums } = job;
  sums.tasks += 1;
  if (outcomeOf(record) === 'succeeded') sums.succeeded += 1;
  sums.preemptions += record.preemptions;
  sums.peakBytes = Math.max(sums.peakBytes, peakOf(record));
  sums.ranMs += record.past.reduce((sum, { ranMs }) => sum + ranMs, 0);
}

function weightOf(record: TaskRecord): number {
  if (outcomeOf(record) !== 'succeeded') return 2;
  return record.past.length > 1 ? 1 : 0;
}

function outcomeOf({ phase }: TaskRecord): string | undefined {
  return phase.kind === 'finished' ? phase.outcome : undefined;
}

function peakOf({ past }: TaskRecord): number {
  return past.reduce((most, { peakBytes }) => Math.max(most, peakBytes), 0);
}
