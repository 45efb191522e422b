import type {
  AttemptAdmitted,
  AttemptStopping,
  CheckpointAsked,
  CheckpointMade,
  RunEvent,
} from '../../../src/core/events.js';
import type { ExitStatus } from '../../../src/core/outcome.js';
import type { PressureLevel } from '../../../src/core/reasons.js';
import type { TaskId, TaskSpec } from '../../../src/core/task-spec.js';
import type { Recording } from '../recording.js';
import { specsById } from './checker.js';

/** An attempt that lives, as far as the events tell. */
export interface Living {
  readonly admitted: AttemptAdmitted;
  readonly spec: TaskSpec;
  launchedAtMs: number | undefined;
  stopping: AttemptStopping | undefined;
  killedAtMs: number | undefined;
  isStuck: boolean;
  /** It was asked to save its work, and has not answered. */
  saving: CheckpointAsked | undefined;
  savingAskedMs: number | undefined;
  /** It was to save its work before it was asked to end: then its grace begins here. */
  graceFromMs: number | undefined;
  exited: { readonly atMs: number; readonly status: ExitStatus } | undefined;
  /** Since when it is frozen; undefined while it is not. */
  frozenSinceMs: number | undefined;
  /** How long it was frozen before. */
  frozenMs: number;
}

/** What is known of a run from its events so far: told anew, apart from the engine's own state. */
export class Story {
  readonly specOf: (id: TaskId) => TaskSpec;
  readonly live = new Map<TaskId, Living>();
  readonly preemptions = new Map<TaskId, number>();
  /** Up to when the work of a task is saved. */
  readonly savedMs = new Map<TaskId, number>();
  /** By which attempt, and how long that had been frozen by then. */
  readonly #savedBy = new Map<TaskId, { readonly attempt: number; readonly frozenMs: number }>();
  level: PressureLevel = 'open';
  stops = 0;
  halted: 'soon' | 'now' | undefined;
  isHeld = false;
  readonly heldTasks = new Set<TaskId>();
  readonly canceled = new Set<TaskId>();

  constructor(recording: Recording) {
    this.specOf = specsById(recording);
  }

  follow(event: RunEvent): void {
    switch (event.kind) {
      case 'level-changed':
        this.level = event.to;
        return;
      case 'stop-requested':
        this.stops = event.times;
        return;
      case 'halted':
        this.halted = event.mode;
        return;
      case 'run-held':
      case 'run-released':
        this.isHeld = event.kind === 'run-held';
        return;
      case 'task-held':
        this.heldTasks.add(event.task);
        return;
      case 'task-released':
        this.heldTasks.delete(event.task);
        return;
      case 'cancel-requested':
        this.canceled.add(event.task);
        return;
      case 'attempt-admitted':
        this.live.set(event.task, newlyAdmitted(event, this.specOf(event.task)));
        return;
      case 'attempt-ended':
        this.live.delete(event.task);
        return;
      case 'task-requeued':
        if (event.cause.kind === 'preempted')
          this.preemptions.set(event.task, event.cause.preemptions);
        return;
      case 'checkpoint-made':
        this.#noteSaved(event);
        change(this.live.get(event.task), event);
        return;
      default:
        if ('attempt' in event) change(this.live.get(event.task), event);
    }
  }

  #noteSaved({ task, attempt, savedMs }: CheckpointMade): void {
    const one = this.live.get(task);
    this.savedMs.set(task, savedMs);
    this.#savedBy.set(task, {
      attempt,
      frozenMs: one === undefined ? 0 : frozenUpTo(one, savedMs),
    });
  }

  /** How long ago its work was saved, without the time in which it was frozen since; undefined when it never was. */
  savedAgoMs(task: TaskId, tMs: number): number | undefined {
    const savedMs = this.savedMs.get(task);
    const one = this.live.get(task);
    if (savedMs === undefined) return undefined;
    if (one === undefined) return tMs - savedMs;
    const by = this.#savedBy.get(task);
    const beforeMs = by?.attempt === one.admitted.attempt ? by.frozenMs : 0;
    return tMs - savedMs - (frozenUpTo(one, tMs) - beforeMs);
  }

  /** Those that get on with their work, or are about to, or would if they were thawed. */
  atWork(): Living[] {
    return [...this.live.values()].filter(({ stopping }) => stopping === undefined);
  }

  /** Those that are frozen, the oldest first. */
  frozen(): Living[] {
    return [...this.live.values()]
      .filter(({ frozenSinceMs }) => frozenSinceMs !== undefined)
      .sort((a, b) => a.admitted.tMs - b.admitted.tMs || a.spec.index - b.spec.index);
  }
}

