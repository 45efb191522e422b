import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttemptRef } from '../../../src/core/observation.js';
import type { Entry, TaskHost } from '../../../src/supervisor/ports.js';
import { until as pollUntil } from '../../support/poll.js';
import { tempDir } from '../../support/temp-dir.js';
import { startIn, type RealProcess } from './real-process.js';

/** The attempt of a test that has one. */
export const REF: AttemptRef = { task: 'job.a', attempt: 1 };
/** Ends with code 7 when it is asked to. */
const ASKABLE = '$SIG{TERM} = sub { exit 7 }; open F, ">", $ARGV[0]; close F; sleep 1 while 1';
/** Generous: these tests run on emulated machines, too. */
const DEADLINE_MS = 45_000;

/** Makes a host that is disposed of at the end of the test, by a clock of the test's own if there is one. */
export type Start = (now?: () => number) => TaskHost;

/** Waits for what `probe` finds. */
export function until<T>(what: string, probe: () => T | undefined | false): Promise<T> {
  return pollUntil(what, probe, DEADLINE_MS);
}

/** Opens an attempt or fails. */
export function opened(host: TaskHost, ref: AttemptRef, limits: { limitBytes?: number }): Entry {
  const entry = host.open(ref, limits);
  if (!entry.ok) throw new Error(entry.error.error);
  return entry.value;
}

/** Opens an attempt and starts `argv` in it. */
export function run(host: TaskHost, ref: AttemptRef, argv: readonly string[]): RealProcess {
  const task = startIn(opened(host, ref, {}), argv);
  host.adopt(ref, task.pid);
  return task;
}

/** Starts a task that ends with code 7 when it is asked to, waits until it would, and looks at it. */
export async function runAskable(host: TaskHost, ref: AttemptRef): Promise<RealProcess> {
  const ready = join(tempDir(), 'ready');
  const task = run(host, ref, ['perl', '-e', ASKABLE, ready]);
  await until('it stands', () => existsSync(ready));
  host.observe();
  return task;
}

/** Waits until `close` gives the final count. */
export function emptied(host: TaskHost, ref: AttemptRef) {
  return until('the attempt is empty', () => {
    const tally = host.close(ref);
    return tally !== 'populated' && tally;
  });
}

export function lines(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
}

export function stateOf(pid: number): string | undefined {
  try {
    return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** Whether a process lives: zombies do not. */
export function isRunning(pid: number): boolean {
  const state = stateOf(pid);
  return state !== undefined && state !== 'Z';
}
