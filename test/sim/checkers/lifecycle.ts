import { isDeepStrictEqual } from 'node:util';
import type { RunEvent } from '../../../src/core/events.js';
import { evolve } from '../../../src/core/evolve.js';
import type { AttemptRef } from '../../../src/core/observation.js';
import { emptyRunState } from '../../../src/core/run-state.js';
import { eventsOf, specsById, type Checker } from './checker.js';

/** A kernel kill that hit it through no fault of its own is forgiven so often. */
const BYSTANDER_BOUND = 5;
const PREEMPTION_BOUND = 5;
const GROWTH_BOUND = 5;

/** The run comes to its end, and every task with it, once. */
export const everyTaskEnds: Checker = {
  name: 'every task ends, once',
  check: (recording) => {
    const wrong: string[] = [];
    const { end } = recording;
    if (end.kind === 'broken') wrong.push(`the run broke: ${String(end.error)}`);
    if (end.kind === 'never') wrong.push('the run never ended');
    const finished = eventsOf(recording, 'task-finished').map((event) => event.task);
    for (const { id } of recording.setup.workload.plan.tasks) {
      const times = finished.filter((task) => task === id).length;
      if (times !== 1) wrong.push(`task ${id} finished ${times} times`);
    }
    if (recording.events.at(-1)?.kind !== 'run-ended') wrong.push('the last event is another');
    return wrong;
  },
};

/** Attempts of a task are numbered from 1, and never two live at once: in the events and on the machine. */
export const noTaskIsDoubled: Checker = {
  name: 'never two attempts of a task at once, numbered from 1',
  check: (recording) => {
    const wrong: string[] = [];
    const last = new Map<string, number>();
    const live = new Set<string>();
    for (const event of recording.events) {
      if (event.kind === 'attempt-admitted') {
        if (live.has(event.task)) wrong.push(`${event.task} was admitted while it ran`);
        if (event.attempt !== (last.get(event.task) ?? 0) + 1)
          wrong.push(`${event.task} skipped to attempt ${event.attempt}`);
        last.set(event.task, event.attempt);
        live.add(event.task);
      } else if (event.kind === 'attempt-ended') {
        if (!live.delete(event.task)) wrong.push(`${event.task} ended without running`);
      }
    }
    for (const task of live) wrong.push(`${task} was lost while it ran`);
    const closedAtMs = new Map<string, number>();
    for (const life of [...recording.lives].sort((a, b) => a.openedAtMs - b.openedAtMs)) {
      if ((closedAtMs.get(life.task) ?? -1) > life.openedAtMs)
        wrong.push(`two attempts of ${life.task} lived on the machine at ${life.openedAtMs} ms`);
      closedAtMs.set(life.task, life.closedAtMs);
    }
    return wrong;
  },
};

/** An attempt that succeeded before anyone decided to stop it has succeeded: its work is not done again. */
export const successIsFinal: Checker = {
  name: 'an attempt that exited with 0 before it was stopped has succeeded',
  check: (recording) => {
    const succeeded = new Set<string>();
    const stopped = new Set<string>();
    const wrong: string[] = [];
    for (const event of recording.events) {
      const key = 'attempt' in event ? `${event.task}#${event.attempt}` : '';
      if (event.kind === 'attempt-stopping') stopped.add(key);
      if (event.kind === 'attempt-exited' && event.exit.kind === 'code' && event.exit.code === 0) {
        if (!stopped.has(key)) succeeded.add(key);
      }
      if (event.kind !== 'attempt-ended' || !succeeded.has(key)) continue;
      if (event.verdict.kind !== 'exit')
        wrong.push(`${event.task} had succeeded and was called ${event.verdict.kind}`);
    }
    return wrong;
  },
};

/** What was stopped while it was on its way is stopped as it starts: until then nothing could reach it. */
export const lateComersAreStopped: Checker = {
  name: 'an attempt that was stopped before it started is stopped as soon as it has',
  check: (recording) => {
    const stopping = new Set<string>();
    const wrong: string[] = [];
    for (const event of recording.events) {
      if (event.kind === 'attempt-stopping') stopping.add(keyOf(event));
      if (event.kind !== 'attempt-launched' || !stopping.has(keyOf(event))) continue;
      const reached = recording.signals.some(
        (sent) => keyOf(sent) === keyOf(event) && Math.round(sent.tMs) === event.tMs,
      );
      if (!reached) wrong.push(`attempt ${event.attempt} of ${event.task} was let go on`);
    }
    return wrong;
  },
};

function keyOf({ task, attempt }: AttemptRef): string {
  return `${task}#${attempt}`;
}

/** Nothing of ours is left on the host. */
export const nothingIsLeftOpen: Checker = {
  name: 'no enclosure is left open',
  check: ({ leftOpen }) =>
    leftOpen.map(({ task, attempt }) => `attempt ${attempt} of ${task} was left behind`),
};

/** Every repetition has a bound. */
export const repetitionsAreBounded: Checker = {
  name: 'retries, preemptions, growths and forgiven kills are bounded',
  check: (recording) => {
    const specOf = specsById(recording);
    const counts = new Map<string, number>();
    const wrong: string[] = [];
    for (const { task, cause } of eventsOf(recording, 'task-requeued')) {
      const key = `${task} ${cause.kind}`;
      const times = (counts.get(key) ?? 0) + 1;
      counts.set(key, times);
      const bound = {
        preempted: PREEMPTION_BOUND,
        bystander: BYSTANDER_BOUND,
        'limit-grown': GROWTH_BOUND,
        retry: specOf(task).retries.max,
      }[cause.kind];
      if (times > bound) wrong.push(`${task}: ${cause.kind} for the ${times}th time`);
    }
    return wrong;
  },
};

/** The journal, written down and read back, gives the state again. */
export const replayGivesTheState: Checker = {
  name: 'replaying the events gives the live state',
  check: ({ events, supervisor, end }) => {
    if (end.kind !== 'ended') return [];
    const replayed = emptyRunState();
    for (const event of JSON.parse(JSON.stringify(events)) as RunEvent[]) evolve(replayed, event);
    if (isDeepStrictEqual(replayed, supervisor.state)) return [];
    const differing = Object.keys(replayed).filter(
      (key) =>
        !isDeepStrictEqual(
          replayed[key as keyof typeof replayed],
          supervisor.state[key as keyof typeof replayed],
        ),
    );
    return [`the replayed state differs in ${differing.join(', ')}`];
  },
};
