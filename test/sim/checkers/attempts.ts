import type { AttemptRef } from '../../../src/core/observation.js';
import type { Life } from '../fake-host.js';
import type { Recording } from '../recording.js';
import { eventsOf, hasEnded, specsById, type Checker } from './checker.js';

/** Attempts of a task are numbered from 1, and never two live at once: in the events and on the machine. */
export const noTaskIsDoubled: Checker = {
  name: 'never two attempts of a task at once, numbered from 1, and none lost',
  check: (recording) => [
    ...doubledInEvents(recording),
    ...doubledOnMachine(recording.lives),
    ...unaccounted(recording),
  ],
};

function doubledInEvents(recording: Recording): string[] {
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
  if (hasEnded(recording)) for (const task of live) wrong.push(`${task} was lost while it ran`);
  return wrong;
}

/** Processes of the one before are gone when a place for the next is made. */
function doubledOnMachine(lives: readonly Life[]): string[] {
  const wrong: string[] = [];
  const goneAtMs = new Map<string, number>();
  for (const life of lives.toSorted((a, b) => a.openedAtMs - b.openedAtMs)) {
    if ((goneAtMs.get(life.task) ?? -1) > life.openedAtMs)
      wrong.push(`two attempts of ${life.task} lived on the machine at ${life.openedAtMs} ms`);
    // One that was moved out of sight and lost by the launcher as well is beyond anybody's knowledge.
    if (!life.isVanished) goneAtMs.set(life.task, life.emptiedAtMs ?? life.closedAtMs);
  }
  return wrong;
}

/** What lived on the machine is what was decided, one for one. */
function unaccounted(recording: Recording): string[] {
  const admitted = new Set(eventsOf(recording, 'attempt-admitted').map(keyOf));
  const ended = new Set(eventsOf(recording, 'attempt-ended').map(keyOf));
  const wrong: string[] = [];
  for (const life of recording.lives) {
    const key = keyOf(life);
    if (!admitted.delete(key)) wrong.push(`${key} lived on the machine and was never admitted`);
    if (hasEnded(recording) && !ended.has(key)) wrong.push(`${key} lived and never ended`);
  }
  return wrong;
}

/** What was stopped while it was on its way is stopped as it starts: until then nothing could reach it. */
export const lateComersAreStopped: Checker = {
  name: 'an attempt that was stopped before it started is stopped as soon as it has',
  check: (recording) => {
    const stopping = new Set<string>();
    const wrong: string[] = [];
    // Who dies between the news and the signal leaves it to the next.
    const diedMs = recording.death?.tMs ?? Infinity;
    for (const event of recording.events) {
      if (event.kind === 'attempt-stopping') stopping.add(keyOf(event));
      if (event.kind !== 'attempt-launched' || !stopping.has(keyOf(event))) continue;
      const reached = recording.signals.some(
        (sent) => keyOf(sent) === keyOf(event) && Math.round(sent.tMs) === event.tMs,
      );
      if (!reached && event.tMs < Math.round(diedMs))
        wrong.push(`attempt ${event.attempt} of ${event.task} was let go on`);
    }
    return wrong;
  },
};

function keyOf({ task, attempt }: AttemptRef): string {
  return `${task}#${attempt}`;
}

/** What lives on the machine got its limit, and the kernel knows whom it may take first. */
export const launchesAreAsDecided: Checker = {
  name: 'attempts start with the limit they were given, and the more expendable first for the kernel, too',
  check: (recording) => {
    const specOf = specsById(recording);
    const admitted = new Map(
      eventsOf(recording, 'attempt-admitted').map((event) => [keyOf(event), event]),
    );
    const wrong: string[] = [];
    const adjOfLevel = new Map<number, number>();
    for (const life of recording.lives) {
      const limitBytes = admitted.get(keyOf(life))?.limitBytes;
      if (life.limitBytes !== limitBytes)
        wrong.push(`${keyOf(life)} was to have ${String(limitBytes)} for a limit`);
      if (life.oomScoreAdj !== undefined)
        adjOfLevel.set(specOf(life.task).preemptible, life.oomScoreAdj);
    }
    const adjs = [...adjOfLevel].sort(([a], [b]) => a - b).map(([, adj]) => adj);
    if (adjs.some((adj, at) => at > 0 && adj <= (adjs[at - 1] ?? 0)))
      wrong.push(`the kernel would go by ${adjs.join()}, from level to level`);
    return wrong;
  },
};

/** A place is cleared away when nothing lives in it, and none is left. */
export const nothingIsLeftOpen: Checker = {
  name: 'no enclosure is left open, and none is cleared away while something lives in it',
  check: (recording) => {
    const wrong: string[] = [];
    for (const { task, attempt, emptiedAtMs, closedAtMs, isVanished } of recording.lives) {
      if (isVanished || (emptiedAtMs ?? -Infinity) <= closedAtMs) continue;
      wrong.push(`attempt ${attempt} of ${task} was cleared away while it lived`);
    }
    if (!hasEnded(recording)) return wrong;
    const givenUp = new Set(eventsOf(recording, 'attempt-stuck').map(keyOf));
    for (const ref of recording.openAtEnd) {
      if (!givenUp.has(keyOf(ref)))
        wrong.push(`attempt ${ref.attempt} of ${ref.task} was there when the run had ended`);
    }
    return [...wrong, ...recording.leftOpen.map((path) => `${path} could not be cleared away`)];
  },
};
