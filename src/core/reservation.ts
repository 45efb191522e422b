import type { WaitReason } from './reasons.js';
import type { TaskId, TaskSpec } from './task-spec.js';

/** Once the first in line has waited this long for something, nobody behind it takes of that any more. */
const PASSED_FOR_MS = 60_000;

/** What tasks behind could go on taking before the first in line: memory and processors, or one named resource. */
export type Scarce = 'capacity' | `resource ${string}`;

/** Who waits, and since when. */
export interface Waiter {
  readonly task: TaskId;
  readonly sinceMs: number;
}

/**
 * Those who were first in line for something scarce. One that wants two such things may lack now this, now that: its
 * time goes on, or those who take the one while it waits for the other would pass it for ever.
 */
export type Waiters = ReadonlyMap<TaskId, Waiter>;

/** One walk along the queue: who was first to be refused what, and what nobody behind may take any more. */
export interface Line {
  readonly first: Map<Scarce, TaskId>;
  readonly reserved: Set<Scarce>;
  /** Those of the waiters who were refused again. */
  readonly met: Set<TaskId>;
}

/** A walk that has not begun. */
export function emptyLine(): Line {
  return { first: new Map(), reserved: new Set(), met: new Set() };
}

/**
 * Takes a refusal in: the first in line for a thing keeps it for itself once it has waited long enough.
 *
 * @param patienceMs - how long it may be passed at least: what runs for hours may wait longer than a minute.
 */
export function noteRefusal(
  line: Line,
  task: TaskId,
  reason: WaitReason,
  waiters: Waiters,
  nowMs: number,
  patienceMs: number,
): void {
  const waiter = waiters.get(task);
  if (waiter !== undefined) line.met.add(task);
  const scarce = scarceIn(reason);
  if (scarce === undefined || line.first.has(scarce)) return;
  line.first.set(scarce, task);
  // It waits for others to become known, not for what they hold: they may be passed all the while.
  if (reason.kind === 'slow-start') return;
  const waitedMs = waiter === undefined ? 0 : nowMs - waiter.sinceMs;
  if (waitedMs >= Math.max(PASSED_FOR_MS, patienceMs)) line.reserved.add(scarce);
}

function scarceIn(reason: WaitReason): Scarce | undefined {
  // A head that is refused for slow start keeps its place in the line for memory.
  if (reason.kind === 'memory' || reason.kind === 'cpus' || reason.kind === 'slow-start') {
    return 'capacity';
  }
  return reason.kind === 'resource' ? `resource ${reason.name}` : undefined;
}

/** True when the task would take something that is kept for one ahead of it. */
export function isKeptFrom({ reserved }: Line, spec: TaskSpec): boolean {
  if (reserved.size === 0) return false;
  return (
    reserved.has('capacity') ||
    Object.keys(spec.resources).some((name) => reserved.has(`resource ${name}`))
  );
}

/**
 * Who waits now, and since when: those who were first before keep their time. So do those whom the walk did not come to,
 * as their concurrency group is full: others of it may be all that keeps them waiting.
 *
 * @param isWaiting - whether a task is still in the queue.
 */
export function waitersAfter(
  { first, met }: Line,
  before: Waiters,
  nowMs: number,
  isWaiting: (task: TaskId) => boolean,
): Waiters {
  const now = new Map<TaskId, Waiter>();
  for (const task of first.values()) now.set(task, before.get(task) ?? { task, sinceMs: nowMs });
  for (const [task, waiter] of before) {
    if (!now.has(task) && !met.has(task) && isWaiting(task)) now.set(task, waiter);
  }
  return now;
}
