import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startRun } from '../harness/live-run.js';
import { costOf } from '../harness/process-cost.js';

/** What a run with a long queue costs. */
export interface QueueCost {
  /** From the start of the program until its first task runs. */
  readonly loadMs: number;
  readonly rssBytes: number;
  /** The most until then. */
  readonly loadRssBytes: number;
  /** Processor time of one look and decision, while one task runs and the others wait. */
  readonly tickCpuMs: number;
}

const SETTLE_MS = 3000;
const MOST_LOAD_MS = 180_000;
const INTERVAL_MS = 100;

/**
 * Runs a jobfile of so many tasks, one at a time, of which the first never ends.
 *
 * @param windowMs - how long the waiting run is looked at.
 * @throws BenchError when it does not come to its first task.
 */
export async function queueCost(
  tasks: number,
  windowMs: number,
  scratch: string,
): Promise<QueueCost> {
  const folder = mkdtempSync(join(scratch, 'queue-'));
  const startedMs = performance.now();
  const run = startRun(folder, jobfileOf(tasks), ['-j1', '--interval', `${INTERVAL_MS}ms`]);
  try {
    const marker = join(folder, 'first');
    await run.until('its first task runs', () => existsSync(marker), MOST_LOAD_MS);
    const loadMs = performance.now() - startedMs;
    const loadRssBytes = costOf(run.pid).mostRssBytes;
    await pause(SETTLE_MS);
    const before = costOf(run.pid);
    await pause(windowMs);
    const after = costOf(run.pid);
    const ticks = windowMs / INTERVAL_MS;
    const tickCpuMs = (after.cpuMs - before.cpuMs) / ticks;
    return { loadMs, loadRssBytes, rssBytes: after.rssBytes, tickCpuMs };
  } finally {
    await run.end();
  }
}

function jobfileOf(tasks: number): string {
  const numbers = Array.from({ length: tasks }, (_, at) => at + 1).join(',');
  return `version: 1
jobs:
  waits:
    matrix: { n: [${numbers}] }
    run: [sh, -c, "touch first; exec sleep 3600"]
    memory: 1M
    cpus: 0
`;
}