function newlyAdmitted(admitted: AttemptAdmitted, spec: TaskSpec): Living {
  return {
    admitted,
    spec,
    launchedAtMs: undefined,
    stopping: undefined,
    killedAtMs: undefined,
    isStuck: false,
    saving: undefined,
    savingAskedMs: undefined,
    graceFromMs: undefined,
    exited: undefined,
    frozenSinceMs: undefined,
    frozenMs: 0,
  };
}

function change(attempt: Living | undefined, event: RunEvent): void {
  if (attempt === undefined) return;
  switch (event.kind) {
    case 'attempt-launched':
      attempt.launchedAtMs = event.tMs;
      return;
    case 'attempt-suspended':
      attempt.frozenSinceMs = event.tMs;
      return;
    case 'attempt-thawed':
      melt(attempt, event.tMs);
      return;
    case 'attempt-stopping':
      melt(attempt, event.tMs);
      attempt.stopping = event;
      return;
    case 'attempt-killed':
      attempt.killedAtMs = event.tMs;
      return;
    case 'checkpoint-asked':
      attempt.saving = event;
      attempt.savingAskedMs = event.tMs;
      return;
    case 'checkpoint-made':
    case 'checkpoint-missed':
      if (attempt.stopping !== undefined && attempt.saving !== undefined)
        attempt.graceFromMs = event.tMs;
      attempt.saving = undefined;
      return;
    case 'attempt-stuck':
      attempt.isStuck = true;
      return;
    case 'attempt-exited':
      attempt.exited = { atMs: event.tMs, status: event.exit };
      return;
    default:
  }
}

/** How long it was frozen up to then, all its times together. */
function frozenUpTo({ frozenMs, frozenSinceMs }: Living, tMs: number): number {
  return frozenMs + (frozenSinceMs === undefined ? 0 : Math.max(0, tMs - frozenSinceMs));
}

function melt(attempt: Living, tMs: number): void {
  if (attempt.frozenSinceMs === undefined) return;
  attempt.frozenMs += tMs - attempt.frozenSinceMs;
  attempt.frozenSinceMs = undefined;
}

/**
 * Tells the story tick by tick: `onTick` sees how things stand when a tick has decided all it had to. A tick that the
 * supervisor did not live to end is left out.
 */
export function tellByTicks(
  recording: Recording,
  onEvent: (event: RunEvent, story: Story) => void,
  onTick: (tick: TickLook, story: Story) => void,
): void {
  const story = new Story(recording);
  const { events, looks, death } = recording;
  let at = 0;
  for (const [index, look] of looks.entries()) {
    const tMs = Math.round(look.tMs);
    const nextMs = looks[index + 1]?.tMs ?? Infinity;
    if (look.tMs >= (death?.tMs ?? Infinity)) break;
    for (; at < events.length; at += 1) {
      const event = events[at];
      if (event === undefined || event.tMs > tMs) break;
      onEvent(event, story);
      story.follow(event);
    }
    // Two looks in one millisecond: their events cannot be told apart.
    if (Math.round(nextMs) > tMs) onTick({ ...look, tMs, exactMs: look.tMs }, story);
  }
  for (; at < events.length; at += 1) {
    const event = events[at];
    if (event === undefined) break;
    onEvent(event, story);
    story.follow(event);
  }
}

/** One tick, by the look at the machine that it took. */
export interface TickLook {
  /** As its events say, whole milliseconds. */
  readonly tMs: number;
  readonly exactMs: number;
  readonly usedBytes: number;
  readonly budgetBytes: number;
}
