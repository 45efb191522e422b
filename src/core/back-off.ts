import { assert, present } from '../util/assert.js';
import type { TaskRecord } from './run-state.js';

/**
 * Tasks that may not start yet, the first that may on top: a binary heap by the time until which each backs off, then
 * by place in the jobfile. With a thousand of them waiting, a tick in which nobody's time is up looks at one.
 */
export interface BackOff {
  /** A parent never comes after its two children, which stand at `2i + 1` and `2i + 2`. */
  readonly heap: Resting[];
  /** Where each task stands in the heap: one that is canceled leaves from the middle. */
  readonly places: Map<TaskRecord, number>;
}

/** A task, and until when it backs off. */
interface Resting {
  readonly untilMs: number;
  readonly task: TaskRecord;
}

/** Nobody backs off. */
export function emptyBackOff(): BackOff {
  return { heap: [], places: new Map() };
}

/**
 * Puts a task in.
 *
 * @param untilMs - when it may start, in milliseconds since the run started.
 */
export function rest(backOff: BackOff, task: TaskRecord, untilMs: number): void {
  assert(!backOff.places.has(task), `task ${task.spec.id} backs off once at a time`);
  rise(backOff, { untilMs, task }, backOff.heap.length);
}

/**
 * Takes a task out, whether its time is up or not.
 *
 * @returns false if it was not there.
 */
export function stir({ heap, places }: BackOff, task: TaskRecord): boolean {
  const at = places.get(task);
  if (at === undefined) return false;
  places.delete(task);
  const last = present(heap.pop(), 'a heap with places has entries');
  if (at === heap.length) return true;
  // The last one fills the gap, and may belong further up or further down.
  if (at > 0 && isBefore(last, entryAt(heap, parentOf(at)))) rise({ heap, places }, last, at);
  else sink({ heap, places }, last, at);
  return true;
}

/** The task whose time is up first; undefined when nobody backs off. */
export function nextUp({ heap }: BackOff): TaskRecord | undefined {
  return heap[0]?.task;
}

/**
 * Takes out the tasks whose time is up.
 *
 * @param nowMs - milliseconds since the run started.
 * @returns them, first due first.
 */
export function takeDue(backOff: BackOff, nowMs: number): TaskRecord[] {
  const due: TaskRecord[] = [];
  for (;;) {
    const top = backOff.heap[0];
    if (top === undefined || top.untilMs > nowMs) return due;
    stir(backOff, top.task);
    due.push(top.task);
  }
}

function isBefore(a: Resting, b: Resting): boolean {
  return a.untilMs === b.untilMs ? a.task.spec.index < b.task.spec.index : a.untilMs < b.untilMs;
}

function parentOf(at: number): number {
  return (at - 1) >>> 1;
}

function entryAt(heap: readonly Resting[], at: number): Resting {
  return present(heap[at], 'a place in the heap is taken');
}

/** Settles an entry in the gap at `at`, or above it: parents that come after it move down. */
function rise({ heap, places }: BackOff, entry: Resting, at: number): void {
  let gap = at;
  while (gap > 0) {
    const parent = entryAt(heap, parentOf(gap));
    if (!isBefore(entry, parent)) break;
    heap[gap] = parent;
    places.set(parent.task, gap);
    gap = parentOf(gap);
  }
  heap[gap] = entry;
  places.set(entry.task, gap);
}

/** Settles an entry in the gap at `at`, or below it: children that come before it move up. */
function sink({ heap, places }: BackOff, entry: Resting, at: number): void {
  let gap = at;
  for (;;) {
    const left = 2 * gap + 1;
    if (left >= heap.length) break;
    const right = left + 1;
    const isRight = right < heap.length && isBefore(entryAt(heap, right), entryAt(heap, left));
    const child = entryAt(heap, isRight ? right : left);
    if (!isBefore(child, entry)) break;
    heap[gap] = child;
    places.set(child.task, gap);
    gap = isRight ? right : left;
  }
  heap[gap] = entry;
  places.set(entry.task, gap);
}
