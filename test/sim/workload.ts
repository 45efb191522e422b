import type { RunConfig, TaskId, TaskSpec } from '../../src/core/task-spec.js';
import type { LaunchSpec } from '../../src/supervisor/ports.js';
import type { RunPlan } from '../../src/supervisor/run-plan.js';
import type { Program } from './program.js';

/** A plan and what its tasks really do. */
export interface Workload {
  readonly plan: RunPlan;
  readonly programs: ReadonlyMap<TaskId, Program>;
  /** How large the files are that tasks read, by path; one that is missing here is missing there. */
  readonly inputBytes: ReadonlyMap<string, number>;
  /** When the user asks for the end. */
  readonly stopsAtMs: readonly number[];
}

/** One task, and what it really does. */
export interface WorkloadTask {
  readonly spec: TaskSpec;
  readonly program: Program;
  /** Size of the file that it reads; undefined when that is missing. Looked at where its spec says so. */
  readonly inputBytes?: number | undefined;
}

const LAUNCH: LaunchSpec = {
  command: { kind: 'argv', argv: ['fake'] },
  cwd: '/',
  env: {},
};

function launchOf({ id, hasInputs, checkpoint }: TaskSpec): LaunchSpec {
  return {
    ...LAUNCH,
    ...(hasInputs === true ? { inputs: [`/fake/${id}`] } : {}),
    ...(checkpoint?.ask?.by.kind === 'run' ? { checkpoint: LAUNCH.command } : {}),
  };
}

/** Tasks and what they do, as a workload; positions are numbered here. */
export function workload(
  config: RunConfig,
  tasks: readonly WorkloadTask[],
  stopsAtMs: readonly number[] = [],
): Workload {
  const specs = tasks.map(({ spec }, index) => ({ ...spec, index }));
  return {
    plan: {
      config,
      tasks: specs,
      launches: new Map(specs.map((spec) => [spec.id, launchOf(spec)])),
      warnings: [],
    },
    programs: new Map(tasks.map(({ spec, program }) => [spec.id, program])),
    inputBytes: new Map(
      tasks.flatMap(({ spec, inputBytes }) =>
        inputBytes === undefined ? [] : [[`/fake/${spec.id}`, inputBytes]],
      ),
    ),
    stopsAtMs,
  };
}

/** Undisturbed time of all attempts that the plan allows, one after another, and every wait between: a bound on a run. */
export function patienceMs({ plan, programs }: Workload): number {
  let sum = 600_000;
  for (const spec of plan.tasks) {
    const program = programs.get(spec.id);
    // Preemptions, kills as a bystander, retries and growths, each with its longest wait.
    const attempts = 1 + 5 + 5 + 5 + spec.retries.max + yieldsOf(program);
    sum += attempts * ((program?.durationMs ?? 0) + 30_000 + spec.retries.delayMs * 8);
  }
  return sum;
}

/** How often it may save its work and exit. */
function yieldsOf(program: Program | undefined): number {
  const afterMs = program?.saves?.yields?.afterMs;
  return afterMs === undefined ? 0 : 4 + Math.ceil((program?.durationMs ?? 0) / afterMs);
}
