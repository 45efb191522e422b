import { fileSizes } from '../adapters/host/file-sizes.js';
import { surveyedBudget, type HostSurvey } from '../adapters/host/survey.js';
import { budgetNow } from '../core/budget.js';
import type { Priors } from '../core/knowledge.js';
import {
  dedicatedMachine,
  machineFor,
  rehearseOn,
  type Machine,
  type PlannedRun,
} from '../core/rehearsal/machines.js';
import { meanDurationMs, pastCourses } from '../core/rehearsal/past-courses.js';
import {
  simulationRow,
  simulationTable,
  type SimulatedMachine,
} from '../reporters/views/simulation.js';
import { counted } from '../reporters/words.js';
import type { RunPlan } from '../supervisor/run-plan.js';
import { formatBytes, GiB } from '../util/bytes.js';
import { formatDuration } from '../util/duration.js';
import { print } from './print.js';

/** What CI runners are sold in. */
const RUNNER_SIZES = [4, 8, 16, 32, 64].map((gib) => gib * GiB);
/** What a task is taken for of which nothing is known, as admission does. */
const UNKNOWN_SHARE = 0.25;
const UNKNOWN_DURATION_MS = 60_000;

/** What to simulate. */
export interface Simulation {
  readonly plan: RunPlan;
  readonly priors: Priors;
  readonly path: string;
  readonly survey: HostSurvey;
  /** Processors of the machine; default: those of this host. */
  readonly cpus: number | undefined;
  /** How long a task takes of which nothing is known, milliseconds. */
  readonly assumedDurationMs: number | undefined;
  readonly json: boolean;
}

/** Plays the run on this machine and on others, by the same decisions as a real one, and prints how it would go. */
export async function simulatePlan(simulation: Simulation): Promise<void> {
  const { plan, priors, survey, json, path } = simulation;
  const { config, tasks, launches } = plan;
  const cpus = simulation.cpus ?? survey.cpus;
  const durationMs =
    simulation.assumedDurationMs ?? meanDurationMs(tasks, priors) ?? UNKNOWN_DURATION_MS;
  const first = firstMachine(simulation, cpus);
  const bytes = Math.round(UNKNOWN_SHARE * budgetOf(first.machine));
  const { courseOf, assumed } = pastCourses(tasks, priors, { bytes, durationMs });
  const run: PlannedRun = {
    config,
    tasks,
    courseOf,
    priors,
    inputBytesOf: (task) => {
      const { stdin, inputs = [] } = launches.get(task) ?? {};
      return fileSizes.sizeOf(stdin === undefined ? inputs : [stdin, ...inputs]);
    },
  };
  for (const warning of plan.warnings) process.stderr.write(`memsched: warning: ${warning}\n`);
  const rows = [first, ...others(cpus)].map(({ name, machine }): SimulatedMachine => {
    return {
      name,
      budgetBytes: budgetOf(machine),
      cpus,
      rehearsal: rehearseOn(run, machine),
    };
  });
  if (json) {
    await print(rows.map((row) => JSON.stringify(simulationRow(row))).join('\n'));
    return;
  }
  const known = tasks.length - assumed.length;
  const guess =
    assumed.length === 0
      ? ''
      : `${counted(assumed.length, 'task')} without a profile: taken for what they declare, or else ${formatBytes(bytes)}, over ${formatDuration(durationMs)} (--assume-duration)\n`;
  await print(
    `${path}: ${counted(tasks.length, 'task')}, ${known} of them as earlier runs went\n${guess}\n${simulationTable(rows)}`,
  );
}

interface NamedMachine {
  readonly name: string;
  readonly machine: Machine;
}

/** This host as it is, or one with the budget that was asked for. */
function firstMachine({ plan, survey }: Simulation, cpus: number): NamedMachine {
  const { budget } = plan.config;
  const { capacityBytes, outsideBytes } = surveyedBudget(survey, { kind: 'auto' });
  if (budget.kind === 'bytes')
    return {
      name: `${formatBytes(budget.bytes)} budget`,
      machine: machineFor(budget.bytes, cpus),
    };
  return { name: 'here', machine: { capacityBytes, budget, outsideBytes, cpus } };
}

function others(cpus: number): NamedMachine[] {
  return RUNNER_SIZES.map((bytes) => ({
    name: `${formatBytes(bytes)} machine`,
    machine: dedicatedMachine(bytes, cpus),
  }));
}

function budgetOf({ budget, capacityBytes, outsideBytes }: Machine): number {
  const level = { limitBytes: capacityBytes, usedBytes: outsideBytes };
  return budgetNow(budget, [level], 0).budgetBytes;
}
