import { readJournal } from '../../adapters/journal/journal-reader.js';
import type { RunFolder } from '../../adapters/journal/run-folder.js';
import { openRunStore } from '../../adapters/journal/run-store.js';
import { livenessOf } from '../../adapters/journal/supervisor-mark.js';
import { localTime } from '../../reporters/views/show.js';
import type { Candidate } from './candidates.js';

/** Whoever looks for an older run has to type its beginning. */
const RUNS_MAX = 50;
const TASKS_MAX = 5000;
/** Events that are read for the names of tasks; they come early in a journal. */
const EVENTS_MAX = 50_000;

/** Runs, the newest first. */
export function runNames(onlyLive: boolean): readonly Candidate[] {
  const folders = openRunStore()
    .list()
    .filter((folder) => !onlyLive || livenessOf(folder).kind === 'live')
    .slice(0, RUNS_MAX);
  const all = folders.map((folder) => ({ value: folder.runId, description: describe(folder) }));
  return all.length === 0 || onlyLive
    ? all
    : [{ value: 'latest', description: 'the newest run' }, ...all];
}

function describe(folder: RunFolder): string {
  try {
    const [started] = readJournal(folder.journalPath);
    return started?.kind === 'run-started'
      ? `${started.config.name}, ${localTime(started.startedAtMs)}`
      : '';
  } catch {
    return '';
  }
}

/** The tasks of a run, in their order; of a very large run the first ones. */
export function taskNames(run: string | undefined): readonly Candidate[] {
  const found = openRunStore().resolve(run);
  if (!found.ok) return [];
  const names: Candidate[] = [];
  let events = 0;
  for (const event of readJournal(found.value.journalPath)) {
    events += 1;
    if (event.kind === 'task-planned') names.push({ value: event.spec.id });
    if (events >= EVENTS_MAX || names.length >= TASKS_MAX) break;
  }
  return names;
}

/** The concurrency groups of a run. */
export function concurrencyGroups(run: string | undefined): readonly string[] {
  const found = openRunStore().resolve(run);
  if (!found.ok) return [];
  const [started] = readJournal(found.value.journalPath);
  return started?.kind === 'run-started' ? Object.keys(started.config.groups) : [];
}
