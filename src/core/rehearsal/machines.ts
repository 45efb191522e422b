import { autoReserveBytes } from '../budget.js';
import type { Priors } from '../knowledge.js';
import type { BudgetSpec, RunConfig, TaskId, TaskSpec } from '../task-spec.js';
import type { Course } from './course.js';
import { rehearse } from './rehearse.js';
import type { Rehearsal } from './score.js';

/** A machine that a run could be given. */
export interface Machine {
  readonly capacityBytes: number;
  readonly budget: BudgetSpec;
  /** Used by everything else. */
  readonly outsideBytes: number;
  readonly cpus: number;
}

/** A run, as far as it does not depend on the machine. */
export interface PlannedRun {
  readonly config: RunConfig;
  readonly tasks: readonly TaskSpec[];
  readonly courseOf: (task: TaskId) => Course;
  readonly priors: Priors;
  readonly inputBytesOf: (task: TaskId) => number | undefined;
}

/** From SIGTERM until the memory of an ordinary process is free. */
const KILL_LATENCY_MS = 200;

/** The whole run on one machine, in virtual time. */
export function rehearseOn(
  { config, tasks, courseOf, priors, inputBytesOf }: PlannedRun,
  { capacityBytes, budget, outsideBytes, cpus }: Machine,
): Rehearsal {
  return rehearse({
    config: { ...config, budget, cpus },
    tasks,
    courseOf,
    priors,
    inputBytesOf,
    host: { capacityBytes, outsideBytes, killLatencyMs: KILL_LATENCY_MS },
  });
}

/** A machine of its own for the run, with nothing else on it but what the reserve is for. */
export function dedicatedMachine(capacityBytes: number, cpus: number): Machine {
  return {
    capacityBytes,
    budget: { kind: 'auto' },
    outsideBytes: autoReserveBytes(capacityBytes) / 2,
    cpus,
  };
}

/** A machine of whatever size on which just this budget is to be had. */
export function machineFor(budgetBytes: number, cpus: number): Machine {
  const capacityBytes = 2 * budgetBytes;
  return { capacityBytes, budget: { kind: 'bytes', bytes: budgetBytes }, outsideBytes: 0, cpus };
}
