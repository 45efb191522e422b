import { clearRunTree } from '../adapters/cgroup/run-tree.js';
import type { TierHere } from '../adapters/host/tier-choice.js';
import type { RunFolder } from '../adapters/journal/run-folder.js';
import { lockRun, type RunLock } from '../adapters/journal/run-lock.js';
import { bootId } from '../adapters/journal/supervisor-mark.js';
import { findLeavings } from '../adapters/process/leavings.js';
import { endByCookie } from '../adapters/procfs/end-by-cookie.js';
import type { AttemptEnded, RunEvent } from '../core/events.js';
import type { RunState } from '../core/run-state.js';
import type { TaskId } from '../core/task-spec.js';
import { refOf } from '../core/tick.js';
import type { Fate, Remains } from '../supervisor/ports.js';
import type { Resumption } from '../supervisor/resume.js';
import type { RunPlan } from '../supervisor/run-plan.js';
import type { BegunRun } from './begin-run.js';
import { UsageError } from './errors.js';
import { replay, type PastRun } from './past-run.js';
import { readPlace, type RunOrigin, type RunPlace } from './run-origin.js';

/** A run to be taken over. */
export interface TakeOrder {
  readonly folder: RunFolder;
  readonly origin: RunOrigin;
  /** Where its tasks are to live from now on. */
  readonly choice: TierHere;
  readonly procPath: string;
  /** Says something that the user should know. */
  readonly tell: (sentence: string) => void;
}

/** A run that this process may supervise from now on. */
export interface TakenRun {
  readonly resumption: Resumption;
  /**
   * All that a session needs.
   *
   * @throws UsageError when the plan is not the run's.
   */
  with(plan: RunPlan): BegunRun;
}

/** What the journal tells, and which of it was not learned yet. */
interface Retold {
  readonly past: PastRun;
  readonly lastMs: number;
  readonly unlearned: readonly RunEvent[];
}

/**
 * Makes sure that a run can be resumed.
 *
 * @throws UsageError when it lives, is out of sight, has succeeded or never began; JournalError when its journal is damaged
 * or newer than this memsched.
 */
export async function look(order: Pick<TakeOrder, 'folder' | 'tell'>): Promise<void> {
  const past = replay(order.folder);
  if (past.standing === 'ended' && hasSucceeded(past)) await clearUp(order, past);
  requireResumable(past);
}

/** Who dies between the end of a run and the end of its supervisor leaves the tree, with nobody in it. */
async function clearUp(
  order: Pick<TakeOrder, 'folder' | 'tell'>,
  { state }: PastRun,
): Promise<void> {
  if (state.started?.bootId !== bootId()) return;
  const place = readPlace(order.folder);
  if (place === undefined || place.tier === 'procfs') return;
  const lock = await takeLock(order);
  const stuck = clearRunTree(place.rootDirectory, order.folder.runId);
  lock.release();
  if (stuck !== undefined) throw stuck;
}

function hasSucceeded({ state }: PastRun): boolean {
  return state.counts.outcomes.get('succeeded') === state.counts.planned;
}

/**
 * Takes the right to supervise a run, and everything that is known of it. Where its tasks lived in another place than
 * they will, they are ended.
 *
 * @throws as {@link look}, and HostError when what lived in another place cannot be ended.
 */
export async function takeRun(order: TakeOrder): Promise<TakenRun> {
  const { folder, origin, procPath } = order;
  const lock = await takeLock(order);
  const { past, lastMs, unlearned } = retell(folder);
  requireResumable(past);
  const { state } = past;
  const isSameBoot = state.started?.bootId === bootId();
  const left = await findLeavings({ statusDir: folder.statusPath, runId: folder.runId, procPath });
  const fates = new Map(
    [...state.live.values()].map((record) => [record.spec.id, left.fateOf(refOf(record))]),
  );
  // Nothing outlives a reboot; a process that looks like one of ours is somebody else.
  const canFollow = isSameBoot && !(await endElsewhere(order));
  const remains = canFollow ? left : withoutTheLiving(fates);
  const after = state.ended !== undefined ? 'end' : isSameBoot ? 'death' : 'reboot';
  const resumption: Resumption = {
    state,
    lastMs,
    after,
    unlearned: unlearned.filter((event): event is AttemptEnded => event.kind === 'attempt-ended'),
    remains,
  };
  return {
    resumption,
    with(plan) {
      requireSamePlan(folder, state, plan);
      const { cookie } = origin;
      return {
        folder,
        lock,
        cookie,
        resumption,
        unlearned,
        retell: (see) => {
          replay(folder, see);
        },
      };
    },
  };
}

