import { assert, unreachable } from '../../util/assert.js';
import type { Action } from '../actions.js';
import { initialControl, type Control } from '../control.js';
import { decide } from '../decide.js';
import type { RunEvent } from '../events.js';
import { evolve } from '../evolve.js';
import { NO_PRIORS, type Priors } from '../knowledge.js';
import type { Fact } from '../observation.js';
import { emptyRunState, type RunState } from '../run-state.js';
import type { RunConfig, TaskId, TaskSpec } from '../task-spec.js';
import { areaOf, checkCourse, stepsOf, type Course, type Step } from './course.js';
import { Looks } from './looks.js';
import { Score, type Rehearsal } from './score.js';
import { VirtualHost, type VirtualHostSpec } from './virtual-host.js';

/** What every attempt costs before it gets to its course. */
export type StartUp =
  | { readonly kind: 'ms'; readonly ms: number }
  /** Of its duration. */
  | { readonly kind: 'share'; readonly share: number };

/** A run to be rehearsed. */
export interface RehearsalSetup {
  readonly config: RunConfig;
  /** In the order of the jobfile. */
  readonly tasks: readonly TaskSpec[];
  readonly courseOf: (task: TaskId) => Course;
  readonly host: Omit<VirtualHostSpec, 'budget' | 'cpus'>;
  /** Default: none. */
  readonly startUp?: StartUp;
  /** What earlier runs have shown, by group; default: nothing. */
  readonly priors?: Priors;
  /** Size of a task's input files when it is free to start; default: there are none. */
  readonly inputBytesOf?: (task: TaskId) => number | undefined;
  /** When a task comes in, milliseconds since the start of the run; default: all at 0. */
  readonly arrivalMs?: (task: TaskId) => number;
  /** Told of every event, right after the state has changed by it. */
  readonly onEvent?: (event: RunEvent) => void;
}

/** More looks than this at every task and every part of its course mean that the run does not get on. */
const LOOKS_EACH = 10_000;

/**
 * A whole run in virtual time: the real `decide`, with everything that it decides, on a {@link VirtualHost} that does
 * what the courses say and has no faults. It looks when something happens or a timer may be due, not at every interval,
 * so that days pass in seconds. The same setup gives the same rehearsal.
 *
 * @throws InvariantError when a task has no usable course, or the run does not come to an end.
 */
export function rehearse(setup: RehearsalSetup): Rehearsal {
  const stage = new Stage(setup);
  let looks = 0;
  const bound = LOOKS_EACH * (1 + setup.tasks.length);
  while (!stage.isOver) {
    stage.step();
    looks += 1;
    assert(looks < bound, 'a rehearsal comes to its end');
  }
  return stage.result();
}

/** One rehearsal under way: who plays, who decides, and what time it is. */
class Stage {
  readonly #setup: RehearsalSetup;
  readonly #state: RunState = emptyRunState();
  readonly #control: Control;
  readonly #host: VirtualHost;
  readonly #looks: Looks;
  readonly #score: Score;
  /** Tasks that have yet to come in, the next one last. */
  readonly #toCome: { readonly spec: TaskSpec; readonly atMs: number }[];

  /** Sizes of inputs that were asked for and are told of at the next look. */
  readonly #measured: Fact[] = [];

  constructor(setup: RehearsalSetup) {
    const { config, tasks, arrivalMs = () => 0, priors = NO_PRIORS } = setup;
    this.#setup = setup;
    this.#control = initialControl(config, priors);
    this.#host = new VirtualHost({ ...setup.host, budget: config.budget, cpus: config.cpus });
    this.#looks = new Looks(config.intervalMs);
    for (const { id } of tasks) checkCourse(setup.courseOf(id));
    this.#score = new Score(this.#state, (task) => areaOf(this.#stepsOf(task)));
    this.#toCome = tasks
      .map((spec) => ({ spec, atMs: arrivalMs(spec.id) }))
      .sort((a, b) => b.atMs - a.atMs || b.spec.index - a.spec.index);
    this.#receive();
  }

  get isOver(): boolean {
    return this.#toCome.length === 0 && this.#state.ended !== undefined;
  }

