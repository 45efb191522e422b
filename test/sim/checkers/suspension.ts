import type { RunEvent } from '../../../src/core/events.js';
import type { Candidate } from '../../../src/core/reasons.js';
import type { Recording } from '../recording.js';
import { eventsOf, specsById, type Checker } from './checker.js';
import { Story, tellByTicks, type Living } from './story.js';

/** Preempted this often, a task is left alone. */
const IMMUNE_AFTER = 5;
/** An event tells of no more candidates than this. */
const TOLD_MOST = 64;
/** After somebody was frozen or thawed, it takes so long until the next may be frozen. */
const SETTLE_MS = 500;

/** While somebody is frozen somebody else is at work, or on the way out: nobody waits for who waits for him. */
export const neverAllAreFrozen: Checker = {
  name: 'never are all frozen, whoever holds the run',
  check: (recording) => {
    const wrong: string[] = [];
    tellByTicks(
      recording,
      () => undefined,
      ({ tMs }, story) => {
        if (story.frozen().length === 0) return;
        const others = [...story.live.values()].filter(isBusy);
        if (others.length === 0) wrong.push(`all that is left at ${tMs} ms is frozen`);
      },
    );
    return wrong;
  },
};

/** It is at work, about to be, or dies: what no signal can end does not count. */
function isBusy({ frozenSinceMs, isStuck }: Living): boolean {
  return frozenSinceMs === undefined && !isStuck;
}

/** Frozen are those alone that may be, the newest first and one at a time; never the last one at work. */
export const frozenAreTheNewest: Checker = {
  name: 'only who may be is frozen, the newest first, and never the last one at work',
  check: (recording) => {
    const story = new Story(recording);
    const wrong: string[] = [];
    let lastMs = -Infinity;
    for (const event of recording.events) {
      if (event.kind === 'attempt-suspended') {
        const doubts = misjudged(event, story, event.tMs - lastMs);
        wrong.push(...doubts.map((doubt) => `at ${event.tMs} ms ${doubt}`));
      }
      if (event.kind === 'attempt-suspended' || event.kind === 'attempt-thawed') lastMs = event.tMs;
      // Another supervisor does not know when that was.
      if (event.kind === 'run-resumed') lastMs = -Infinity;
      story.follow(event);
    }
    return wrong;
  },
};

function misjudged(
  { task, reason }: Extract<RunEvent, { kind: 'attempt-suspended' }>,
  story: Story,
  sinceLastMs: number,
): string[] {
  const wrong: string[] = [];
  const { candidates } = reason;
  if (candidates.length < Math.min(story.live.size, TOLD_MOST))
    wrong.push(`${candidates.length} of ${story.live.size} live attempts were looked at`);
  const isOutOfIt = new Set(candidates.filter(isSaidNotToGrow).map((one) => one.task));
  if (isOutOfIt.size > 0 && reason.rule !== 'growth')
    wrong.push(`who grows does not matter by ${reason.rule}`);
  const willing = [...story.live.values()].filter(
    (one) => mayBeFrozen(one, story) && !isOutOfIt.has(one.spec.id),
  );
  const newest = willing.sort(newestFirst)[0]?.spec.id;
  if (newest !== task) wrong.push(`${task} was frozen, not ${String(newest)}`);
  if (takenOf(candidates).join() !== task) wrong.push(`${takenOf(candidates).join()} were taken`);
  const atWork = [...story.live.values()].filter(isGettingOn);
  if (atWork.length < 2) wrong.push(`${task} was the last one at work`);
  if (sinceLastMs < SETTLE_MS) wrong.push('it was too soon for another');
  return wrong;
}

function isSaidNotToGrow({ verdict }: Candidate): boolean {
  return verdict.kind === 'rejected' && verdict.because === 'not-growing';
}

function takenOf(candidates: readonly Candidate[]): string[] {
  return candidates.flatMap(({ task, verdict }) => (verdict.kind === 'taken' ? [task] : []));
}

function isGettingOn({ stopping, exited, frozenSinceMs }: Living): boolean {
  return stopping === undefined && exited === undefined && frozenSinceMs === undefined;
}

function mayBeFrozen(one: Living, { preemptions }: Story): boolean {
  const { spec, launchedAtMs, saving } = one;
  if (spec.maySuspend !== true || launchedAtMs === undefined || saving !== undefined) return false;
  return (preemptions.get(spec.id) ?? 0) < IMMUNE_AFTER && isGettingOn(one);
}

function newestFirst(a: Living, b: Living): number {
  return b.admitted.tMs - a.admitted.tMs || b.spec.index - a.spec.index;
}

