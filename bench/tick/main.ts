// What one pass of the control loop costs with a hundred thousand tasks queued, all of groups with profiles. Exit code 1
// when the 99th percentile of a tick, or the process's memory, is beyond its gate. Processor time is told beside it, for
// when something else keeps the machine busy. `npm run bench:tick`; with `--json` it prints figures and judges nothing.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { keepHeapLean } from '../../src/cli/lean-heap.js';
import { initialControl } from '../../src/core/control.js';
import { decide } from '../../src/core/decide.js';
import { evolve } from '../../src/core/evolve.js';
import { RING_RUNS, type GroupProfile } from '../../src/core/learning/profile.js';
import type { AttemptSample, Fact } from '../../src/core/observation.js';
import { emptyRunState } from '../../src/core/run-state.js';
import { Random } from '../../test/sim/random.js';
import { plainConfig, plainTask } from '../../test/sim/specs.js';
import { GiB, MiB } from '../../src/util/bytes.js';
import type { TickCost } from './cost.js';

const TASKS = Number(process.env['BENCH_TASKS'] ?? 100_000);
const GROUPS = Number(process.env['BENCH_GROUPS'] ?? 500);
const TICKS = Number(process.env['BENCH_TICKS'] ?? 3000);
const WARM_UP_TICKS = 200;
const BUDGET_BYTES = 64 * GiB;
const INTERVAL_MS = 100;
/** One in so many running tasks ends in a tick. */
const ENDS_SHARE = 0.02;
const MOST_P99_MS = 10;
const MOST_RSS_BYTES = 300 * MiB;

const chance = new Random(1);

function percentile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}

function words(values: readonly number[]): string {
  const at = (q: number): string => `${percentile(values, q).toFixed(2)} ms`;
  return `p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, longest ${at(1)}`;
}

/** Groups that are known by as many runs as are kept. */
function profiles(): GroupProfile[] {
  const maker = fileURLToPath(new URL('make-profiles.js', import.meta.url));
  const made = execFileSync(process.execPath, [maker, String(GROUPS)], { maxBuffer: 4 * GiB });
  return JSON.parse(made.toString()) as GroupProfile[];
}

keepHeapLean();
const state = emptyRunState();
const priors = new Map(profiles().map((profile, group) => [`g${group}`, profile]));
for (let index = 0; index < TASKS; index += 1) {
  const spec = plainTask(`t${index}`, {
    index,
    job: `g${index % GROUPS}`,
    preemptible: 1,
    cpus: 0,
  });
  evolve(state, { kind: 'task-planned', tMs: 0, spec });
}
const control = initialControl(
  plainConfig({ budget: { kind: 'bytes', bytes: BUDGET_BYTES }, cpus: 64 }),
  priors,
);

const cpuMs: number[] = [];
const wallMs: number[] = [];
let running = 0;
let nowMs = 0;
for (let tick = 0; tick < TICKS + WARM_UP_TICKS; tick += 1) {
  nowMs += INTERVAL_MS;
  const facts: Fact[] = [];
  const attempts: AttemptSample[] = [];
  let usedBytes = 0;
  for (const record of state.live.values()) {
    const ref = { task: record.spec.id, attempt: record.attempts };
    if (record.phase.kind === 'starting') {
      facts.push({ kind: 'launched', ...ref, pid: 1 });
      continue;
    }
    const bytes = chance.between(0.3, 0.9) * (record.admitted?.estimate.bytes ?? 0);
    if (chance.chance(ENDS_SHARE)) {
      const tally = { peakBytes: bytes, cpuMs: 1000 };
      facts.push({ kind: 'exited', ...ref, exit: { kind: 'code', code: 0 } });
      facts.push({ kind: 'emptied', ...ref, tally });
      continue;
    }
    usedBytes += bytes;
    attempts.push({ ...ref, usedBytes: bytes, peakBytes: bytes, cpuMs: 500 });
  }
  const host = {
    budgetBytes: BUDGET_BYTES,
    capacityBytes: BUDGET_BYTES + GiB,
    ceilingBytes: BUDGET_BYTES,
    availableBytes: BUDGET_BYTES - usedBytes,
    usedBytes,
    outsideBytes: 0,
    swapFreeBytes: 0,
    reclaimScans: 0,
    brakeEvents: 0,
  };
  const startedMs = performance.now();
  const before = process.cpuUsage();
  decide(state, control, { nowMs, host, attempts, facts });
  if (tick < WARM_UP_TICKS) continue;
  const { user, system } = process.cpuUsage(before);
  cpuMs.push((user + system) / 1000);
  wallMs.push(performance.now() - startedMs);
  running += state.live.size;
}

const p99 = percentile(wallMs, 0.99);
const rss = process.memoryUsage.rss();
if (process.argv.includes('--json')) {
  const [p50Ms, longestMs] = [percentile(wallMs, 0.5), percentile(wallMs, 1)];
  const cost: TickCost = { p50Ms, p99Ms: p99, longestMs, rssBytes: rss, running: running / TICKS };
  console.log(JSON.stringify(cost));
} else {
  const isMet = p99 < MOST_P99_MS && rss < MOST_RSS_BYTES;
  console.log(
    `${TASKS} tasks of ${GROUPS} groups, ${RING_RUNS} runs known of each; ${(running / TICKS).toFixed(0)} running on average, ${TICKS} ticks\n` +
      `a tick, processor time of all threads: ${words(cpuMs)}\n` +
      `a tick, wall: ${words(wallMs)}\n` +
      `RSS ${(rss / MiB).toFixed(0)} MiB\n` +
      `${isMet ? 'met   ' : 'MISSED'} p99 under ${MOST_P99_MS} ms and RSS under ${MOST_RSS_BYTES / MiB} MiB`,
  );
  process.exitCode = isMet ? 0 : 1;
}
