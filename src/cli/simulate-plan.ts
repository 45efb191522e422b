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
import { inputBytesOf } from './input-bytes.js';
import { print, tell } from './print.js';
import { printable, printableJson } from '../util/printable.js';

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
  const cpus = simulation.cpus ?? survey.cpus;
  const durationMs =
    simulation.assumedDurationMs ?? meanDurationMs(plan.tasks, priors) ?? UNKNOWN_DURATION_MS;
  const machines = [firstMachine(simulation, cpus), ...others(cpus)];
  for (const warning of plan.warnings) tell(`warning: ${warning}`);
  const rows = machines.map((named) => simulatedOn(named, simulation, durationMs));
  if (json) {
    await print(rows.map((row) => printableJson(simulationRow(row))).join('\n'));
    return;
  }
  const guessed = plan.tasks.filter(({ group }) => isUnknown(priors, group)).length;
  const guess =
    guessed === 0
      ? ''
      : `${counted(guessed, 'task')} without a profile: taken for what they declare, or else a quarter of the budget, over ${formatDuration(durationMs)} (--assume-duration)\n`;
  await print(
    `${printable(path)}: ${counted(plan.tasks.length, 'task')}, ${plan.tasks.length - guessed} of them as earlier runs went\n${guess}\n${simulationTable(rows)}`,
  );
}

function isUnknown(priors: Priors, group: string): boolean {
  return (priors.get(group)?.runs ?? []).length === 0;
}

/** What is known of nothing is a share of the budget, as in a real run: on a small machine it is taken for less. */
function simulatedOn(
  { name, machine }: NamedMachine,
  { plan, priors }: Simulation,
  durationMs: number,
): SimulatedMachine {
  const budgetBytes = budgetOf(machine);
  const bytes = Math.round(UNKNOWN_SHARE * budgetBytes);
  const run: PlannedRun = {
    config: plan.config,
    tasks: plan.tasks,
    courseOf: pastCourses(plan.tasks, priors, { bytes, durationMs }),
    priors,
    inputBytesOf: inputBytesOf(plan),
  };
  return { name, budgetBytes, cpus: machine.cpus, rehearsal: rehearseOn(run, machine) };
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