  /** Goes on to whatever is next: something that happens on the host, somebody who comes in, or a look. */
  step(): void {
    const host = this.#host;
    const arrivesMs = this.#toCome.at(-1)?.atMs ?? Infinity;
    const nextMs = Math.min(host.nextMs(), this.#looks.nextMs, arrivesMs);
    assert(nextMs < Infinity, 'somebody runs, or somebody may start');
    const { usedBytes, brakeEvents } = host;
    host.advanceTo(nextMs);
    this.#receive();
    this.#score.takeEnds(host.takeEnds());
    if (host.hasNews) this.#looks.wake(nextMs);
    else if (host.usedBytes !== usedBytes || host.brakeEvents !== brakeEvents)
      this.#looks.inTime(nextMs);
    if (this.#looks.nextMs <= nextMs) this.#look();
  }

  result(): Rehearsal {
    return this.#score.result(this.#host);
  }

  #receive(): void {
    const nowMs = this.#host.nowMs;
    for (let next = this.#toCome.at(-1); next !== undefined; next = this.#toCome.at(-1)) {
      if (next.atMs > nowMs) return;
      this.#toCome.pop();
      const event: RunEvent = { kind: 'task-planned', tMs: nowMs, spec: begunAnew(next.spec) };
      evolve(this.#state, event);
      this.#tell(event);
      // A lull was not the end: more has come.
      this.#state.ended = undefined;
      this.#looks.wake(nowMs);
    }
  }

  #tell(event: RunEvent): void {
    this.#score.takeEvent(event);
    this.#setup.onEvent?.(event);
  }

  #look(): void {
    const host = this.#host;
    const { nowMs } = host;
    const state = this.#state;
    const control = this.#control;
    // Looks are as far apart as nothing happens: none of them is late.
    control.lastTickMs = undefined;
    const before = state.level;
    const { events, actions } = decide(state, control, {
      nowMs,
      host: host.observe(),
      attempts: host.sample(),
      facts: [...host.takeFacts(), ...this.#measured.splice(0)],
    });
    for (const event of events) this.#tell(event);
    this.#score.noteWait(nowMs, control);
    for (const action of actions) this.#act(action);
    const hasChanged =
      before !== state.level ||
      events.some(({ kind }) => kind !== 'sampled' && kind !== 'task-waits');
    this.#looks.looked(nowMs, hasChanged, state, control);
    if (host.hasNews || this.#measured.length > 0) this.#looks.soon(nowMs);
  }

  #stepsOf(task: TaskId): Step[] {
    return stepsOf(this.#setup.courseOf(task), RISE_SHARE * this.#setup.host.capacityBytes);
  }

  #act(action: Action): void {
    const host = this.#host;
    switch (action.kind) {
      case 'launch': {
        const course = this.#setup.courseOf(action.task);
        host.launch(
          { task: action.task, attempt: action.attempt },
          {
            steps: this.#stepsOf(action.task),
            cpus: course.cpus,
            limitBytes: action.limitBytes,
            level: action.level,
            startUpMs: startUpMs(this.#setup.startUp, course),
          },
        );
        return;
      }
      case 'signal':
        host.signal(action, action.signal);
        return;
      case 'kill':
        host.signal(action, 'SIGKILL');
        return;
      case 'freeze':
        host.freeze(action);
        return;
      case 'thaw':
        host.thaw(action);
        return;
      case 'limit-tree':
        host.limitTree(action.highBytes, action.maxBytes);
        return;
      case 'measure-inputs': {
        const bytes = this.#setup.inputBytesOf?.(action.task);
        this.#measured.push({
          kind: 'inputs-measured',
          task: action.task,
          ...(bytes === undefined ? {} : { bytes }),
        });
        return;
      }
      case 'set-budget':
      case 'answer':
      case 'cut-log':
        // Nobody gives commands in a rehearsal, and nothing is written.
        return;
      case 'reclaim':
        // There is no swap.
        return;
      case 'ask-checkpoint':
      case 'end-checkpoint-hook':
      case 'remove-checkpoints':
        // Nobody keeps anything.
        return;
      default:
        unreachable(action);
    }
  }
}

/** Rises come in steps of this share of the machine: what may be used before anyone can react. */
export const RISE_SHARE = 1 / 256;

function startUpMs(startUp: StartUp | undefined, { durationMs }: Course): number {
  if (startUp === undefined) return 0;
  return startUp.kind === 'ms' ? startUp.ms : startUp.share * durationMs;
}

/** How much of its work a task saves is not known before it does: who is preempted in a rehearsal begins anew. */
function begunAnew(spec: TaskSpec): TaskSpec {
  const { checkpoint, ...rest } = spec;
  return checkpoint === undefined ? spec : rest;
}
