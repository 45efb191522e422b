import { randomUUID } from 'node:crypto';
import { systemClock } from '../adapters/clock/system-clock.js';
import { HostError } from '../adapters/host/host-error.js';
import { keepCommand, keepJobfile, type RunFolder } from '../adapters/journal/run-folder.js';
import { lockRun, type RunLock } from '../adapters/journal/run-lock.js';
import { openRunStore } from '../adapters/journal/run-store.js';
import type { RunEvent } from '../core/events.js';
import type { RunState } from '../core/run-state.js';
import type { Resumption } from '../supervisor/resume.js';
import type { LoadedPlan } from './load-plan.js';
import { keepOrigin } from './run-origin.js';
import type { RunOptions } from './run-options.js';

/** A run that has its folder, and that this process may supervise. */
export interface BegunRun {
  readonly folder: RunFolder;
  /** By which its tasks are known where there are no cgroups. */
  readonly cookie: string;
  /** What another process had come to; absent: nobody has begun it before. */
  readonly resumption?: Resumption;
  /** Tells everything that has happened before, once more, with the state that each event led to. */
  readonly retell?: (see: (event: RunEvent, state: RunState) => void) => void;
  /** Events of before, as far as the profiles have still to learn from them. */
  readonly unlearned: readonly RunEvent[];
  /** The right to supervise it, which is on its way while the run is prepared; absent where nobody else can want it. */
  readonly lock?: Promise<RunLock> | RunLock;
}

/** What a new run is made of. */
export interface NewRunOrder {
  readonly loaded: LoadedPlan;
  readonly options: RunOptions;
  /** Jobs that were chosen; empty: all. */
  readonly jobs?: readonly string[];
}

/**
 * Makes the folder of a new run, with all that is needed to go on with it one day. One that has no jobfile is never
 * gone on with: its input may be a pipe.
 *
 * @throws HostError when the state folder cannot be made.
 */
export function newRun({ loaded, options, jobs = [] }: NewRunOrder): BegunRun {
  const { plan, command, content, baseDir } = loaded;
  const folder = openRunStore().create(plan.config.name, systemClock.epochMs());
  if (command !== undefined) {
    keepCommand(folder, command);
    return { folder, cookie: randomUUID(), unlearned: [] };
  }
  keepJobfile(folder, content);
  const { overrides, tier, profiles } = options;
  const { cookie } = keepOrigin(folder, { baseDir, jobs: [...jobs], overrides, tier, profiles });
  return { folder, cookie, unlearned: [], lock: lockNew(folder) };
}

/** Nobody else knows of the folder yet. */
async function lockNew(folder: RunFolder): Promise<RunLock> {
  const lock = await lockRun(folder);
  if (lock.ok) return lock.value;
  throw new HostError(lock.error, 'memsched ps');
}
