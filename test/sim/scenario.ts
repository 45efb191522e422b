import type { RunConfig, TaskSpec } from '../../src/core/task-spec.js';
import type { Priors } from '../../src/core/knowledge.js';
import { learn } from '../../src/core/learning/learn.js';
import { emptyProfile, type GroupProfile } from '../../src/core/learning/profile.js';
import { sampleOf } from '../../src/core/learning/sample.js';
import { taskKeyOf } from '../../src/core/task-key.js';
import { present } from '../../src/util/assert.js';
import { idleMachine, type MachineSpec } from './machine-spec.js';
import type { Mishaps, Program } from './program.js';
import type { Recording } from './recording.js';
import { simulate } from './simulate.js';
import { plainConfig, plainTask } from './specs.js';
import { workload } from './workload.js';

/** A run without chance: who runs on what, and nothing goes wrong unless it says so. */
export interface Scenario {
  readonly machine: MachineSpec;
  readonly tasks: readonly ScenarioTask[];
  readonly config?: Partial<RunConfig>;
  readonly mishapsOf?: (task: string, attempt: number) => Mishaps;
  readonly priors?: Priors;
}

/** One task of a scenario; whatever it does not say is the default of a jobfile. */
export interface ScenarioTask {
  readonly id: string;
  readonly program: Program;
  readonly spec?: Partial<TaskSpec>;
}

/** How a scenario went, in figures. */
export interface Figures {
  readonly makespanS: number;
  /** No schedule is faster: the longest task, processors, and memory over time. */
  readonly boundS: number;
  readonly preemptions: number;
  /** Progress that was lost to preemption and OOM kills, seconds. */
  readonly wastedS: number;
  readonly oomKills: number;
  /** The most that was used at any look, percent of the budget. */
  readonly peakPct: number;
}

/** Runs a scenario on the real supervisor. */
export function play({ machine, tasks, config, mishapsOf, priors }: Scenario): Recording {
  const plan = tasks.map(({ id, program, spec = {} }) => ({ spec: plainTask(id, spec), program }));
  return simulate({
    seed: 0,
    machine,
    workload: workload(plainConfig({ cpus: machine.cpus, ...config }), plan),
    ...(mishapsOf === undefined ? {} : { mishapsOf }),
    ...(priors === undefined ? {} : { priors }),
  });
}

/** What a run leaves behind for the next, as the profile store would keep it. */
export function learnedFrom({ events, supervisor }: Recording, before: Priors = new Map()): Priors {
  const profiles = new Map<string, GroupProfile>(before);
  const { startedAtMs, tier } = present(supervisor.state.started, 'the run has begun');
  for (const event of events) {
    if (event.kind !== 'attempt-ended') continue;
    const { spec } = present(supervisor.state.tasks.get(event.task), 'it was planned');
    const { group } = spec;
    const sample = sampleOf(event, tier, startedAtMs + event.tMs, taskKeyOf(spec));
    if (sample !== undefined)
      profiles.set(group, learn(profiles.get(group) ?? emptyProfile(), sample));
  }
  return profiles;
}

/** `count` tasks of one job that all do the same. */
export function alike(
  job: string,
  count: number,
  program: Program | ((row: number) => Program),
  spec: Partial<TaskSpec> = {},
): ScenarioTask[] {
  return Array.from({ length: count }, (_, row) => ({
    id: `${job}.${row}`,
    program: typeof program === 'function' ? program(row) : program,
    spec: { job, ...spec },
  }));
}

/** A machine of which `budget: auto` makes just this budget. */
export function machineWithBudget(budgetBytes: number, cpus = 8): MachineSpec {
  return {
    ...idleMachine(budgetBytes * 1.5, cpus),
    budget: { kind: 'bytes', bytes: budgetBytes },
  };
}

/** The figures of a run. */
export function figuresOf(recording: Recording): Figures {
  const { makespanMs, supervisor, oomKills, trace } = recording;
  const shares = trace.map(({ usedBytes, budgetBytes }) => usedBytes / budgetBytes);
  return {
    makespanS: round(makespanMs / 1000),
    boundS: round(boundMs(recording) / 1000),
    preemptions: supervisor.state.counts.preemptions,
    wastedS: round(wastedMs(recording) / 1000),
    oomKills: oomKills.own + oomKills.tree + oomKills.host,
    peakPct: Math.round(100 * Math.max(0, ...shares)),
  };
}

function boundMs({ setup, trace }: Recording): number {
  const programs = [...setup.workload.programs.values()];
  const budgetBytes = present(trace[0], 'a run has at least one look').budgetBytes;
  const cpuMs = programs.reduce((sum, { durationMs, cpus }) => sum + durationMs * cpus, 0);
  const byteMs = programs.reduce((sum, program) => sum + areaOf(program), 0);
  return Math.max(
    ...programs.map((program) => program.durationMs),
    cpuMs / setup.machine.cpus,
    byteMs / budgetBytes,
  );
}

/** Bytes × milliseconds under the curve. */
function areaOf({ curve }: Program): number {
  let area = 0;
  for (const [at, point] of curve.entries()) {
    const before = curve[at - 1];
    if (before !== undefined)
      area += ((point.bytes + before.bytes) / 2) * (point.atMs - before.atMs);
  }
  return area;
}

function wastedMs({ lives, supervisor }: Recording): number {
  let sum = 0;
  for (const { task, attempt, progressMs, fromMs, savedMs } of lives) {
    if (attempt < (supervisor.state.tasks.get(task)?.attempts ?? 0))
      sum += progressMs - Math.max(fromMs, savedMs ?? 0);
  }
  return sum;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** The outcome of every task, counted. */
export function outcomesOf({ supervisor }: Recording): Record<string, number> {
  return Object.fromEntries(supervisor.state.counts.outcomes);
}
