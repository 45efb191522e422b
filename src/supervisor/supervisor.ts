import type { Command, CommandReply } from '../core/command.js';
import { initialControl, type Control } from '../core/control.js';
import { decide } from '../core/decide.js';
import type { RunEvent, RunStarted } from '../core/events.js';
import { evolve } from '../core/evolve.js';
import { relearn, type Priors } from '../core/knowledge.js';
import type { Rest } from '../core/observation.js';
import { emptyRunState, type RunState } from '../core/run-state.js';
import { needsCloseWatch } from '../core/stopping.js';
import type { NodeSignal, TaskId } from '../core/task-spec.js';
import { apply, type Effects } from './apply.js';
import { Inbox, Observer } from './observe.js';
import type {
  CheckpointFolders,
  Clock,
  EventSink,
  InputMeter,
  Launcher,
  LaunchSpec,
  LogKeeper,
  LogPaths,
  TaskHost,
  TaskSource,
} from './ports.js';
import { resumedAtMs, takeUp, whatIsLeft, type Resumption } from './resume.js';
import type { RunPlan } from './run-plan.js';
import { TaskFeed } from './task-feed.js';

/** While memory is short or someone is being stopped, looks come at least this often. */
const CLOSE_WATCH_MS = 100;
/** Notices of the kernel and starts make ticks come no faster than this: a brake that is felt may send thousands a second. */
const NEWS_GAP_MS = 10;

/** Everything a run is made of; the composition root puts it together. */
export interface SupervisorParts {
  readonly plan: RunPlan;
  readonly clock: Clock;
  readonly host: TaskHost;
  readonly launcher: Launcher;
  readonly inputs: InputMeter;
  readonly sink: EventSink;
  readonly logs: LogPaths;
  /** Keeps logs to the plan's `maxLogBytes`; absent: they grow as they like. */
  readonly logKeeper?: LogKeeper;
  readonly checkpoints: CheckpointFolders;
  /** Where tasks come from beside the plan's, while the run goes on. */
  readonly source?: TaskSource;
  /** What earlier runs have shown of the groups. */
  readonly priors?: Priors;
  /** A run that goes on; absent: a new one. */
  readonly resumption?: Resumption;
  /** What the first event says beyond what the plan does. */
  readonly about: Pick<
    RunStarted,
    'runId' | 'bootId' | 'pid' | 'memsched' | 'jobfile' | 'profileFile'
  >;
}

/** How a run came to its end: in order, or by a bug of ours. */
export type RunEnd =
  | { readonly kind: 'ended'; readonly state: RunState }
  | { readonly kind: 'broken'; readonly state: RunState; readonly error: unknown };

/**
 * The loop: look, decide, write down, act; then wait for the interval or for something to happen. It does nothing in
 * direct reaction to the outside: exits, signals and kernel notices only make the next tick come sooner.
 */
export class Supervisor {
  readonly state: RunState;
  readonly #parts: SupervisorParts;
  readonly #control: Control;
  readonly #inbox = new Inbox();
  readonly #observer: Observer;
  readonly #effects: Effects;
  readonly #feed: TaskFeed | undefined;
  readonly #startedAtMs: number;
  /** Who waits for the answer to a command, by its number. */
  readonly #asking = new Map<number, (reply: CommandReply) => void>();
  #commands = 0;
  #isOver = false;
  #onEnd: ((end: RunEnd) => void) | undefined;
  #cancelTimer: (() => void) | undefined;
  /** Whether the next tick comes at once, after the gap between notices, or when the interval is over. */
  #next: 'now' | 'soon' | 'in-time' = 'in-time';
  #lastTickMs = -Infinity;
  /** What glances have found since the last look; undefined before the first. */
  #rest: Rest | undefined;

