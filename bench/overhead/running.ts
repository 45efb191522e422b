import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startRun } from '../harness/live-run.js';
import { costOf, descendantsOf, type ProcessCost } from '../harness/process-cost.js';

/** What supervising some running tasks costs. */
export interface RunningCost {
  readonly tasks: number;
  /** Of one processor: of the supervisor with all its threads. */
  readonly cpuShare: number;
  readonly rssBytes: number;
  /** Of the process that starts tasks. */
  readonly helperRssBytes: number;
}

/** A task that is younger than half a minute is looked at more often. */
const SETTLE_MS = 35_000;
/** An emulated guest starts two or three tasks a second, and fewer the more there are. */
const MOST_START_MS = 900_000;
/** Who has not started such a share of them in this share of the time will not make it. */
const CHECKED_SHARE = 1 / 3;
/** The kernel cuts a process's name. */
const HELPER_COMM = 'memsched: launc';

/**
 * Starts so many tasks that only sleep, and looks at the supervisor for a while. The interval is the default, 100 ms.
 *
 * @param windowMs - how long it is looked at.
 */
export async function runningCost(
  tasks: number,
  options: readonly string[],
  windowMs: number,
  scratch: string,
): Promise<RunningCost> {
  const numbers = Array.from({ length: tasks }, (_, at) => at + 1);
  const sleeper = {
    matrix: { n: numbers },
    run: ['sleep', '3600'],
    memory: '1M',
    cpus: 0,
    profile: 'none',
  };
  const run = startRun(mkdtempSync(join(scratch, 'running-')), { jobs: { sleeper } }, options);
  try {
    const launched = (): number =>
      run.events().filter(({ kind }) => kind === 'attempt-launched').length;
    for (const share of [CHECKED_SHARE, 1]) {
      const wanted = Math.ceil(tasks * share);
      await run.until(`${wanted} tasks run`, () => launched() >= wanted, MOST_START_MS * share);
    }
    await pause(SETTLE_MS);
    const [before, startedMs] = [costOf(run.pid), performance.now()];
    await pause(windowMs);
    const [after, endedMs] = [costOf(run.pid), performance.now()];
    return {
      tasks,
      cpuShare: (after.cpuMs - before.cpuMs) / (endedMs - startedMs),
      rssBytes: after.rssBytes,
      helperRssBytes: helperOf(run.pid)?.rssBytes ?? 0,
    };
  } finally {
    await run.end();
  }
}

function helperOf(pid: number): ProcessCost | undefined {
  const helper = descendantsOf(pid).find(({ name }) => name === HELPER_COMM);
  return helper === undefined ? undefined : costOf(helper.pid);
}
