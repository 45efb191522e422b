import { setTimeout as sleep } from 'node:timers/promises';
import { logPaths, type RunFolder } from '../adapters/journal/run-folder.js';
import { livenessOf } from '../adapters/journal/supervisor-mark.js';
import type { RunState, TaskRecord } from '../core/run-state.js';
import { queueView } from '../reporters/views/queue-words.js';
import { endOfTaskWords } from '../reporters/views/task-facts.js';
import { present } from '../util/assert.js';
import { printable } from '../util/printable.js';
import { GrowingLog } from './growing-log.js';
import { LogOutput, type LogStream } from './log-output.js';
import { JournalFollower } from './journal-follower.js';
import { sinceStart, standingNote, standingOf } from './past-run.js';

/** Often enough for someone who watches, seldom enough to cost nothing. */
const LOOK_EVERY_MS = 200;

/** What to follow. */
export interface FollowOrder {
  readonly folder: RunFolder;
  readonly task: string;
  readonly streams: readonly LogStream[];
  /** Only this attempt; absent: from the one that is live now, or the last, to the end of the task. */
  readonly attempt: number | undefined;
}

/** Prints what a task of a live run writes, as it writes it, until the task is finished or its run is over. */
export async function followLogs(order: FollowOrder): Promise<void> {
  const { folder, task } = order;
  const journal = new JournalFollower(folder, undefined, task);
  journal.catchUp();
  const first = order.attempt ?? Math.max(1, recordOf(journal.state, task).attempts);
  tellIfQueued(journal.state, task);
  for (let attempt = first; ; attempt += 1) {
    const log = new AttemptLog(order, attempt);
    for (;;) {
      // The order matters: what was written before the attempt ended is there when it is known to have ended.
      const isOver = livenessOf(folder).kind === 'over';
      journal.catchUp();
      const record = recordOf(journal.state, task);
      const isDone = hasEnded(record, attempt) || isOver;
      if (!(await log.pump())) return;
      if (isDone && !log.isBeingCut) {
        await log.end();
        if (isLast(record, attempt, order) || isOver) {
          tellEnd(record, journal.state, folder, isOver);
          return;
        }
        break;
      }
      await sleep(LOOK_EVERY_MS);
    }
    process.stderr.write(
      `memsched: attempt ${attempt} is over: ${endOfTaskWords(recordOf(journal.state, task))}\n`,
    );
  }
}

function recordOf(state: RunState, task: string): TaskRecord {
  return present(state.tasks.get(task), `task ${task} was planned`);
}

function hasEnded({ past, phase }: TaskRecord, attempt: number): boolean {
  return phase.kind === 'finished' || (past.at(-1)?.number ?? 0) >= attempt;
}

function isLast(record: TaskRecord, attempt: number, order: FollowOrder): boolean {
  return (
    order.attempt !== undefined || (record.phase.kind === 'finished' && attempt >= record.attempts)
  );
}

function tellIfQueued(state: RunState, task: string): void {
  const record = recordOf(state, task);
  if (record.phase.kind !== 'queued') return;
  process.stderr.write(
    `memsched: ${printable(task)} is queued: ${queueView(state, sinceStart(state)).whyInFull(record)}\n`,
  );
}

function tellEnd(record: TaskRecord, state: RunState, folder: RunFolder, isOver: boolean): void {
  const end =
    record.phase.kind === 'finished'
      ? endWords(record, record.phase.outcome)
      : standingNote({ standing: standingOf(isOver ? 'over' : 'live', state), folder, state });
  if (end !== '') process.stderr.write(`memsched: ${end}\n`);
}

function endWords(record: TaskRecord, outcome: string): string {
  const how = endOfTaskWords(record);
  return how === outcome ? outcome : `${outcome}: ${how}`;
}

/** The growing files of one attempt. */
class AttemptLog {
  readonly #parts: readonly { readonly log: GrowingLog; readonly output: LogOutput }[];

  constructor({ folder, task, streams }: FollowOrder, attempt: number) {
    const paths = logPaths(folder).pathsFor(task, attempt);
    this.#parts = streams.map((stream) => ({
      log: new GrowingLog(stream === 'stdout' ? paths.stdoutPath : paths.stderrPath),
      output: new LogOutput(streams.length > 1 ? `${stream === 'stdout' ? 'out' : 'err'} | ` : ''),
    }));
  }

  /** Prints what is new. @returns false when nobody reads any more. */
  async pump(): Promise<boolean> {
    for (const { log, output } of this.#parts)
      for (let piece = log.read(); piece.length > 0; piece = log.read())
        if (!(await output.write(piece))) return false;
    return true;
  }

  /** What is left of one of them comes with the next look. */
  get isBeingCut(): boolean {
    return this.#parts.some(({ log }) => log.isBeingCut);
  }

  async end(): Promise<void> {
    for (const { output } of this.#parts) await output.end();
  }
}
