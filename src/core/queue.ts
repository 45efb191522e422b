import { present } from '../util/assert.js';
import { emptyBackOff, rest, stir, takeDue, type BackOff } from './back-off.js';
import type { TaskRecord } from './run-state.js';

/**
 * Tasks that wait for nothing but their turn, in the order in which they should start. One lane for each concurrency
 * group, so that a group at its cap is skipped as a whole however many tasks it holds. Those that sit out a back-off
 * stand aside until {@link releaseDue} finds their time up, so that a look at the lanes does not cost more for them.
 *
 * A lane keeps its head at the *end* of the array: taking from a queue of 100,000 then moves nothing.
 */
export interface Queue {
  readonly lanes: Map<string, Lane>;
  readonly backOff: BackOff;
  /** The user holds them: nobody looks at them until they are released. */
  readonly held: Set<TaskRecord>;
}

interface Lane {
  /** Last to start first. */
  readonly sorted: TaskRecord[];
  /** Came in since the lane was last looked at. */
  readonly incoming: TaskRecord[];
}

/** Name of the lane of tasks without a concurrency group. */
export const FREE_LANE = '';

/** From so many newcomers on, one sort is cheaper than so many insertions. */
const SORT_FROM = 32;

/** A task preempted this often goes before everything else. */
export const NEXT_IN_LINE_AFTER = 3;

/** An empty queue. */
export function emptyQueue(): Queue {
  return { lanes: new Map(), backOff: emptyBackOff(), held: new Set() };
}

/** Negative when `a` starts before `b`: next in line, then priority, then place in the jobfile. */
export function startsBefore(a: TaskRecord, b: TaskRecord): number {
  return (
    Number(isNextInLine(b)) - Number(isNextInLine(a)) ||
    b.spec.priority - a.spec.priority ||
    a.spec.index - b.spec.index
  );
}

/** It was preempted so often that it goes before everything else. */
export function isNextInLine(task: TaskRecord): boolean {
  return task.preemptions >= NEXT_IN_LINE_AFTER;
}

/**
 * Puts a task in: aside when it is held, or when its phase says that it backs off, into its lane otherwise. What decides its place must not
 * change while it waits.
 */
export function enqueue(queue: Queue, task: TaskRecord): void {
  const { phase } = task;
  if (task.isHeld) queue.held.add(task);
  else if (phase.kind === 'queued' && phase.notBeforeMs > phase.sinceMs)
    rest(queue.backOff, task, phase.notBeforeMs);
  else intoLane(queue, task);
}

/**
 * Puts the tasks whose back-off is over into their lanes. When that is done is no part of the run's state: a replayed
 * queue holds the same tasks, some of them still aside.
 *
 * @param nowMs - milliseconds since the run started.
 */
export function releaseDue(queue: Queue, nowMs: number): void {
  for (const task of takeDue(queue.backOff, nowMs)) intoLane(queue, task);
}

function intoLane(queue: Queue, task: TaskRecord): void {
  const name = task.spec.concurrency ?? FREE_LANE;
  let lane = queue.lanes.get(name);
  if (lane === undefined) {
    lane = { sorted: [], incoming: [] };
    queue.lanes.set(name, lane);
  }
  lane.incoming.push(task);
}

/**
 * Takes a task out, from its lane, from its back-off or from those that are held.
 *
 * @returns false if it was not there.
 */
export function dequeue(queue: Queue, task: TaskRecord): boolean {
  if (queue.held.delete(task) || stir(queue.backOff, task)) return true;
  const lane = queue.lanes.get(task.spec.concurrency ?? FREE_LANE);
  if (lane === undefined) return false;
  settle(lane);
  const at = placeOf(lane.sorted, task);
  if (lane.sorted[at] !== task) return false;
  lane.sorted.splice(at, 1);
  return true;
}

/** How many tasks wait for their turn, for the end of their back-off or for the user. */
export function queueLength(queue: Queue): number {
  let length = queue.backOff.heap.length + queue.held.size;
  for (const lane of queue.lanes.values()) length += lane.sorted.length + lane.incoming.length;
  return length;
}

/** All tasks in starting order, those that back off and those that are held among them. Sorts them: for views, not for every tick. */
export function everyoneInOrder(queue: Queue): TaskRecord[] {
  const resting = queue.backOff.heap.map(({ task }) => task);
  return [...inOrder(queue, () => true), ...resting, ...queue.held].sort(startsBefore);
}

/**
 * The tasks that may start now, in starting order, over all lanes that `isOpen` lets through. While it runs, the queue
 * may lose the task that was given last, and must not change otherwise.
 */
export function* inOrder(queue: Queue, isOpen: (lane: string) => boolean): Generator<TaskRecord> {
  const cursors: { name: string; lane: TaskRecord[]; at: number }[] = [];
  for (const [name, lane] of queue.lanes) {
    settle(lane);
    if (lane.sorted.length > 0)
      cursors.push({ name, lane: lane.sorted, at: lane.sorted.length - 1 });
  }
  for (;;) {
    let best: (typeof cursors)[number] | undefined;
    for (const cursor of cursors) {
      const head = cursor.lane[cursor.at];
      if (head === undefined || !isOpen(cursor.name)) continue;
      const bestHead = best?.lane[best.at];
      if (bestHead === undefined || startsBefore(head, bestHead) < 0) best = cursor;
    }
    if (best === undefined) return;
    yield present(best.lane[best.at], 'a cursor points at a task');
    best.at -= 1;
  }
}

function settle(lane: Lane): void {
  if (lane.incoming.length === 0) return;
  if (lane.incoming.length >= SORT_FROM) {
    lane.sorted.push(...lane.incoming.splice(0, 50_000));
    while (lane.incoming.length > 0) lane.sorted.push(...lane.incoming.splice(0, 50_000));
    lane.sorted.sort((a, b) => startsBefore(b, a));
    return;
  }
  for (const task of lane.incoming.splice(0)) {
    lane.sorted.splice(placeOf(lane.sorted, task), 0, task);
  }
}

/** Binary search in a lane, which is sorted backwards. */
function placeOf(sorted: readonly TaskRecord[], task: TaskRecord): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = present(sorted[middle], 'the middle of a range is in it');
    if (startsBefore(task, other) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
