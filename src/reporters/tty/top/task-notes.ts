import { queueLength } from '../../../core/queue.js';
import { formatBytes } from '../../../util/bytes.js';
import { endOfTaskWords } from '../../views/task-facts.js';
import { headOfQueueWords, queueView, type QueueView } from '../../views/queue-words.js';
import { waitWords } from '../../words.js';
import { frozenWords, stoppingWords } from '../running.js';
import type { RunLook, TaskRow } from './look.js';

/** Counting the places in a longer queue would take longer than all the rest of a picture. */
const COUNTED_QUEUE = 5000;

/** Says of tasks what is worth a word beside their figures: why they wait, what ended them. One for each picture. */
export class TaskNotes {
  readonly #queues = new Map<RunLook, QueueView>();

  /** Short enough for the table; empty when there is nothing to say. */
  of(row: TaskRow): string {
    const { record, run } = row;
    const { phase } = record;
    switch (phase.kind) {
      case 'queued':
        return this.#why(row, false);
      case 'finished':
        return phase.outcome === 'succeeded' ? '' : endOfTaskWords(record);
      case 'stopping':
        return stoppingWords(phase, run.nowMs);
      case 'suspended':
        return [frozenWords(phase, run.nowMs), ...liveNotes(row)].join(', ');
      case 'starting':
      case 'running':
        return liveNotes(row).join(', ');
    }
  }

  /** The same, with all there is to say. */
  inFull(row: TaskRow): string {
    return row.record.phase.kind === 'queued' ? this.#why(row, true) : this.of(row);
  }

  #why({ record, run }: TaskRow, isInFull: boolean): string {
    const { state, nowMs } = run;
    if (queueLength(state.queue) > COUNTED_QUEUE) {
      if (record.isHeld || state.isHeld)
        return waitWords({ kind: 'held', of: record.isHeld ? 'task' : 'run' }, nowMs);
      if (record.waits !== undefined) return waitWords(record.waits, nowMs);
      return isInFull
        ? `waits behind others; the first, ${headOfQueueWords(state, nowMs) ?? ''}`
        : 'waits behind others';
    }
    let queue = this.#queues.get(run);
    if (queue === undefined) {
      queue = queueView(state, nowMs);
      this.#queues.set(run, queue);
    }
    return isInFull ? queue.whyInFull(record) : queue.why(record);
  }
}

function liveNotes({ record, bytes }: TaskRow): string[] {
  const { phase, attempts, preemptions, suspensions, isHeld } = record;
  if (!('attempt' in phase)) return [];
  const { estimate, saving } = phase.attempt;
  return [
    ...(saving === undefined ? [] : ['saves its work']),
    ...(bytes !== undefined && bytes > estimate.bytes
      ? [`over its estimate by ${formatBytes(bytes - estimate.bytes)}`]
      : []),
    ...(attempts > 1 ? [`attempt ${attempts}`] : []),
    ...(preemptions > 0 ? [`preempted ${preemptions}×`] : []),
    ...(suspensions > 0 ? [`frozen ${suspensions}×`] : []),
    ...(isHeld ? ['held should it run again'] : []),
  ];
}
