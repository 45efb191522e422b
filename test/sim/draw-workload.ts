import type {
  CheckpointMeans,
  CheckpointSpec,
  MemorySpec,
  PreemptibleLevel,
  RetryCause,
  RunConfig,
  TaskSpec,
} from '../../src/core/task-spec.js';
import { MiB } from '../../src/util/bytes.js';
import { drawCurve, SHAPES, type ShapeName } from './curves.js';
import type { Program } from './program.js';
import type { Random } from './random.js';
import { workload, type Workload, type WorkloadTask } from './workload.js';

/**
 * How much can be known of a workload: `mixed` is anything, `crowd` is many tasks that are worth scheduling, `lying`
 * declares a part of what it then uses, `stream` is a long row of small tasks, and a large one near its head that they
 * could pass for ever.
 */
type Character = 'mixed' | 'crowd' | 'lying' | 'stream';

/** The jobs of a `stream`, in the order of the jobfile: the first ones fill the machine, so that the large one waits. */
const STREAM = [
  { rows: 8, shareOfHost: 0.1 },
  { rows: 1, shareOfHost: 0.35 },
  { rows: 80, shareOfHost: 0.1 },
] as const;

/** How the peaks of one group lie: close together, in two heaps, or far apart with a long tail. */
type Spread = 'alike' | 'bimodal' | 'heavy-tail';

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

/** What one job is drawn from. */
interface JobDraw {
  readonly job: number;
  readonly config: RunConfig;
  readonly typicalBytes: number;
  readonly isPreemptible: boolean;
  readonly character: Character;
}

/** Seeded jobs of every kind for a machine with so much memory. */
export function drawWorkload(chance: Random, config: RunConfig, totalBytes: number): Workload {
  const character = chance.chance(0.02)
    ? 'stream'
    : chance.pick<Character>(['mixed', 'mixed', 'crowd', 'lying']);
  const preemptibleShare = chance.pick([0, 0.5, 1, 1]);
  const jobs = jobCount(chance, character);
  const tasks: WorkloadTask[] = [];
  for (let job = 0; job < jobs; job += 1) {
    const own = chance.fork(`job ${job}`);
    const typicalBytes = drawTypicalBytes(own, character, job, totalBytes);
    const isPreemptible = own.chance(preemptibleShare);
    tasks.push(...drawRows(own, { job, config, typicalBytes, isPreemptible, character }));
  }
  return workload(config, tasks);
}

function jobCount(chance: Random, character: Character): number {
  if (character === 'stream') return STREAM.length;
  return character === 'mixed' ? chance.int(1, 8) : chance.int(2, 5);
}

function drawTypicalBytes(
  chance: Random,
  character: Character,
  job: number,
  totalBytes: number,
): number {
  switch (character) {
    case 'mixed':
      return chance.logBetween(16 * MiB, totalBytes * (chance.chance(0.1) ? 1.1 : 0.4));
    case 'stream':
      return totalBytes * (STREAM[job]?.shareOfHost ?? 0) * chance.between(0.8, 1.1);
    case 'crowd':
    case 'lying':
      return totalBytes * chance.logBetween(0.04, 0.4);
  }
}

function drawRows(chance: Random, draw: JobDraw): WorkloadTask[] {
  const { character, job } = draw;
  const spec = drawJob(chance, draw);
  const spread = drawSpread(chance);
  const shape = chance.chance(0.7) ? chance.pick(SHAPES) : undefined;
  const rows = rowCount(chance, character, job);
  return Array.from({ length: rows }, (_, row) => {
    const id = rows === 1 ? spec.job : `${spec.job}.${row}`;
    const own = chance.fork(id);
    const plain = drawProgram(own, draw, shape ?? own.pick(SHAPES), spread);
    const program = spec.checkpoint === undefined ? plain : drawSaver(own, plain, spec.checkpoint);
    const inputBytes = drawInputBytes(own, program);
    return { spec: { ...spec, id, matrix: { row: String(row) } }, program, inputBytes };
  });
}

/** Most inputs say something of what will be needed, some say nothing, and some are not there. */
function drawInputBytes(chance: Random, { curve }: Program): number | undefined {
  if (chance.chance(0.1)) return undefined;
  const peakBytes = Math.max(...curve.map(({ bytes }) => bytes));
  return Math.round(peakBytes * (chance.chance(0.8) ? chance.between(0.2, 0.3) : chance.next()));
}

function rowCount(chance: Random, character: Character, job: number): number {
  if (character === 'stream') return STREAM[job]?.rows ?? 1;
  return character === 'mixed' && chance.chance(0.3) ? 1 : chance.int(2, 10);
}

function drawSpread(chance: Random): Spread {
  return chance.pick<Spread>(['alike', 'alike', 'alike', 'bimodal', 'heavy-tail']);
}

