import type { CheckpointAsked, RunEvent } from '../../../src/core/events.js';
import type { CheckpointSpec } from '../../../src/core/task-spec.js';
import type { Recording } from '../recording.js';
import { eventsOf, hasEnded, longestGapMs, specsById, type Checker } from './checker.js';
import { Story, type Living } from './story.js';

/** Whoever can save its work is asked to before it is stopped, unless there is no time or what is there will do. */
export const checkpointsAreAskedFor: Checker = {
  name: 'work is saved before an attempt is stopped for memory, unless there is no time for it',
  check: (recording) => {
    const story = new Story(recording);
    const asked = askTimes(recording);
    const wrong: string[] = [];
    for (const event of recording.events) {
      const one = 'attempt' in event ? story.live.get(event.task) : undefined;
      if (one !== undefined) wrong.push(...misasked(event, one, story, asked));
      story.follow(event);
    }
    return [...wrong, ...signalledWhileSaving(recording)];
  },
};

function askTimes(recording: Recording): ReadonlySet<string> {
  return new Set(
    eventsOf(recording, 'checkpoint-asked').map(
      ({ task, attempt, tMs }) => `${task}#${attempt} ${tMs}`,
    ),
  );
}

function misasked(
  event: RunEvent,
  one: Living,
  story: Story,
  asked: ReadonlySet<string>,
): string[] {
  if (event.kind === 'checkpoint-asked') return oddlyAsked(event, one);
  if (event.kind !== 'attempt-stopping' || event.reason.kind !== 'preempted') return [];
  const { task, attempt, tMs, saving } = event;
  const { checkpoint } = one.spec;
  if (checkpoint?.ask === undefined || one.launchedAtMs === undefined)
    return saving === undefined ? [] : [`${task} was to save its work at ${tMs} ms, and cannot`];
  const isRecent = hasFresh(checkpoint, story.savedAgoMs(task, tMs));
  const expected = story.level === 'critical' ? 'no-time' : isRecent ? 'recent' : 'ask';
  if (saving?.kind !== expected)
    return [`${task} at ${tMs} ms: ${saving?.kind ?? 'nothing'}, not ${expected}`];
  const isAsked = one.saving !== undefined || asked.has(`${task}#${attempt} ${tMs}`);
  return expected === 'ask' && !isAsked ? [`${task} was not asked at ${tMs} ms`] : [];
}

function hasFresh({ stale }: CheckpointSpec, ageMs: number | undefined): boolean {
  return typeof stale === 'number' && ageMs !== undefined && ageMs <= stale;
}

function oddlyAsked({ task, tMs, why }: CheckpointAsked, one: Living): string[] {
  const { checkpoint } = one.spec;
  const everyMs = checkpoint?.ask?.everyMs;
  if (one.saving !== undefined) return [`${task} was asked at ${tMs} ms while it was at it`];
  if (why === 'stop')
    return one.stopping?.tMs === tMs ? [] : [`${task} was asked at ${tMs} ms and is not stopped`];
  const sinceMs = Math.max(one.launchedAtMs ?? Infinity, one.savingAskedMs ?? 0);
  return everyMs !== undefined && tMs - sinceMs >= everyMs
    ? []
    : [`${task} was asked at ${tMs} ms, before its time`];
}

/** Until its work is saved, or will not be, nobody is asked to end. */
function signalledWhileSaving(recording: Recording): string[] {
  const wrong: string[] = [];
  const open = new Map<string, number>();
  const spans: { readonly key: string; readonly fromMs: number; readonly toMs: number }[] = [];
  for (const event of recording.events) {
    if (!('attempt' in event)) continue;
    const key = `${event.task}#${event.attempt}`;
    if (event.kind === 'checkpoint-asked') open.set(key, event.tMs);
    const fromMs = open.get(key);
    if (fromMs === undefined || !ENDS_SAVING.includes(event.kind)) continue;
    spans.push({ key, fromMs, toMs: event.tMs });
    open.delete(key);
  }
  for (const { task, attempt, signal, tMs } of recording.signals) {
    const key = `${task}#${attempt}`;
    const isEarly = spans.some(
      (span) => span.key === key && tMs > span.fromMs + 1 && tMs < span.toMs - 1,
    );
    if (isEarly && signal !== 'SIGKILL')
      wrong.push(`${signal} reached ${task} at ${tMs} ms while it saved its work`);
  }
  return wrong;
}

const ENDS_SAVING: readonly string[] = ['checkpoint-made', 'checkpoint-missed', 'attempt-ended'];

