import type { Command } from '../../src/core/command.js';
import type { RunEvent } from '../../src/core/events.js';
import type { Priors } from '../../src/core/knowledge.js';
import type { AttemptRef, HostSample } from '../../src/core/observation.js';
import type { TaskId } from '../../src/core/task-spec.js';
import type { Remains as ProcessRemains } from '../../src/supervisor/ports.js';
import type { RunEnd, Supervisor, SupervisorParts } from '../../src/supervisor/supervisor.js';
import type { Frost, Life, Look, SentAsk, SentSignal, TreeWrite } from './fake-host.js';
import type { OomKills, OomRecord } from './fake-machine.js';
import type { FaultPlan } from './faults.js';
import type { MachineSpec } from './machine-spec.js';
import type { DeathPlan } from './mortality.js';
import type { Mishaps } from './program.js';
import type { Workload } from './workload.js';

/** A command, and when it is given. */
export interface TimedCommand {
  readonly atMs: number;
  readonly command: Command;
}

/** Everything that makes a run what it is: the same setup gives the same run, event by event. */
export interface Setup {
  readonly seed: number;
  readonly machine: MachineSpec;
  readonly workload: Workload;
  /** What the user tells the live run, and when. */
  readonly commands?: readonly TimedCommand[];
  readonly faults?: FaultPlan;
  readonly death?: DeathPlan;
  /** Who goes on after that; without one the run ends there. */
  readonly successor?: (remains: Remains) => Supervisor;
  /** What earlier runs have shown. */
  readonly priors?: Priors;
  /** Mishaps of one attempt, where chance is not to decide. */
  readonly mishapsOf?: (task: TaskId, attempt: number) => Mishaps;
  /** Puts something between the supervisor and the world: a bug to be caught. */
  readonly spoil?: (parts: SupervisorParts) => SupervisorParts;
}

/** What a dead supervisor leaves to the next: its journal, and a host on which its tasks may still run. */
export interface Remains {
  readonly journal: readonly RunEvent[];
  readonly parts: SupervisorParts;
  /** What is left of the main processes. */
  readonly left: ProcessRemains;
}

/** Memory at one moment, as the machine knows it. */
export interface TracePoint {
  readonly tMs: number;
  readonly usedBytes: number;
  readonly budgetBytes: number;
  /** Where memory is short: who works and was not asked to end, */
  readonly workers?: readonly TaskId[];
  /** and when the newest request to end was made that has not been followed yet; -Infinity without one. */
  readonly lastAskedMs?: number;
}

/** What the supervisor had been shown when it wrote an event down. */
export interface Moment {
  readonly tMs: number;
  /** The look at the machine that it decided on. */
  readonly sample: HostSample | undefined;
  /** What each attempt (`task#attempt`) was last seen to use; only where the event speaks of that. */
  readonly seenBytes?: ReadonlyMap<string, number>;
}

/** A supervisor's death, and what was found afterwards. */
export interface Death {
  readonly tMs: number;
  /** It died between two events of a tick: its state was ahead of its journal. */
  readonly wasWriting: boolean;
  /** What the journal says, read back from disk. */
  readonly journal: readonly RunEvent[];
  /** The same after somebody else has gone on with it by {@link sequel}. */
  readonly continued: readonly RunEvent[];
  readonly sequel: RunEvent;
  /** Attempts whose place was there on the machine. */
  readonly open: readonly AttemptRef[];
}

/** How a simulated run ended. `never`: not within any time that could be justified. */
export type SimEnd = RunEnd | { readonly kind: 'never' } | { readonly kind: 'died' };

/** All that is known of a simulated run when it is over: what checkers look at. */
export interface Recording {
  readonly setup: Setup;
  readonly events: readonly RunEvent[];
  /** One for each event. */
  readonly moments: readonly Moment[];
  readonly end: SimEnd;
  readonly death: Death | undefined;
  readonly supervisor: Supervisor;
  readonly trace: readonly TracePoint[];
  /** One for each look at the machine: nearly every tick takes one. */
  readonly looks: readonly Look[];
  readonly lives: readonly Life[];
  /** Attempts whose place was there when the supervisor had ended. */
  readonly openAtEnd: readonly AttemptRef[];
  /** What could not be cleared away even after that, by path. */
  readonly leftOpen: readonly string[];
  /** Attempts that the launcher lost sight of. */
  readonly lost: readonly AttemptRef[];
  readonly signals: readonly SentSignal[];
  readonly frosts: readonly Frost[];
  /** Signals that asked for a checkpoint. */
  readonly asks: readonly SentAsk[];
  /** Tasks whose checkpoints were there in the end. */
  readonly checkpointsKept: ReadonlySet<TaskId>;
  readonly treeWrites: readonly TreeWrite[];
  readonly oomKills: OomKills;
  readonly oomRecords: readonly OomRecord[];
  readonly makespanMs: number;
}
