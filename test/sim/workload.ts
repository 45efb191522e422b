import type {
  MemorySpec,
  PreemptibleLevel,
  RetryCause,
  RunConfig,
  TaskId,
  TaskSpec,
} from '../../src/core/task-spec.js';
import type { LaunchSpec } from '../../src/supervisor/ports.js';
import type { RunPlan } from '../../src/supervisor/run-plan.js';
import { MiB } from '../../src/util/bytes.js';
import type { Program } from './program.js';
import type { Random } from './random.js';

/** A plan and what its tasks really do. */
export interface Workload {
  readonly plan: RunPlan;
  readonly programs: ReadonlyMap<TaskId, Program>;
  /** When the user asks for the end. */
  readonly stopsAtMs: readonly number[];
}

/** The default comes up most. */
const STRATEGIES = [
  'curve',
  'curve',
  'curve',
  'expected-cost',
  'peak',
  'p95',
  'p50',
  'avg',
] as const;

const LAUNCH: LaunchSpec = {
  command: { kind: 'argv', argv: ['fake'] },
  cwd: '/',
  env: {},
};

/** Tasks and what they do, as a workload; positions are numbered here. */
export function workload(
  config: RunConfig,
  tasks: readonly { readonly spec: TaskSpec; readonly program: Program }[],
  stopsAtMs: readonly number[] = [],
): Workload {
  const specs = tasks.map(({ spec }, index) => ({ ...spec, index }));
  return {
    plan: {
      config,
      tasks: specs,
      launches: new Map(specs.map(({ id }) => [id, LAUNCH])),
      warnings: [],
    },
    programs: new Map(tasks.map(({ spec, program }) => [spec.id, program])),
    stopsAtMs,
  };
}

/**
 * How much can be known of a workload: `mixed` is anything, `crowd` is many tasks that are worth scheduling,
 * `lying` declares a part of what it then uses.
 */
type Character = 'mixed' | 'crowd' | 'lying';

/** Seeded jobs of every kind for a machine with so much memory. */
export function drawWorkload(chance: Random, config: RunConfig, totalBytes: number): Workload {
  const character = chance.pick<Character>(['mixed', 'mixed', 'crowd', 'lying']);
  const jobs = character === 'mixed' ? chance.int(1, 8) : chance.int(2, 5);
  const preemptibleShare = chance.pick([0, 0.5, 1, 1]);
  const tasks: { spec: TaskSpec; program: Program }[] = [];
  for (let job = 0; job < jobs; job += 1) {
    const own = chance.fork(`job ${job}`);
    const rows = character === 'mixed' && own.chance(0.3) ? 1 : own.int(2, 10);
    const typicalBytes =
      character === 'mixed'
        ? own.logBetween(16 * MiB, totalBytes * (own.chance(0.1) ? 1.1 : 0.4))
        : totalBytes * own.logBetween(0.03, 0.3);
    const isPreemptible = own.chance(preemptibleShare);
    const spec = drawJob(own, { job, config, typicalBytes, isPreemptible, character });
    for (let row = 0; row < rows; row += 1) {
      const id = rows === 1 ? spec.job : `${spec.job}.${row}`;
      const program = drawProgram(own.fork(id), typicalBytes);
      tasks.push({ spec: { ...spec, id, matrix: { row: String(row) } }, program });
    }
  }
  const stopsAtMs = chance.chance(0.1)
    ? [chance.int(100, 20_000), chance.int(20_000, 25_000)].slice(0, chance.int(1, 2))
    : [];
  return workload(config, tasks, stopsAtMs);
}

interface JobDraw {
  readonly job: number;
  readonly config: RunConfig;
  readonly typicalBytes: number;
  readonly isPreemptible: boolean;
  readonly character: Character;
}