/** Nobody waits for a checkpoint for longer than it was given. */
export const savingIsBounded: Checker = {
  name: 'nobody waits longer for a checkpoint than the task was given',
  check: (recording) => {
    const wrong: string[] = [];
    const open = new Map<string, CheckpointAsked>();
    const slackMs = longestGapMs(recording) + 100 + pausesMs(recording);
    for (const event of recording.events) {
      if (!('attempt' in event)) continue;
      const key = `${event.task}#${event.attempt}`;
      if (event.kind === 'checkpoint-asked') open.set(key, event);
      if (!ENDS_SAVING.includes(event.kind)) continue;
      const ask = open.get(key);
      open.delete(key);
      if (ask !== undefined && event.tMs - ask.tMs > ask.timeoutMs + slackMs)
        wrong.push(`${event.task} was waited for ${event.tMs - ask.tMs} ms`);
    }
    return hasEnded(recording)
      ? [...wrong, ...[...open.keys()].map((key) => `${key} was asked, and never answered`)]
      : wrong;
  },
};

function pausesMs({ setup }: Recording): number {
  return (setup.faults?.pauses ?? []).reduce((sum, { forMs }) => sum + forMs, 0);
}

/** What a task has saved is there for its next attempt, and for nobody when it has succeeded. */
export const workGoesOn: Checker = {
  name: 'an attempt goes on from what was saved, which is kept until the task has succeeded',
  check: (recording) => {
    const wrong: string[] = [];
    const savedMs = new Map<string, number>();
    for (const life of recording.lives.toSorted((a, b) => a.attempt - b.attempt)) {
      const known = savedMs.get(life.task) ?? 0;
      if (life.oomScoreAdj !== undefined && life.fromMs < known)
        wrong.push(`${life.task} began at ${life.fromMs}, and had saved its work up to ${known}`);
      if (life.savedMs !== undefined) savedMs.set(life.task, Math.max(known, life.savedMs));
    }
    if (!hasEnded(recording)) return wrong;
    const specOf = specsById(recording);
    for (const { task, outcome } of eventsOf(recording, 'task-finished')) {
      const { checkpoint } = specOf(task);
      const isDone = outcome === 'succeeded' && checkpoint?.isKept !== true;
      const isThere = recording.checkpointsKept.has(task);
      if (checkpoint !== undefined && isDone && isThere)
        wrong.push(`what ${task} had saved is there although it has succeeded`);
      if (!isDone && savedMs.has(task) && !isThere) wrong.push(`what ${task} had saved is gone`);
    }
    return wrong;
  },
};

/** A task that asks to be run again gets on, or is given up. */
export const idlersAreGivenUp: Checker = {
  name: 'a task that asks to be run again and saves nothing is given up',
  check: (recording) => {
    const wrong: string[] = [];
    const lives = new Map(recording.lives.map((life) => [`${life.task}#${life.attempt}`, life]));
    const idle = new Map<string, number>();
    for (const { task, attempt, verdict } of eventsOf(recording, 'attempt-ended')) {
      if (verdict.kind !== 'checkpointed') continue;
      const hasSaved = lives.get(`${task}#${attempt}`)?.savedMs !== undefined;
      const times = hasSaved ? 0 : (idle.get(task) ?? 0) + 1;
      idle.set(task, times);
      if (verdict.idleTimes !== times)
        wrong.push(`${task} saved nothing ${times} times in a row, not ${verdict.idleTimes}`);
      if (times > 4) wrong.push(`${task} saved nothing ${times} times in a row, and runs again`);
    }
    return wrong;
  },
};

/** A preemption fails a task only if it must not begin anew, and has nothing to go on from. */
export const onlyTheUnsavedFail: Checker = {
  name: 'a preempted task fails only for want of a checkpoint that it requires',
  check: (recording) => {
    const specOf = specsById(recording);
    const story = new Story(recording);
    const wrong: string[] = [];
    for (const event of recording.events) {
      const one = 'attempt' in event ? story.live.get(event.task) : undefined;
      if (event.kind === 'attempt-ended' && one !== undefined) {
        const { checkpoint } = specOf(event.task);
        const savedMs = story.savedMs.get(event.task);
        const hasWhatWillDo =
          savedMs !== undefined &&
          (checkpoint?.stale === 'any' || savedMs >= (one.stopping?.tMs ?? Infinity));
        const mayFail = checkpoint?.isRequired === true && !hasWhatWillDo;
        if (event.verdict.kind === 'checkpoint-missing' && !mayFail)
          wrong.push(`${event.task} failed at ${event.tMs} ms, and need not have`);
        const isNone = savedMs === undefined && one.launchedAtMs !== undefined;
        if (event.verdict.kind === 'preempted' && checkpoint?.isRequired === true && isNone)
          wrong.push(`${event.task} begins anew after ${event.tMs} ms, and must not`);
      }
      story.follow(event);
    }
    return wrong;
  },
};
