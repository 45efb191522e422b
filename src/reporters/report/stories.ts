import type { RunEvent } from '../../core/events.js';
import type { RunState } from '../../core/run-state.js';
import type { TaskId } from '../../core/task-spec.js';
import { Story, type StoryEntry } from '../views/explain.js';
import { counted } from '../words.js';
import type { ReportEntry } from './report-data.js';

/** Tasks whose stories are collected. */
const STORIES_MAX = 1000;
/** Characters of all stories together, about half of a page with thousands of tasks. */
const CHARS_MAX = 2 * 1024 * 1024;
/** Steps of one story: of more, the first and the last. */
const ENTRIES_MAX = 200;
/** Lines below one step, such as the candidates of a preemption. */
const DETAILS_MAX = 40;

/** The tasks whose stories are told: those with most to tell first. */
export function tasksToTell(weights: readonly (readonly [TaskId, number])[]): readonly TaskId[] {
  return [...weights]
    .sort(([, a], [, b]) => b - a)
    .slice(0, STORIES_MAX)
    .map(([task]) => task);
}

/**
 * Collects the stories of chosen tasks, in a second pass over the same events: in the first nobody knows yet which have
 * something to tell, and all of them would be too much to hold.
 */
export class StoryCollector {
  readonly #stories: ReadonlyMap<TaskId, Story>;
  /** Those that what happens around them still matters to. */
  readonly #open: Set<Story>;

  /** @param tasks - the more important first. */
  constructor(tasks: readonly TaskId[]) {
    this.#stories = new Map(tasks.map((task) => [task, new Story(task)]));
    this.#open = new Set(this.#stories.values());
  }

  /** Takes in the next event, after the state has. */
  event(event: RunEvent, state: RunState): void {
    const own = ownTask(event);
    const story = own === undefined ? undefined : this.#stories.get(own);
    if (concernsAll(event)) for (const each of this.#open) each.add(event, state);
    else story?.add(event, state);
    if (event.kind === 'task-finished' && story !== undefined) this.#open.delete(story);
  }

  /** As many stories as there is room for, by task, the important ones first. */
  stories(): ReadonlyMap<TaskId, readonly ReportEntry[]> {
    const told = new Map<TaskId, readonly ReportEntry[]>();
    let chars = 0;
    for (const [task, story] of this.#stories) {
      const entries = bounded(story.entries);
      chars += charsOf(entries);
      if (chars > CHARS_MAX) break;
      told.set(task, entries);
    }
    return told;
  }
}

function ownTask(event: RunEvent): TaskId | undefined {
  if (event.kind === 'task-planned') return event.spec.id;
  return 'task' in event ? event.task : undefined;
}

/** Whether it may be a part of the story of others than its own task. */
function concernsAll(event: RunEvent): boolean {
  if (event.kind === 'attempt-stopping' || event.kind === 'attempt-suspended') return true;
  return ownTask(event) === undefined && event.kind !== 'sampled';
}

function bounded(entries: readonly StoryEntry[]): readonly ReportEntry[] {
  const short = entries.map(shortened);
  const left = short.length - ENTRIES_MAX;
  if (left <= 0) return short;
  const half = ENTRIES_MAX / 2;
  const gap = { tMs: short[half]?.tMs ?? 0, text: `(${counted(left, 'step')} left out here)` };
  return [...short.slice(0, half), gap, ...short.slice(-half)];
}

function shortened({ tMs, text, details }: StoryEntry): ReportEntry {
  if (details === undefined) return { tMs: Math.round(tMs), text };
  const left = details.length - DETAILS_MAX;
  return {
    tMs: Math.round(tMs),
    text,
    details:
      left > 0
        ? [...details.slice(0, DETAILS_MAX), `… and ${counted(left, 'more line')}`]
        : details,
  };
}

function charsOf(entries: readonly ReportEntry[]): number {
  return entries.reduce(
    (sum, { text, details = [] }) =>
      sum + text.length + 30 + details.reduce((chars, line) => chars + line.length + 4, 0),
    0,
  );
}
