// Work lost to preemption on one workload, four ways: stopped only, suspended first, and saved by checkpoints, before a
// task is stopped or from time to time, too. The same tasks each time, counting programs that outgrow the budget together;
// whatever a program counts a second time was lost.
// `npm run bench:work-lost`; in a guest with pure cgroup v2: `bench/work-lost/run.sh`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent } from '../../src/core/events.js';
import { machineLine, thisMachine } from '../harness/machine.js';
import { BenchError, MEMSCHED, ROOT } from '../harness/programs.js';
import { median } from '../harness/stats.js';

const PROGRAM = join(ROOT, 'fixtures', 'programs', 'count-up');
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const TASKS = 6;
/** Each task counts so far, a number each tenth of a second, and grows for most of that time. */
const COUNTS = 200;
const STEP_S = 0.1;
const RAMP_S = 15;
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
  { name: 'every 2s', keys: { checkpoint: { signal: 'SIGUSR1', every: '2s' } } },
];

/** What one run came to. */
interface Figures {
  readonly preemptions: number;
  readonly suspensions: number;
  /** By the programs' own count. */
  readonly lostS: number;
  /** By memsched's. */
  readonly saidS: number;
  readonly tookS: number;
  readonly tier: string;
}

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

function runOnce(way: Way): Figures {
  const dir = mkdtempSync(join(tmpdir(), 'memsched-work-lost-'));
  try {
    writeFileSync(join(dir, 'jobs.yaml'), jobfile(way, dir));
    const { status, stderr } = spawnSync(
      process.execPath,
      [MEMSCHED, 'run', 'jobs.yaml', '--no-profile'],
      { cwd: dir, env: { ...process.env, XDG_STATE_HOME: dir, CI: '' }, encoding: 'utf8' },
    );
    if (status !== 0) throw new BenchError(`${way.name}: exit code ${String(status)}\n${stderr}`);
    return figuresOf(dir);
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
  if (started === undefined || ended === undefined) throw new BenchError('the run did not end');
  return {
    preemptions: ended.preemptions,
    suspensions: ended.suspensions ?? 0,
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

function row(name: string, all: readonly Figures[]): string {
  const cell = (of: (figures: Figures) => number, digits: number): string =>
    median(all.map(of)).toFixed(digits).padStart(12);
  return [
    name.padEnd(14),
    cell(({ preemptions }) => preemptions, 0),
    cell(({ suspensions }) => suspensions, 0),
    cell(({ lostS }) => lostS, 1),
    cell(({ saidS }) => saidS, 1),
    cell(({ tookS }) => tookS, 1),
  ].join(' ');
}

const results = new Map<Way, Figures[]>(WAYS.map((way) => [way, []]));
for (let round = 0; round < ROUNDS; round += 1)
  for (const [way, list] of results) list.push(runOnce(way));

const [tier] = [...results.values()].flat().map((figures) => figures.tier);
const workS = TASKS * COUNTS * STEP_S;
console.log(
  [
    `${machineLine(thisMachine(['python3']))}, tier ${tier ?? 'unknown'}`,
    `${TASKS} tasks of ${TASK_MIB}M, ${workS.toFixed(0)} s of work in all, budget ${BUDGET}; medians of ${ROUNDS} rounds, in turns`,
    '',
    ['', 'preemptions', 'suspensions', 'lost s', 'said lost s', 'took s']
      .map((title, at) => (at === 0 ? title.padEnd(14) : title.padStart(12)))
      .join(' '),
    ...[...results].map(([{ name }, list]) => row(name, list)),
  ].join('\n'),
);