function drawJob(chance: Random, draw: JobDraw): TaskSpec {
  const { job, config, typicalBytes, isPreemptible, character } = draw;
  const name = `job${job}`;
  const isStream = character === 'stream';
  const needs = Array.from({ length: job }, (_, before) => `job${before}`).filter(() =>
    chance.chance(0.5 / job),
  );
  const groups = Object.keys(config.groups);
  return {
    id: name,
    index: 0,
    job: name,
    matrix: {},
    needs: isStream ? [] : needs,
    when: chance.chance(0.2) ? 'always' : 'success',
    memory: drawMemory(chance, character, typicalBytes),
    cpus: isStream ? 0 : chance.pick<number | 'auto'>([0, 0.5, 1, 2, 'auto', 'auto', 'auto']),
    resources: chance.chance(0.15) ? { gpu: chance.int(1, 2) } : {},
    preemptible: (isPreemptible ? chance.int(1, 4) : 0) as PreemptibleLevel,
    onPreempt: { signal: 'SIGTERM', graceMs: chance.pick([0, 1000, 5000]) },
    ...(chance.fork('suspend').chance(0.5) ? { maySuspend: true as const } : {}),
    retries: {
      max: chance.int(0, 3),
      on: chance.pick<readonly RetryCause[]>([[], ['oom'], ['timeout', 'exit:75'], ['failure']]),
      delayMs: chance.pick([0, 500, 3000]),
      backoff: chance.pick([1, 2]),
    },
    ...(chance.chance(0.15) && !isStream ? { timeoutMs: chance.int(500, 20_000) } : {}),
    priority: isStream ? 0 : chance.pick([0, 0, 0, 5, -5]),
    group: chance.chance(0.2) ? 'shared' : name,
    profile:
      isStream || chance.chance(character === 'lying' ? 0.7 : 0.1)
        ? 'none'
        : chance.pick(STRATEGIES),
    ...(chance.chance(0.2) ? { hasInputs: true as const } : {}),
    ...(groups.length > 0 && chance.chance(0.3) ? { concurrency: groups[0] ?? '' } : {}),
    ...(isStream ? {} : drawCheckpoint(chance.fork('checkpoint'))),
  };
}

/** One job in four keeps its work from one attempt to the next. */
function drawCheckpoint(chance: Random): { readonly checkpoint?: CheckpointSpec } {
  if (!chance.chance(0.25)) return {};
  const by = chance.pick<CheckpointMeans>([{ kind: 'signal', signal: 'SIGUSR1' }, { kind: 'run' }]);
  const timeoutMs = chance.pick([500, 3000, 10_000]);
  const every = chance.chance(0.4) ? { everyMs: chance.pick([1000, 3000]) } : {};
  return {
    checkpoint: {
      ...(chance.chance(0.8) ? { ask: { by, timeoutMs, ...every } } : {}),
      exitCode: 85,
      stale: chance.pick<CheckpointSpec['stale']>(['any', 'any', 'never', 2000]),
      ...(chance.chance(0.25) ? { isRequired: true as const } : {}),
      ...(chance.chance(0.2) ? { isKept: true as const } : {}),
    },
  };
}

/** Most that say so do save their work when they are asked. */
function drawSaver(chance: Random, program: Program, { exitCode }: CheckpointSpec): Program {
  const own = chance.fork('saves');
  const yields = own.chance(0.3)
    ? { afterMs: Math.ceil(program.durationMs / own.int(2, 5)), isSaved: own.chance(0.85) }
    : undefined;
  return {
    ...program,
    saves: {
      answer: own.pick(['saves', 'saves', 'saves', 'saves-and-exits', 'ignores', 'deaf', 'fails']),
      takesMs: own.pick([0, 100, 1500]),
      code: exitCode,
      ...(yields === undefined ? {} : { yields }),
    },
  };
}

function drawMemory(chance: Random, character: Character, typicalBytes: number): MemorySpec {
  const around = (low: number, high: number): number =>
    Math.round(typicalBytes * chance.between(low, high));
  const swap = chance.chance(0.15) ? { swapBytes: chance.pick([0, around(0.1, 0.5)]) } : {};
  if (character === 'lying')
    return { ...swap, grow: { kind: 'none' }, requestBytes: around(0.05, 0.6) };
  if (character === 'stream') return { grow: { kind: 'none' }, requestBytes: around(1, 1.2) };
  const request = chance.chance(0.25) ? { requestBytes: around(0.3, 1.5) } : {};
  if (!chance.chance(0.2)) return { ...swap, ...request, grow: { kind: 'none' } };
  const limitBytes = around(0.15, 2);
  const grow = chance.pick<MemorySpec['grow']>([
    { kind: 'none' },
    { kind: 'factor', factor: 1.5 },
    { kind: 'list', bytes: [limitBytes * 2, limitBytes * 3] },
  ]);
  const max = chance.chance(0.3) ? { maxBytes: limitBytes * 2 } : {};
  return { ...swap, ...request, limitBytes, grow, ...max };
}

/** One task in twenty is a surprise whatever its group is like. */
function drawPeak(chance: Random, typicalBytes: number, spread: Spread): number {
  const surprise = chance.chance(0.05) ? chance.between(1.5, 3) : 1;
  const own = typicalBytes * chance.between(0.7, 1.1) * surprise;
  if (spread === 'bimodal') return chance.chance(0.3) ? own * 2.5 : own * 0.5;
  // Pareto with shape 1.5: most are small, and now and then one is ten times that.
  if (spread === 'heavy-tail')
    return Math.min(10, 0.5 * chance.between(0.03, 1) ** (-1 / 1.5)) * own;
  return own;
}

/** What grows slowly can be held up; what grows at once is a matter of brakes and killers. */
function drawDurationMs(chance: Random, character: Character): number {
  return character === 'mixed' ? chance.logBetween(150, 20_000) : chance.logBetween(700, 25_000);
}

function drawProgram(
  chance: Random,
  { typicalBytes, character }: JobDraw,
  shape: ShapeName,
  spread: Spread,
): Program {
  const isStream = character === 'stream';
  const peakBytes = Math.round(drawPeak(chance, typicalBytes, isStream ? 'alike' : spread));
  const durationMs = Math.round(
    isStream ? chance.between(4000, 12_000) : drawDurationMs(chance, character),
  );
  return {
    durationMs,
    curve: drawCurve(chance, shape, peakBytes, durationMs),
    cacheBytesPerS: chance.chance(0.15) ? chance.int(50, 1000) * MiB : 0,
    ...(chance.chance(0.1)
      ? { hotCacheBytes: Math.round(typicalBytes * chance.between(0.1, 0.5)) }
      : {}),
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
    isWrapped: chance.chance(0.3),
  };
}