function drawJob(
  chance: Random,
  { job, config, typicalBytes, isPreemptible, character }: JobDraw,
): TaskSpec {
  const name = `job${job}`;
  const needs = Array.from({ length: job }, (_, before) => `job${before}`).filter(() =>
    chance.chance(0.5 / job),
  );
  const groups = Object.keys(config.groups);
  return {
    id: name,
    index: 0,
    job: name,
    matrix: {},
    needs,
    when: chance.chance(0.2) ? 'always' : 'success',
    memory:
      character === 'lying'
        ? {
            grow: { kind: 'none' },
            requestBytes: Math.round(typicalBytes * chance.between(0.05, 0.6)),
          }
        : drawMemory(chance, typicalBytes),
    cpus: chance.pick<number | 'auto'>([0, 0.5, 1, 2, 'auto', 'auto', 'auto']),
    resources: chance.chance(0.15) ? { gpu: chance.int(1, 2) } : {},
    preemptible: (isPreemptible ? chance.int(1, 4) : 0) as PreemptibleLevel,
    onPreempt: { signal: 'SIGTERM', graceMs: chance.pick([0, 1000, 5000]) },
    retries: {
      max: chance.int(0, 3),
      on: chance.pick<readonly RetryCause[]>([[], ['oom'], ['timeout', 'exit:75'], ['failure']]),
      delayMs: chance.pick([0, 500, 3000]),
      backoff: chance.pick([1, 2]),
    },
    ...(chance.chance(0.15) ? { timeoutMs: chance.int(500, 20_000) } : {}),
    priority: chance.pick([0, 0, 0, 5, -5]),
    group: chance.chance(0.2) ? 'shared' : name,
    profile: chance.chance(character === 'lying' ? 0.3 : 0.9) ? chance.pick(STRATEGIES) : 'none',
    ...(groups.length > 0 && chance.chance(0.3) ? { concurrency: groups[0] ?? '' } : {}),
  };
}

function drawMemory(chance: Random, typicalBytes: number): MemorySpec {
  const around = (low: number, high: number): number =>
    Math.round(typicalBytes * chance.between(low, high));
  const request = chance.chance(0.25) ? { requestBytes: around(0.3, 1.5) } : {};
  if (!chance.chance(0.2)) return { ...request, grow: { kind: 'none' } };
  const limitBytes = around(0.4, 2);
  const grow: MemorySpec['grow'] = chance.pick<MemorySpec['grow']>([
    { kind: 'none' },
    { kind: 'factor', factor: 1.5 },
    { kind: 'list', bytes: [limitBytes * 2, limitBytes * 3] },
  ]);
  return {
    ...request,
    limitBytes,
    grow,
    ...(chance.chance(0.3) ? { maxBytes: limitBytes * 2 } : {}),
  };
}

function drawProgram(chance: Random, typicalBytes: number): Program {
  const tail = chance.chance(0.05) ? chance.between(1.5, 3) : 1;
  const peak = Math.round(typicalBytes * chance.between(0.7, 1.1) * tail);
  const durationMs = Math.round(chance.logBetween(150, 20_000));
  const shape = drawShape(chance);
  return {
    durationMs,
    curve: shape.map(([at, share]) => ({
      atMs: at * durationMs,
      bytes: Math.round(share * peak),
    })),
    cacheBytesPerS: chance.chance(0.2) ? chance.int(50, 1000) * MiB : 0,
    cpus: chance.pick([0.2, 1, 1, 2]),
    failing: chance.chance(0.15)
      ? { attempts: chance.int(1, 3), code: chance.pick([1, 75]) }
      : { attempts: 0, code: 1 },
    onTerm: chance.pick<Program['onTerm']>([
      { kind: 'die' },
      { kind: 'die' },
      { kind: 'die' },
      { kind: 'ignore' },
      { kind: 'tidy', forMs: chance.int(20, 8000), code: chance.pick([0, 143]) },
    ]),
  };
}

type Shape = readonly (readonly [at: number, share: number])[];

/** Ramp, plateau, late jump, teeth. */
function drawShape(chance: Random): Shape {
  const ramp = chance.between(0.01, 0.6);
  const late = chance.between(0.5, 0.9);
  return chance.pick<Shape>([
    [
      [0, 0],
      [ramp, 1],
      [1, 1],
    ],
    [
      [0, 0],
      [1, 1],
    ],
    [
      [0, 0],
      [0.05, 0.2],
      [late, 0.2],
      [late + 0.02, 1],
      [1, 1],
    ],
    [
      [0, 0],
      [0.25, 1],
      [0.3, 0.1],
      [0.6, 0.9],
      [0.65, 0.1],
      [1, 0.5],
    ],
  ]);
}

/** Undisturbed time of all attempts that the plan allows, one after another, and every wait between: a bound on a run. */
export function patienceMs({ plan, programs }: Workload): number {
  let sum = 600_000;
  for (const spec of plan.tasks) {
    const program = programs.get(spec.id);
    // Preemptions, kills as a bystander, retries and growths, each with its longest wait.
    const attempts = 1 + 5 + 5 + 5 + spec.retries.max;
    sum += attempts * ((program?.durationMs ?? 0) + 30_000 + spec.retries.delayMs * 8);
  }
  return sum;
}
