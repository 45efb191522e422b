import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { JournalError } from '../adapters/journal/journal-error.js';
import { readJournal } from '../adapters/journal/journal-reader.js';
import { parseEvent } from '../adapters/journal/parse-event.js';
import type { RunFolder } from '../adapters/journal/run-folder.js';
import type { RunEnded, RunStarted } from '../core/events.js';
import type { Outcome } from '../core/outcome.js';
import { finishedCount } from '../core/run-state.js';
import { replay, type RunStanding } from './past-run.js';
import { survivorsOf } from './survivors.js';

/** The last event of a journal is short; so many bytes hold it. */
const TAIL_BYTES = 16 * 1024;

/** A run in a line. */
export interface RunBrief {
  readonly run: string;
  readonly name: string;
  readonly state: RunStanding | 'unreadable';
  readonly tasks: number;
  readonly finished: number;
  readonly unsuccessful: number;
  readonly startedAtMs: number;
  readonly tookMs: number;
  /** Another supervisor took it over so many times. */
  readonly resumes: number;
  /** Tasks that outlived their supervisor, and still run. */
  readonly surviving: number;
  /** Why it is unreadable. */
  readonly problem?: string;
}

/** A run in a line. One that ended is known from both ends of its journal; the others are replayed. */
export function briefOf(folder: RunFolder): RunBrief {
  try {
    const ended = lastEvent(folder.journalPath);
    const [started] = readJournal(folder.journalPath);
    if (started?.kind === 'run-started' && ended !== undefined)
      return briefOfEnded(folder, started, ended);
    return briefOfReplay(folder);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    return {
      run: folder.runId,
      name: '',
      state: 'unreadable',
      tasks: 0,
      finished: 0,
      unsuccessful: 0,
      startedAtMs: 0,
      tookMs: 0,
      resumes: 0,
      surviving: 0,
      problem: error.message,
    };
  }
}

function briefOfEnded(folder: RunFolder, started: RunStarted, ended: RunEnded): RunBrief {
  const counts = Object.entries(ended.outcomes) as [Outcome, number][];
  const sum = (wanted: (outcome: Outcome) => boolean): number =>
    counts.reduce((total, [outcome, count]) => total + (wanted(outcome) ? count : 0), 0);
  return {
    run: folder.runId,
    name: started.config.name,
    state: 'ended',
    tasks: sum(() => true),
    finished: sum(() => true),
    unsuccessful: sum((outcome) => outcome !== 'succeeded'),
    startedAtMs: started.startedAtMs,
    tookMs: ended.tMs,
    resumes: ended.resumes ?? 0,
    surviving: 0,
  };
}

function briefOfReplay(folder: RunFolder): RunBrief {
  const past = replay(folder);
  const { state, standing, nowMs } = past;
  const finished = finishedCount(state);
  return {
    run: folder.runId,
    name: state.started?.config.name ?? '',
    state: standing,
    tasks: Math.max(state.started?.tasks ?? 0, state.counts.planned),
    finished,
    unsuccessful: finished - (state.counts.outcomes.get('succeeded') ?? 0),
    startedAtMs: state.started?.startedAtMs ?? 0,
    tookMs: nowMs,
    resumes: state.resumes,
    surviving: survivorsOf(past).length,
  };
}

/** The journal's last line, if it is the end of the run. */
function lastEvent(file: string): RunEnded | undefined {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch (error) {
    throw new JournalError(file, 0, `cannot be read: ${(error as Error).message}`);
  }
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const length = readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    const line = buffer.toString('utf8', 0, length).trimEnd().split('\n').at(-1) ?? '';
    const event = parseEvent(line, false);
    return event.ok && event.value.kind === 'run-ended' ? event.value : undefined;
  } finally {
    closeSync(fd);
  }
}
