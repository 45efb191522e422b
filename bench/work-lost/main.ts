// Work lost to preemption on one workload, three ways: stopped only, suspended first, and saved by checkpoints. The same
// tasks each time, counting programs that outgrow the budget together; whatever a program counts a second time was lost.
// `npm run bench:work-lost`; in a guest with pure cgroup v2: `bench/work-lost/run.sh`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunEvent } from '../../src/core/events.js';
import { formatBytes } from '../../src/util/bytes.js';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const MEMSCHED = join(ROOT, 'bin', 'memsched.js');
const PROGRAM = join(ROOT, 'fixtures', 'programs', 'count-up');
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const TASKS = 6;
/** Each task counts so far, a number each tenth of a second, and grows for most of that time. */
const COUNTS = 100;
const STEP_S = 0.1;
const RAMP_S = 6;
const TASK_MIB = 150;
const BUDGET = '500M';

/** One way of making room. */
interface Way {
  readonly name: string;
  readonly keys: Readonly<Record<string, unknown>>;
}

const WAYS: readonly Way[] = [
  { name: 'kill only', keys: {} },
  { name: 'suspend first', keys: { on_pressure: ['suspend', 'preempt'] } },
  { name: 'checkpoint', keys: { checkpoint: { signal: 'SIGUSR1' } } },
];

/** What one run came to. */
interface Figures {
  readonly preemptions: number;
  /** By the programs' own count. */
  readonly lostS: number;
  /** By memsched's. */
  readonly saidS: number;
  readonly tookS: number;
  readonly tier: string;
}

type Result =
  | { readonly kind: 'ran'; readonly figures: Figures }
  | { readonly kind: 'refused'; readonly why: string };

function jobfile(way: Way, dir: string): string {
  const jobs = Object.fromEntries(
    Array.from({ length: TASKS }, (_, at) => {
      const count = ['--to', COUNTS, '--step', STEP_S, '--mib', TASK_MIB, '--ramp', RAMP_S];
      const run = [PROGRAM, ...count.map(String), '--done', join(dir, `done-${at}`)];
      return [`count-${at}`, { run }];
    }),
  );
  const defaults = { preemptible: 'high', memory: '20M', cpus: 0, profile: 'none', ...way.keys };
  return JSON.stringify({
    version: 1,
    name: 'work-lost',
    memory: { budget: BUDGET },
    defaults,
    jobs,
  });
}

function runOnce(way: Way): Result {
  const dir = mkdtempSync(join(tmpdir(), 'memsched-work-lost-'));
  try {
    writeFileSync(join(dir, 'jobs.yaml'), jobfile(way, dir));
    const { status, stderr } = spawnSync(
      process.execPath,
      [MEMSCHED, 'run', 'jobs.yaml', '--no-profile'],
      { cwd: dir, env: { ...process.env, XDG_STATE_HOME: dir, CI: '' }, encoding: 'utf8' },
    );
    if (status === 2) return { kind: 'refused', why: stderr.split('\n')[0] ?? '' };
    if (status !== 0) throw new Error(`${way.name}: exit code ${String(status)}\n${stderr}`);
    return { kind: 'ran', figures: figuresOf(dir) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function figuresOf(dir: string): Figures {
  const runs = join(dir, 'memsched', 'runs');
  const [run = ''] = readdirSync(runs);
  const lines = readFileSync(join(runs, run, 'journal.jsonl'), 'utf8')
    .trimEnd()
    .split('\n');
  const events = lines.map((line) => JSON.parse(line) as RunEvent);
  const started = events.find((event) => event.kind === 'run-started');
  const ended = events.find((event) => event.kind === 'run-ended');
  if (started === undefined || ended === undefined) throw new Error('the run did not end');
  return {
    preemptions: ended.preemptions,
    lostS: countedAgain(dir) * STEP_S,
    saidS: (ended.lostMs ?? 0) / 1000,
    tookS: ended.tMs / 1000,
    tier: started.tier,
  };
}

/** Numbers that were counted by more than one attempt. */
function countedAgain(dir: string): number {
  let again = 0;
  for (let at = 0; at < TASKS; at += 1) {
    const counted = readFileSync(join(dir, `done-${at}`), 'utf8')
      .trimEnd()
      .split('\n');
    again += counted.length - new Set(counted).size;
  }
  return again;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function row(name: string, results: readonly Result[]): string {
  const refused = results.find((result) => result.kind === 'refused');
  if (refused !== undefined) return `${name.padEnd(14)} not to be had: ${refused.why}`;
  const all = results.flatMap((result) => (result.kind === 'ran' ? [result.figures] : []));
  const cell = (of: (figures: Figures) => number, digits: number): string =>
    median(all.map(of)).toFixed(digits).padStart(12);
  return [
    name.padEnd(14),
    cell(({ preemptions }) => preemptions, 0),
    cell(({ lostS }) => lostS, 1),
    cell(({ saidS }) => saidS, 1),
    cell(({ tookS }) => tookS, 1),
  ].join(' ');
}

const results = new Map<Way, Result[]>(WAYS.map((way) => [way, []]));
for (let round = 0; round < ROUNDS; round += 1)
  for (const [way, list] of results) list.push(runOnce(way));

const tiers = [...results.values()]
  .flat()
  .flatMap((result) => (result.kind === 'ran' ? [result.figures.tier] : []));
const version = spawnSync(process.execPath, [MEMSCHED, '--version'], { encoding: 'utf8' });
const workS = TASKS * COUNTS * STEP_S;
console.log(
  [
    `memsched ${version.stdout.trim()}, Node ${process.version}, Linux ${release()}, ${cpus().length} processors (${cpus()[0]?.model ?? 'unknown'}), ${formatBytes(totalmem())}, tier ${tiers[0] ?? 'unknown'}`,
    `${TASKS} tasks of ${TASK_MIB}M, ${workS.toFixed(0)} s of work in all, budget ${BUDGET}; medians of ${ROUNDS} rounds, in turns`,
    '',
    ['', 'preemptions', 'lost s', 'said lost s', 'took s']
      .map((title, at) => (at === 0 ? title.padEnd(14) : title.padStart(12)))
      .join(' '),
    ...[...results].map(([{ name }, list]) => row(name, list)),
  ].join('\n'),
);