/** The oldest goes on first, and before anybody starts. */
export const frozenGoOnFirst: Checker = {
  name: 'frozen attempts go on in order, and nobody starts before them',
  check: (recording) => {
    const story = new Story(recording);
    const wrong: string[] = [];
    for (const event of recording.events) {
      const first = story.frozen()[0]?.spec.id;
      if (event.kind === 'attempt-thawed' && event.task !== first)
        wrong.push(`${event.task} went on at ${event.tMs} ms, and ${String(first)} should have`);
      if (event.kind === 'attempt-admitted' && first !== undefined)
        wrong.push(`${event.task} started at ${event.tMs} ms before ${first} went on`);
      story.follow(event);
    }
    return wrong;
  },
};

/** The machine's clock and the events' are a fraction of a millisecond apart at each end. */
const ROUNDING_MS = 2;

/** What is said to be frozen does stand still on the machine, its time does not run, and nothing else stands still. */
export const frostIsReal: Checker = {
  name: 'what is frozen stands still, and its time does not run',
  check: (recording) => {
    const wrong: string[] = [];
    const told = frozenTimes(recording);
    for (const { task, attempt, frozenMs, isVanished, cause } of recording.lives) {
      const { ms = 0, times = 0 } = told.get(`${task}#${attempt}`) ?? {};
      // One that dies while it is frozen, or is moved out of reach, thaws before anybody knows.
      const isExact = !isVanished && (cause === 'finished' || times === 0);
      const off = Math.abs(frozenMs - ms);
      if (isExact && off > ROUNDING_MS * (times + 1) + lateness(recording))
        wrong.push(`attempt ${attempt} of ${task} stood still for ${frozenMs} ms, not ${ms}`);
    }
    for (const { task, attempt, ranMs, frozenMs = 0, tMs } of eventsOf(
      recording,
      'attempt-ended',
    )) {
      const { ms = 0, launchedMs } = told.get(`${task}#${attempt}`) ?? {};
      if (launchedMs === undefined) continue;
      if (Math.abs(frozenMs - ms) > ROUNDING_MS)
        wrong.push(`attempt ${attempt} of ${task} was frozen for ${ms} ms, not ${frozenMs}`);
      if (Math.abs(tMs - launchedMs - ms - ranMs) > ROUNDING_MS)
        wrong.push(`attempt ${attempt} of ${task} ran for ${tMs - launchedMs - ms} ms`);
    }
    return wrong;
  },
};

/** Between a decision that a dead supervisor wrote down, and the deed of the next, everything is possible. */
function lateness({ death }: Recording): number {
  return death === undefined ? 0 : Infinity;
}

interface FrozenTime {
  ms: number;
  times: number;
  launchedMs: number | undefined;
}

function frozenTimes(recording: Recording): ReadonlyMap<string, FrozenTime> {
  const story = new Story(recording);
  const times = new Map<string, FrozenTime>();
  for (const event of recording.events) {
    if (event.kind === 'attempt-ended') {
      const one = story.live.get(event.task);
      const since = one?.frozenSinceMs;
      const open = since === undefined ? 0 : event.tMs - since;
      const key = `${event.task}#${event.attempt}`;
      const count = eventsOf(recording, 'attempt-suspended').filter(
        ({ task, attempt }) => `${task}#${attempt}` === key,
      ).length;
      const launchedMs = one?.launchedAtMs;
      times.set(key, { ms: (one?.frozenMs ?? 0) + open, times: count, launchedMs });
    }
    story.follow(event);
  }
  return times;
}

/** Who is asked to save its work can do so. */
export const frozenAreThawedToSave: Checker = {
  name: 'nobody is asked to save its work while it stands still',
  check: ({ asks }) =>
    asks
      .filter(({ isFrozen }) => isFrozen)
      .map(({ task, tMs }) => `${task} was asked at ${tMs} ms while it was frozen`),
};

/** Nobody is frozen by chance: each freezing and thawing on the machine was decided. */
export const frostIsDecided: Checker = {
  name: 'nothing is frozen or thawed that was not to be',
  check: (recording) => {
    const specOf = specsById(recording);
    const decided = new Set(
      eventsOf(recording, 'attempt-suspended').map(({ task, attempt }) => `${task}#${attempt}`),
    );
    const wrong: string[] = [];
    for (const { task, attempt, what, tMs } of recording.frosts) {
      if (!decided.has(`${task}#${attempt}`))
        wrong.push(`${what} reached attempt ${attempt} of ${task} at ${tMs} ms by itself`);
      if (specOf(task).maySuspend !== true) wrong.push(`${task} may not be frozen`);
    }
    return wrong;
  },
};
