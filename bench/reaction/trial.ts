import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../src/core/events.js';
import { startRun } from '../harness/live-run.js';
import { BenchError } from '../harness/programs.js';

/** One way in which a line is crossed. */
export interface Setting {
  /** As in tables. */
  readonly name: string;
  /** The line: `critical` is answered by a kill, `preempt` by SIGTERM after 300 ms above it, `brake` by a kill, too. */
  readonly line: 'critical' | 'preempt' | 'brake';
  readonly intervalMs: number;
  /** All processors are kept busy by others meanwhile. */
  readonly isLoaded: boolean;
  readonly trials: number;
}

/** How one crossing was answered, milliseconds from the crossing. */
export interface Reaction {
  /** A process of the task that holds no memory is gone. */
  readonly signalMs: number;
  /** The task is gone, and its memory free. */
  readonly freeMs: number;
}

const BUDGET_MIB = 1024;
/** Shares of the budget. `hold` less ten points is above what is kept, so that the next one can start. */
const KEPT = 0.8;
const LINES = { hold: 0.91, preempt: 0.935, critical: 0.955 };
/** Halfway from critical to the budget (core/lines.ts). */
const BRAKE = (1 + LINES.critical) / 2;
/** Just below the lines. */
const BASE = 0.925;
/** What a run may take that goes as it should, a trial. */
const MOST_TRIAL_MS = 30_000;
/** The last one runs again when use has settled: looked at every 4 s on a busy guest, that takes half a minute. */
const MOST_END_MS = 120_000;

/**
 * Crosses a line again and again in one run of memsched: one task holds most of the budget, others cross the line one
 * after the other.
 *
 * @param cross - the compiled cross.c.
 */
export async function reactions(
  setting: Setting,
  cross: string,
  scratch: string,
  nproc: number,
): Promise<Reaction[]> {
  const folder = mkdtempSync(join(scratch, 'reaction-'));
  const helpers = startHelpers(setting, cross, folder, nproc);
  const run = startRun(folder, jobfileOf(setting, cross, folder), []);
  try {
    const last = join(folder, `${setting.trials}.dead`);
    await run.until(
      'the last crossing',
      () => numberIn(last) !== undefined,
      MOST_TRIAL_MS * setting.trials,
    );
    const hasAllEnds = (): boolean =>
      run.events().filter(({ kind }) => kind === 'task-finished').length > setting.trials;
    await run.until('its tasks are finished', hasAllEnds, MOST_END_MS);
    const events = run.events();
    return Array.from({ length: setting.trials }, (_, at) =>
      reactionIn(events, folder, at + 1, setting),
    );
  } finally {
    await run.end();
    for (const helper of helpers) helper.kill('SIGKILL');
  }
}

function startHelpers(
  { isLoaded, trials }: Setting,
  cross: string,
  folder: string,
  nproc: number,
): ChildProcess[] {
  const busy = isLoaded ? nproc : 0;
  return [
    spawn(cross, ['watch', folder, String(trials)], { stdio: 'inherit' }),
    ...Array.from({ length: busy }, () => spawn('/bin/sh', ['-c', 'while :; do :; done'])),
  ];
}

function jobfileOf(
  { line, intervalMs, trials }: Setting,
  cross: string,
  folder: string,
): Record<string, unknown> {
  const mib = (share: number): number => Math.round(share * BUDGET_MIB);
  const crossed = line === 'brake' ? BRAKE : LINES[line];
  const own = (share: number): string => String(mib(share) - mib(KEPT));
  // Beyond the line by a little, so that it is passed whatever else is counted; the brake is never passed by much.
  const top = crossed + (line === 'brake' ? 0.05 : 0.008);
  const numbers = Array.from({ length: trials }, (_, at) => String(at + 1));
  const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
  return {
    memory: {
      budget: `${BUDGET_MIB}M`,
      hold: percent(LINES.hold),
      preempt: percent(LINES.preempt),
      critical: percent(LINES.critical),
      overcommit: 2,
    },
    interval: `${intervalMs}ms`,
    pressure: { window: `${Math.max(2000, 2 * intervalMs)}ms` },
    groups: { one: { max_parallel: 1 } },
    defaults: { cpus: 0, profile: 'none' },
    jobs: {
      keeper: {
        memory: '100M',
        run: [cross, 'keep', folder, String(mib(KEPT)), numbers.at(-1) ?? '0'],
      },
      victim: {
        matrix: { n: numbers },
        memory: '10M',
        preemptible: 'low',
        concurrency: 'one',
        run: [cross, 'victim', folder, '${{ matrix.n }}', own(BASE), own(crossed), own(top), '500'],
      },
    },
  };
}

/** @throws BenchError when memsched did not end that task, but something else did. */
function reactionIn(
  events: readonly RunEvent[],
  folder: string,
  trial: number,
  { line }: Setting,
): Reaction {
  const wasStopped = events.some(
    (event) => event.kind === 'attempt-stopping' && event.task === `victim.${trial}`,
  );
  const at = (what: string): number => numberIn(join(folder, `${trial}.${what}`)) ?? NaN;
  const crossedUs = at('crossed');
  const [signalMs, freeMs] = [at('signal') - crossedUs, at('gone') - crossedUs].map(
    (us) => us / 1000,
  );
  if (!wasStopped || signalMs === undefined || freeMs === undefined || Number.isNaN(freeMs))
    throw new BenchError(`crossing ${trial} of the line ${line} was not answered by memsched`);
  return { signalMs, freeMs };
}

/** The number in a file; undefined while it is not there, or empty. */
function numberIn(path: string): number | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    return text === '' ? undefined : Number(text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
