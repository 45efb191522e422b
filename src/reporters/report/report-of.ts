import type { RunEvent } from '../../core/events.js';
import { evolve } from '../../core/evolve.js';
import { emptyRunState, type RunState } from '../../core/run-state.js';
import { printable } from '../../util/printable.js';
import { usedBytesIn } from '../peak.js';
import { totals } from '../summary.js';
import { commandWords } from '../words-commands.js';
import { runFacts, runNotes } from './facts.js';
import { GroupCollector } from './groups.js';
import {
  REPORT_VERSION,
  type ReportEntry,
  type ReportData,
  type ReportRun,
  type ReportStanding,
} from './report-data.js';
import { StackCollector, UseCollector } from './series.js';
import { StoryCollector, tasksToTell } from './stories.js';
import { TaskCollector } from './tasks.js';

/** Commands of the user to the whole run that are told, the last ones. */
const COMMANDS_MAX = 100;

/** What a report needs to know that no event says. */
export interface ReportAbout {
  /** The version of memsched that makes it. */
  readonly memsched: string;
  /** Wall clock, milliseconds since 1970. */
  readonly madeAtMs: number;
  readonly standing: ReportStanding;
  /** Milliseconds since the run started, how far the report goes. */
  readonly untilMs: number;
  /** What to say of how the run stands; empty when it ended. */
  readonly note: string;
}

/** Collects everything of a report but the stories, in bounded memory beside the state. */
export class ReportCollector {
  readonly #tasks: TaskCollector;
  readonly #groups = new GroupCollector();
  readonly #use = new UseCollector();
  readonly #stack = new StackCollector();
  readonly #commands: ReportEntry[] = [];
  #peakBytes = 0;

  /** @param tasksMax - tasks that get a row; default: as many as a page can bear. */
  constructor(tasksMax?: number) {
    this.#tasks = new TaskCollector(tasksMax);
  }

  /** Takes in an event, after the state has. */
  event(event: RunEvent, state: RunState): void {
    this.#peakBytes = Math.max(this.#peakBytes, usedBytesIn(event));
    this.#use.event(event, state);
    this.#command(event);
    this.#group(event);
    this.#tasks.event(event);
    this.#stack.event(event, (task) => this.#tasks.serialOf(task));
  }

  #command(event: RunEvent): void {
    const { kind } = event;
    if (kind !== 'run-held' && kind !== 'run-released' && kind !== 'config-changed') return;
    this.#commands.push({ tMs: Math.round(event.tMs), text: printable(commandWords(event)) });
    if (this.#commands.length > COMMANDS_MAX) this.#commands.shift();
  }

  #group(event: RunEvent): void {
    if (event.kind === 'task-planned') this.#groups.planned(event.spec.group);
    if (event.kind !== 'attempt-admitted' && event.kind !== 'attempt-ended') return;
    const group = this.#tasks.groupOf(event.task);
    if (group === undefined) return;
    if (event.kind === 'attempt-admitted') this.#groups.admitted(group, event);
    else this.#groups.ended(group, event, this.#tasks.estimateOf(event.task) ?? 0);
  }

  /**
   * What was collected.
   *
   * @param state - after the last event.
   * @returns the report, for which the events are to be replayed once more into its stories.
   */
  finish(state: RunState, about: ReportAbout): UntoldReport {
    const listed = this.#tasks.listed(state, about.untilMs);
    const { groups, unlisted: unlistedGroups } = this.#groups.rows();
    const data = {
      format: 'memsched-report',
      version: REPORT_VERSION,
      memsched: about.memsched,
      madeAtMs: about.madeAtMs,
      run: { ...runOf(state, about, this.#peakBytes), commands: this.#commands },
      tasks: listed.tasks,
      unlistedTasks: listed.unlisted,
      attempts: listed.attempts,
      use: this.#use.series(),
      stack: this.#stack.series(listed.attemptIndex),
      groups,
      unlistedGroups,
    } as const;
    const places = new Map(listed.weights.map(([task], place) => [task, place]));
    const stories = new StoryCollector(tasksToTell(listed.weights));
    return {
      stories,
      told() {
        const byPlace = [...stories.stories()].map(([task, entries]) => [
          places.get(task),
          entries,
        ]);
        return { ...data, stories: Object.fromEntries(byPlace) as ReportData['stories'] };
      },
    };
  }
}

/** A report that lacks the stories. */
export interface UntoldReport {
  /** Wants the same events once more, and a state that they are replayed into. */
  readonly stories: StoryCollector;
  /** The report with what these have collected. */
  told(): ReportData;
}

function runOf(
  state: RunState,
  about: ReportAbout,
  peakBytes: number,
): Omit<ReportRun, 'commands'> {
  const { started, budget, counts } = state;
  const { standing, untilMs, note } = about;
  const pressure = started?.config.pressure ?? { somePct: 0, fullPct: 0 };
  return {
    id: printable(started?.runId ?? ''),
    name: printable(started?.config.name ?? ''),
    tier: started?.tier ?? 'procfs',
    startedAtMs: started?.startedAtMs ?? 0,
    standing,
    untilMs: Math.round(untilMs),
    totals: totals(state, peakBytes),
    notes: [...(note === '' ? [] : [note]), ...runNotes(state)],
    facts: runFacts(state, peakBytes, untilMs),
    budgetBytes: budget?.budgetBytes ?? 0,
    peakBytes,
    pressure: { somePct: pressure.somePct, fullPct: pressure.fullPct },
    outcomes: Object.fromEntries(counts.outcomes),
  };
}

/**
 * The report of a run: a view of its events like any other.
 *
 * @param events - gives the events from the first on; asked twice, and must give the same.
 */
export function reportOf(
  events: () => Iterable<RunEvent>,
  about: ReportAbout,
  tasksMax?: number,
): ReportData {
  const collector = new ReportCollector(tasksMax);
  const state = replayInto(events(), (event, after) => {
    collector.event(event, after);
  });
  const untold = collector.finish(state, about);
  replayInto(events(), (event, after) => {
    untold.stories.event(event, after);
  });
  return untold.told();
}

function replayInto(
  events: Iterable<RunEvent>,
  see: (event: RunEvent, state: RunState) => void,
): RunState {
  const state = emptyRunState();
  for (const event of events) {
    evolve(state, event);
    see(event, state);
  }
  return state;
}