  constructor(parts: SupervisorParts) {
    const { resumption } = parts;
    this.#parts = parts;
    this.state = resumption?.state ?? emptyRunState();
    this.#control = initialControl(parts.plan.config, parts.priors);
    if (resumption !== undefined)
      relearn(this.#control.knowledge, this.state, resumption.unlearned);
    this.#observer = new Observer(
      parts.host,
      this.#inbox,
      parts.checkpoints,
      parts.plan.config.intervalMs,
      parts.logKeeper,
    );
    this.#startedAtMs =
      parts.clock.monotonicMs() -
      (resumption === undefined ? 0 : resumedAtMs(resumption, parts.clock.epochMs()));
    const { plan, host, launcher, inputs, logs, logKeeper, checkpoints, source } = parts;
    const wake = (): void => {
      this.#wake();
    };
    if (source !== undefined) this.#feed = new TaskFeed(source, this.#inbox, wake);
    this.#effects = {
      runId: parts.about.runId,
      launches: this.#feed?.launches ?? plan.launches,
      host,
      launcher,
      inputs,
      logs,
      ...(logKeeper === undefined ? {} : { logKeeper }),
      checkpoints,
      hooks: new Map(),
      inbox: this.#inbox,
      answer: (id, reply) => {
        this.#answer(id, reply);
      },
      wake,
      soon: () => {
        this.#soon();
      },
    };
    host.onChange(() => {
      this.#observer.forgetHost();
      this.#soon();
    });
  }

  /** What is known of groups by now: from before the run, and from it. */
  get knownGroups(): Priors {
    return this.#control.knowledge.groups;
  }

  /** Milliseconds since the run started. */
  nowMs(): number {
    return this.#parts.clock.monotonicMs() - this.#startedAtMs;
  }

  /** Starts the run; `onEnd` is called once, when the last task is finished. */
  start(onEnd: (end: RunEnd) => void): void {
    this.#onEnd = onEnd;
    if (this.#parts.resumption === undefined) this.#announce();
    else this.#resume(this.#parts.resumption);
    this.#wake();
  }

  /** What is run for a task; undefined for one that is finished and let go of. */
  launchOf(task: TaskId): LaunchSpec | undefined {
    return this.#effects.launches.get(task);
  }

  /** A signal that is meant for the tasks. */
  passSignal(signal: NodeSignal): void {
    this.#inbox.put({ kind: 'signal-passed', signal });
    this.#wake();
  }

  /** The user wants the run to end; a second time, at once. */
  requestStop(signal: NodeSignal): void {
    this.#inbox.put({ kind: 'stop-requested', signal });
    this.#wake();
  }

  /** The user tells the live run something; the tick that takes it answers, once it is written down. */
  command(command: Command): Promise<CommandReply> {
    if (this.#isOver) return Promise.resolve({ kind: 'run-is-over' });
    this.#commands += 1;
    const id = this.#commands;
    this.#inbox.put({ kind: 'commanded', id, command });
    this.#wake();
    return new Promise((resolve) => {
      this.#asking.set(id, resolve);
    });
  }

  #answer(id: number, reply: CommandReply): void {
    this.#asking.get(id)?.(reply);
    this.#asking.delete(id);
  }

  #announce(): void {
    const { plan, clock, host, about, source } = this.#parts;
    const started: RunStarted = {
      kind: 'run-started',
      tMs: 0,
      version: 1,
      ...about,
      startedAtMs: clock.epochMs(),
      tier: host.tier,
      tasks: plan.tasks.length,
      config: plan.config,
      ...(source === undefined ? {} : { isStreaming: true }),
    };
    this.#record([started]);
    this.#plan(0);
  }

  /** Says first what is taken over, and takes it over then: who dies in between leaves it to the next one. */
  #resume(resumption: Resumption): void {
    const { plan, host, about } = this.#parts;
    const tMs = Math.round(this.nowMs());
    const left = whatIsLeft(resumption);
    this.#record([
      {
        kind: 'run-resumed',
        tMs,
        after: resumption.after,
        bootId: about.bootId,
        pid: about.pid,
        memsched: about.memsched,
        tier: host.tier,
        adopted: left.filter(({ fate }) => fate.kind !== 'unknown').map(({ ref }) => ref),
        lost: left.filter(({ fate }) => fate.kind === 'unknown').map(({ ref }) => ref),
      },
    ]);
    if (this.state.tasks.size < plan.tasks.length) this.#plan(tMs);
    takeUp(left, resumption, this.#effects);
  }

  /** Every task that is not planned yet. */
  #plan(tMs: number): void {
    const specs = this.#parts.plan.tasks.filter(({ id }) => !this.state.tasks.has(id));
    this.#record(specs.map((spec) => ({ kind: 'task-planned', tMs, spec })));
  }

  /** For events that no tick decides: the state changes and everyone is told. */
  #record(events: readonly RunEvent[]): void {
    for (const event of events) evolve(this.state, event);
    this.#parts.sink.emit(events);
  }

  #wake(): void {
    if (this.#next === 'now') return;
    this.#next = 'now';
    this.#tickAfter(0);
  }

  /** There is news, from the kernel or of a start: look soon, but not at every piece of it. */
  #soon(): void {
    if (this.#next !== 'in-time' || this.#onEnd === undefined) return;
    const sinceMs = this.nowMs() - this.#lastTickMs;
    if (sinceMs >= NEWS_GAP_MS) {
      this.#wake();
      return;
    }
    this.#next = 'soon';
    this.#tickAfter(NEWS_GAP_MS - sinceMs);
  }

  #tickAfter(ms: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#parts.clock.after(ms, () => {
      const isInTime = this.#next === 'in-time';
      this.#next = 'in-time';
      this.#tick(isInTime);
    });
  }

  /** @param isInTime - nothing is known to have happened; the interval is over. */
  #tick(isInTime: boolean): void {
    if (this.#onEnd === undefined) return;
    try {
      if (!isInTime || !this.#restsOn()) this.#step();
    } catch (error) {
      this.#finish({ kind: 'broken', state: this.state, error });
      return;
    }
    if (this.state.ended !== undefined) this.#finish({ kind: 'ended', state: this.state });
    else if (this.#next === 'in-time') this.#tickAfter(this.#intervalMs());
  }

  #step(): void {
    this.#lastTickMs = this.nowMs();
    const seen = this.#observer.look(this.state, this.#lastTickMs, this.#rest);
    this.#rest = undefined;
    const { events, actions } = decide(this.state, this.#control, seen);
    this.#parts.sink.emit(events);
    this.#parts.host.clearClosed();
    apply(actions, this.#effects);
    this.#feed?.goOn(this.state, events);
  }

  #intervalMs(): number {
    const { intervalMs } = this.#parts.plan.config;
    if (needsCloseWatch(this.state)) return Math.min(CLOSE_WATCH_MS, intervalMs);
    const restMs = this.#restMs();
    return restMs > 0 ? Math.min(restMs, intervalMs) : intervalMs;
  }

  /** Nothing is due yet, and memory stands still: a glance is enough. */
  #restsOn(): boolean {
    const { host, logKeeper } = this.#parts;
    if (this.#restMs() <= 0) return false;
    const hasMoved = host.hasMoved();
    if (hasMoved && this.#rest !== undefined) this.#rest = { ...this.#rest, hasMoved };
    if (hasMoved || logKeeper?.hasMoved() === true) return false;
    this.#rest = { untilMs: this.nowMs(), hasMoved };
    return true;
  }

  #restMs(): number {
    return this.#lastTickMs + this.#control.restMs - this.nowMs();
  }

  #finish(end: RunEnd): void {
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    this.#isOver = true;
    this.#cancelTimer?.();
    this.#feed?.close();
    for (const id of [...this.#asking.keys()]) this.#answer(id, { kind: 'run-is-over' });
    onEnd?.(end);
  }
}