async function takeLock({ folder, tell }: Pick<TakeOrder, 'folder' | 'tell'>): Promise<RunLock> {
  const lock = await lockRun(folder);
  if (!lock.ok) throw new UsageError(lock.error);
  const { missing } = lock.value;
  if (missing !== undefined) tell(`run ${folder.runId} is resumed without a lock: ${missing}`);
  return lock.value;
}

/** Stored profiles know of everything up to the last end in order. */
function retell(folder: RunFolder): Retold {
  const plans: RunEvent[] = [];
  let ends: RunEvent[] = [];
  let lastMs = 0;
  const past = replay(folder, (event) => {
    lastMs = event.tMs;
    if (event.kind === 'run-started' || event.kind === 'task-planned') plans.push(event);
    else if (event.kind === 'attempt-ended') ends.push(event);
    else if (event.kind === 'run-ended') ends = [];
  });
  return { past, lastMs, unlearned: [...plans, ...ends] };
}

function requireResumable(past: PastRun): void {
  const { folder, standing, state } = past;
  const { runId } = folder;
  if (standing === 'live')
    throw new UsageError(
      `run ${runId} is live: there is nothing to resume; memsched cancel ends it`,
    );
  if (standing === 'elsewhere')
    throw new UsageError(
      `run ${runId} is supervised in another container, or was when that ended: resume it there, where its tasks can be seen`,
    );
  if (state.started === undefined)
    throw new UsageError(
      `run ${runId} died before it had begun: its journal is empty; start it again with memsched run`,
    );
  if (standing === 'ended' && hasSucceeded(past))
    throw new UsageError(`run ${runId} has succeeded: there is nothing to resume`);
}

/** Ends the run's tasks where they live in another place than this session's; false where they do not. */
async function endElsewhere({ folder, origin, choice, procPath }: TakeOrder): Promise<boolean> {
  const place = readPlace(folder);
  if (place === undefined || isSamePlace(place, choice)) return false;
  const stuck =
    place.tier === 'procfs'
      ? await endByCookie(origin.cookie, procPath)
      : clearRunTree(place.rootDirectory, folder.runId);
  if (stuck !== undefined) throw stuck;
  return true;
}

/** Those that lived have just been ended, and not by any doing of theirs. */
function withoutTheLiving(before: ReadonlyMap<TaskId, Fate>): Remains {
  const why = 'it could not be followed to where the run goes on';
  return {
    fateOf({ task }) {
      const fate = before.get(task);
      return fate === undefined || fate.kind === 'lives' ? { kind: 'unknown', why } : fate;
    },
    onEnd: () => undefined,
    // They lived where the attempts did, and were ended with them.
    endParts: () => undefined,
  };
}

function isSamePlace(place: RunPlace, choice: TierHere): boolean {
  if (place.tier === 'procfs' || choice.tier === 'procfs') return place.tier === choice.tier;
  return choice.tier === place.tier && choice.rootDirectory === place.rootDirectory;
}

/** The jobfile is the same; what it means may not be, by another version or on a changed host. */
function requireSamePlan(folder: RunFolder, { tasks }: RunState, plan: RunPlan): void {
  const known = [...tasks.values()].map(({ spec }) => spec);
  const at = known.findIndex((spec, index) => {
    const now = plan.tasks[index];
    return now?.id !== spec.id || now.job !== spec.job || now.needs.join() !== spec.needs.join();
  });
  if (at < 0) return;
  throw new UsageError(
    `run ${folder.runId} cannot be resumed: its jobfile gives other tasks now than it did then, the first of them instead of "${known[at]?.id ?? ''}"; run it with the memsched that it was started with, or start it anew`,
  );
}
