import { isDeepStrictEqual } from 'node:util';
import type { RunEvent } from '../../../src/core/events.js';
import { evolve } from '../../../src/core/evolve.js';
import { checkInvariants } from '../../../src/core/invariants.js';
import { everyoneInOrder } from '../../../src/core/queue.js';
import { emptyRunState, type RunState, type TaskRecord } from '../../../src/core/run-state.js';
import { throughJournal } from '../journal-file.js';
import type { Death, Recording } from '../recording.js';
import type { Checker } from './checker.js';

/** The journal, written down and read back, gives the state again. */
export const replayGivesTheState: Checker = {
  name: 'replaying the journal gives the live state',
  check: ({ events, supervisor, end, death }) => {
    if (end.kind !== 'ended' || death !== undefined) return [];
    try {
      const differing = differences(replay(throughJournal(events)), supervisor.state);
      return differing.map((name) => `the replayed state differs in ${name}`);
    } catch (error) {
      return [`the journal does not replay: ${String(error)}`];
    }
  },
};

/** The state after all of these events. */
export function replay(events: readonly RunEvent[]): RunState {
  const state = emptyRunState();
  for (const event of events) evolve(state, event);
  return state;
}

/** Names of the parts that differ. */
export function differences(replayed: RunState, live: RunState): string[] {
  const [a, b] = [comparable(replayed), comparable(live)];
  return Object.keys(a).filter(
    (name) => !isDeepStrictEqual(a[name as keyof typeof a], b[name as keyof typeof b]),
  );
}

/**
 * A state with each record in one place, and by name where else it stands. When the end of a back-off was noticed is no
 * part of the state, so queues compare by their order.
 */
function comparable(state: RunState): Record<keyof RunState, unknown> {
  const idOf = ({ spec }: TaskRecord): string => spec.id;
  return {
    ...state,
    queue: everyoneInOrder(state.queue).map(idOf),
    live: [...state.live].map(([id, record]) => [id, record === state.tasks.get(id)]),
    unmeasured: [...state.unmeasured.keys()],
    jobs: [...state.jobs].map(([name, job]) => [name, { ...job, tasks: job.tasks.map(idOf) }]),
  };
}

/** A supervisor may die at any moment: its journal says what became of every task, and knows of all that still runs. */
export const deathLosesNothing: Checker = {
  name: 'after a death the journal accounts for every task and for all that still runs',
  check: (recording) => {
    const { death, setup } = recording;
    if (death === undefined) return [];
    const told = throughJournal(recording.events.slice(0, death.journal.length));
    if (!isDeepStrictEqual(death.journal, told)) return ['the journal is not what was told'];
    const sequel = told.length === 0 ? [] : [death.sequel];
    if (!isDeepStrictEqual(death.continued, [...told, ...sequel]))
      return ['who goes on with the journal does not go on behind its last whole event'];
    let state: RunState;
    try {
      state = replay(death.journal);
      checkInvariants(state);
    } catch (error) {
      return [`the journal does not replay: ${String(error)}`];
    }
    const queued = new Set(everyoneInOrder(state.queue));
    const planned = Math.min(setup.workload.plan.tasks.length, Math.max(0, told.length - 1));
    return [
      ...(state.tasks.size === planned
        ? []
        : [`${state.tasks.size} of ${planned} tasks are known`]),
      ...[...state.tasks.values()].flatMap((record) => misplaced(record, state, queued)),
      ...unknownToJournal(death, state),
      ...aheadOfJournal(recording, death, state),
    ];
  },
};

/** Every task is in exactly one place. */
function misplaced(record: TaskRecord, state: RunState, queued: ReadonlySet<TaskRecord>): string[] {
  const { spec, phase } = record;
  const places = [
    phase.kind === 'finished' ? 'finished' : undefined,
    state.live.has(spec.id) ? 'live' : undefined,
    state.doomed.has(spec.id) ? 'doomed' : undefined,
    queued.has(record) ? 'queued' : undefined,
    state.unmeasured.has(spec.id) ? 'about to be measured' : undefined,
    isHeldByNeeds(record, state) ? 'held by its needs' : undefined,
    // Between the end of an attempt and what follows from it: who goes on has to decide that.
    phase.kind === 'queued' && phase.notBeforeMs === Infinity ? 'undecided' : undefined,
  ].filter((place) => place !== undefined);
  if (places.length === 1) return [];
  return [`task ${spec.id} is ${places.length === 0 ? 'lost' : places.join(' and ')}`];
}

function isHeldByNeeds({ spec, phase }: TaskRecord, { jobs }: RunState): boolean {
  return phase.kind === 'queued' && (jobs.get(spec.job)?.unfinishedNeeds ?? 0) > 0;
}

/** Written down first, done second: nothing is on the machine of which the journal does not say that it may be there. */
function unknownToJournal({ open, journal }: Death, state: RunState): string[] {
  // What is stuck may have been given up; what has ended is cleared away only after it is written down.
  const over = journal.filter(
    (event) => event.kind === 'attempt-stuck' || event.kind === 'attempt-ended',
  );
  return open
    .filter(({ task, attempt }) => {
      const isOver = over.some((event) => event.task === task && event.attempt === attempt);
      return state.live.get(task)?.attempts !== attempt && !isOver;
    })
    .map(({ task, attempt }) => `attempt ${attempt} of ${task} is there, and nobody knows of it`);
}

/** One that did not die while it was writing had written everything down. */
function aheadOfJournal(
  { supervisor, end }: Recording,
  { wasWriting }: Death,
  state: RunState,
): string[] {
  if (wasWriting || end.kind !== 'died') return [];
  const differing = differences(state, supervisor.state);
  return differing.length === 0
    ? []
    : [`the dead supervisor knew other things of ${differing.join(', ')} than its journal`];
}
