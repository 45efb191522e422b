import type { Action } from '../../../src/core/actions.js';
import { initialControl, type Control } from '../../../src/core/control.js';
import { decide, type Decision } from '../../../src/core/decide.js';
import type { RunEvent } from '../../../src/core/events.js';
import { evolve } from '../../../src/core/evolve.js';
import type { Priors } from '../../../src/core/knowledge.js';
import type {
  AttemptSample,
  AttemptTally,
  CheckpointLook,
  Fact,
  HostSample,
  Rest,
} from '../../../src/core/observation.js';
import type { ExitStatus } from '../../../src/core/outcome.js';
import { emptyRunState, type RunState, type TaskRecord } from '../../../src/core/run-state.js';
import type { RunConfig, TaskId, TaskSpec } from '../../../src/core/task-spec.js';
import { present } from '../../../src/util/assert.js';
import { GiB } from '../../../src/util/bytes.js';
import { plainConfig } from '../../sim/specs.js';

/** The budget of every look that does not say otherwise. */
export const BUDGET = 10 * GiB;

/** One look at a quiet machine. */
export function hostSample(change: Partial<HostSample> = {}): HostSample {
  const budgetBytes = change.budgetBytes ?? BUDGET;
  return {
    budgetBytes,
    capacityBytes: budgetBytes * 1.2,
    ceilingBytes: budgetBytes,
    availableBytes: budgetBytes - (change.usedBytes ?? 0),
    usedBytes: 0,
    outsideBytes: 0,
    swapFreeBytes: 0,
    reclaimScans: 0,
    brakeEvents: 0,
    ...change,
  };
}

/** What a tick gets to see, beyond what it saw before. */
export interface Look {
  /** Since the tick before; default 100. */
  readonly afterMs?: number;
  /** Use by task; stays until changed. The sum is the host's `usedBytes`. */
  readonly use?: Readonly<Record<TaskId, number>>;
  /** How many processes each task has; counted in this look alone. */
  readonly pids?: Readonly<Record<TaskId, number>>;
  /** What else is seen of attempts, in this look alone. */
  readonly seen?: Readonly<Record<TaskId, Partial<AttemptSample>>>;
  /** The attempts were looked at a moment ago, and are not looked at again. */
  readonly isFresh?: boolean;
  readonly facts?: readonly Fact[];
  readonly rest?: Rest;
  readonly host?: Partial<HostSample>;
  readonly checkpoints?: readonly CheckpointLook[];
}

/** Drives `decide` by hand: every tick sees what the test says, and nothing else. */
export class Loop {
  readonly state: RunState = emptyRunState();
  readonly control: Control;
  readonly events: RunEvent[] = [];
  nowMs = 0;
  #use: Record<TaskId, number> = {};

  constructor(tasks: readonly TaskSpec[], config: Partial<RunConfig> = {}, priors?: Priors) {
    this.control = initialControl(plainConfig(config), priors);
    for (const [index, spec] of tasks.entries())
      evolve(this.state, { kind: 'task-planned', tMs: 0, spec: { ...spec, index } });
  }

  tick(look: Look = {}): Decision {
    const { afterMs = 100, use = {}, pids = {}, seen = {}, facts = [], host = {} } = look;
    const { checkpoints = [], rest } = look;
    this.nowMs += afterMs;
    this.#use = { ...this.#use, ...use };
    const gone = new Set(facts.flatMap((fact) => (fact.kind === 'emptied' ? fact.task : [])));
    const attempts = [...this.state.live.values()].flatMap((record) => {
      const usedBytes = this.#use[record.spec.id];
      if (usedBytes === undefined || gone.has(record.spec.id)) return [];
      const { id } = record.spec;
      const count = pids[id] === undefined ? {} : { pids: pids[id] };
      const ref = { task: id, attempt: record.attempts };
      return [{ ...ref, usedBytes, peakBytes: usedBytes, ...count, ...seen[id] }];
    });
    const usedBytes = attempts.reduce((sum, attempt) => sum + attempt.usedBytes, 0);
    const decision = decide(this.state, this.control, {
      nowMs: this.nowMs,
      ...(rest !== undefined && { rest }),
      facts,
      attempts: look.isFresh === true ? [] : attempts,
      checkpoints,
      host: hostSample({ usedBytes, ...host }),
    });
    this.events.push(...decision.events);
    return decision;
  }

  /** Changes the configuration of the live run. */
  reconfigure(change: Partial<RunConfig>): void {
    Object.assign(this.control, { config: { ...this.control.config, ...change } });
  }

  /** A tick in which everything that was admitted is found running. */
  launchAll(look: Look = {}): Decision {
    const facts = [...this.state.live.values()]
      .filter(({ phase }) => phase.kind === 'starting')
      .map((record): Fact => ({ kind: 'launched', ...this.#ref(record.spec.id), pid: 1 }));
    return this.tick({ ...look, facts: [...facts, ...(look.facts ?? [])] });
  }

  /** A tick in which one task's attempt is found running. */
  launchOne(task: TaskId): Decision {
    return this.tick({ facts: [{ kind: 'launched', ...this.#ref(task), pid: 1 }] });
  }

  /** The main process of the task's attempt is gone. */
  exited(task: TaskId, exit: ExitStatus = { kind: 'code', code: 0 }): Fact {
    return { kind: 'exited', ...this.#ref(task), exit };
  }

  /** The last process of the task's attempt is gone. */
  emptied(task: TaskId, tally: Partial<AttemptTally> = {}): Fact {
    return { kind: 'emptied', ...this.#ref(task), tally: { peakBytes: 0, cpuMs: 0, ...tally } };
  }

  /** A tick in which the task's attempt ends. */
  end(
    task: TaskId,
    exit: ExitStatus = { kind: 'code', code: 0 },
    tally: Partial<AttemptTally> = {},
  ): Decision {
    return this.tick({ facts: [this.exited(task, exit), this.emptied(task, tally)] });
  }

  record(task: TaskId): TaskRecord {
    return present(this.state.tasks.get(task), `task ${task} is part of the test`);
  }

  outcome(task: TaskId): string | undefined {
    const { phase } = this.record(task);
    return phase.kind === 'finished' ? phase.outcome : undefined;
  }

  #ref(task: TaskId): { task: TaskId; attempt: number } {
    return { task, attempt: this.record(task).attempts };
  }
}

/** The events of one kind in a decision. */
export function of<K extends RunEvent['kind']>(
  { events }: { readonly events: readonly RunEvent[] },
  kind: K,
): Extract<RunEvent, { kind: K }>[] {
  return events.filter((event): event is Extract<RunEvent, { kind: K }> => event.kind === kind);
}

/** What a decision does, in short: `launch a`, `signal a SIGTERM`, `kill a`; limits left out. */
export function doings({ actions }: { readonly actions: readonly Action[] }): string[] {
  return actions.flatMap((action) => {
    if (action.kind === 'limit-tree' || action.kind === 'answer') return [];
    if (action.kind === 'set-budget') return [action.kind];
    if (action.kind === 'ask-checkpoint') return [`ask ${action.task}`];
    return action.kind === 'signal'
      ? [`signal ${action.task} ${action.signal}`]
      : [`${action.kind} ${action.task}`];
  });
}
