import { ageMsOf } from '../../../core/frozen.js';
import { everyoneInOrder, inOrder, queueLength } from '../../../core/queue.js';
import type { RunState, TaskRecord } from '../../../core/run-state.js';
import { pastPeakOf } from '../../views/task-facts.js';
import type { RunLook, Status, TaskRow } from './look.js';

/** What the rows can be sorted by, in the order in which a key steps through them. */
export const SORTS = ['order', 'memory', 'time', 'name', 'state'] as const;

/** See {@link SORTS}; `order` is live, queued, blocked and finished, each in its own order. */
export type Sort = (typeof SORTS)[number];

/** Which rows, and in which order. */
export interface RowWish {
  readonly sort: Sort;
  readonly isReversed: boolean;
  /** Part of a task's name, of its state or of its run's id; empty: all. */
  readonly filter: string;
  readonly showsFinished: boolean;
}

/** In a run of more tasks than this, of those that wait only the first ones are looked at, unless one searches. */
const LARGE_RUN = 5000;
const QUEUE_SHOWN = 500;

/** The tasks of some runs as rows. */
export function taskRows(runs: readonly RunLook[], wish: RowWish): TaskRow[] {
  const needle = wish.filter.toLowerCase();
  const rows = runs.flatMap((run) => {
    const samples = new Map(run.state.lastSample?.attempts.map((one) => [one.task, one.usedBytes]));
    return recordsOf(run.state, wish)
      .map((record) => rowOf(run, record, samples))
      .filter((row) => needle === '' || isMeant(row, needle));
  });
  return sorted(rows, wish);
}

function recordsOf(state: RunState, { showsFinished, filter }: RowWish): TaskRecord[] {
  const live = [...state.live.values()].sort((a, b) => a.spec.index - b.spec.index);
  if (state.tasks.size > LARGE_RUN && filter === '' && !showsFinished)
    return [...live, ...firstQueued(state)];
  const queued = everyoneInOrder(state.queue);
  const shown = new Set([...live, ...queued]);
  const rest = [...state.tasks.values()].filter((record) => !shown.has(record));
  const isFinished = ({ phase }: TaskRecord): boolean => phase.kind === 'finished';
  return [
    ...live,
    ...queued,
    ...rest.filter((record) => !isFinished(record)),
    ...(showsFinished ? rest.filter(isFinished).sort(lastFinishedFirst) : []),
  ];
}

/** Without putting a hundred thousand in order every second. */
function firstQueued({ queue }: RunState): TaskRecord[] {
  if (queueLength(queue) <= QUEUE_SHOWN) return everyoneInOrder(queue);
  const first: TaskRecord[] = [...queue.held].slice(0, QUEUE_SHOWN);
  for (const record of inOrder(queue, () => true)) {
    if (first.length >= QUEUE_SHOWN) break;
    first.push(record);
  }
  return first;
}

function lastFinishedFirst(a: TaskRecord, b: TaskRecord): number {
  const at = ({ phase }: TaskRecord): number => (phase.kind === 'finished' ? phase.atMs : 0);
  return at(b) - at(a) || a.spec.index - b.spec.index;
}

function rowOf(run: RunLook, record: TaskRecord, samples: ReadonlyMap<string, number>): TaskRow {
  const { phase, past } = record;
  const status = statusOf(run, record);
  if ('attempt' in phase) {
    return {
      run,
      record,
      status,
      bytes: samples.get(record.spec.id),
      ranMs: ageMsOf(phase, run.nowMs),
    };
  }
  const isOver = phase.kind === 'finished' && past.length > 0;
  const ranMs = past.reduce((sum, attempt) => sum + attempt.ranMs, 0);
  return {
    run,
    record,
    status,
    bytes: isOver ? pastPeakOf(record) : undefined,
    ranMs: isOver ? ranMs : undefined,
  };
}

function statusOf({ state, nowMs }: RunLook, { phase, isHeld, spec }: TaskRecord): Status {
  switch (phase.kind) {
    case 'starting':
    case 'running':
    case 'suspended':
      return phase.attempt.exited === undefined ? phase.kind : 'ending';
    case 'stopping':
      return 'stopping';
    case 'finished':
      return phase.outcome;
    case 'queued':
      if (isHeld) return 'held';
      if (spec.needs.some((need) => isUnfinished(state, need))) return 'blocked';
      return phase.notBeforeMs > nowMs ? 'backing off' : 'queued';
  }
}

function isUnfinished(state: RunState, need: string): boolean {
  const job = state.jobs.get(need);
  return job !== undefined && job.finished < job.tasks.length;
}

function isMeant({ run, record, status }: TaskRow, needle: string): boolean {
  return (
    record.spec.id.toLowerCase().includes(needle) ||
    status.includes(needle) ||
    run.runId.toLowerCase().includes(needle)
  );
}

const STATUS_ORDER: readonly Status[] = [
  'stopping',
  'ending',
  'running',
  'suspended',
  'starting',
  'queued',
  'backing off',
  'held',
  'blocked',
];

function sorted(rows: TaskRow[], { sort, isReversed }: RowWish): TaskRow[] {
  const compare = COMPARE[sort];
  if (compare !== undefined) rows.sort(compare);
  return isReversed ? rows.reverse() : rows;
}

const COMPARE: Readonly<Record<Sort, ((a: TaskRow, b: TaskRow) => number) | undefined>> = {
  order: undefined,
  memory: (a, b) => (b.bytes ?? -1) - (a.bytes ?? -1),
  time: (a, b) => (b.ranMs ?? -1) - (a.ranMs ?? -1),
  name: (a, b) => compareTexts(a.record.spec.id, b.record.spec.id),
  state: (a, b) => statusRank(a.status) - statusRank(b.status) || compareTexts(a.status, b.status),
};

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function statusRank(status: Status): number {
  const at = STATUS_ORDER.indexOf(status);
  return at < 0 ? STATUS_ORDER.length : at;
}
