import type { Control } from './control.js';
import { expectedWorkOf, type ExpectedWork } from './expected-work.js';
import { frozenMsOf } from './frozen.js';
import { isNextInLine, queueLength } from './queue.js';
import type { RunState, TaskRecord } from './run-state.js';

/** With more tasks than these left the end is far, and they keep their order. */
const MOST_LEFT = 4096;
/** A task that takes at least this share of the time that is left decides when the run ends. */
const DECISIVE_SHARE = 0.5;
/** Tasks fill memory, or processors, to about so much: there is always something that does not fit. */
const FILLED_SHARE = 0.75;
/** What is decisive is worked out anew when the queue has changed, but no more often than this, */
const AGAIN_AFTER_MS = 1000;
/** and after this in any case: running tasks get on, too. */
const AGAIN_AT_LATEST_MS = 10_000;

/** How long a task must take to go before the others, as last worked out. */
export interface LongFirst {
  readonly atMs: number;
  readonly queued: number;
  /** Infinity while the end is far. */
  readonly decisiveMs: number;
}

/** From how long a task on it goes first; worked out anew if it is time. */
export function nextLongFirst(
  state: RunState,
  control: Control,
  budgetBytes: number,
  nowMs: number,
): LongFirst {
  const before = control.longFirst;
  const queued = queueLength(state.queue);
  if (before !== undefined) {
    const elapsedMs = nowMs - before.atMs;
    const isFresh = queued === before.queued || elapsedMs < AGAIN_AFTER_MS;
    if (isFresh && elapsedMs < AGAIN_AT_LATEST_MS) return before;
  }
  const decisiveMs =
    state.unfinished > MOST_LEFT
      ? Infinity
      : DECISIVE_SHARE * timeLeftMs(state, control, budgetBytes, nowMs);
  return { atMs: nowMs, queued, decisiveMs };
}

/** As far as the work that is left is known: the larger of what it takes of memory and of processors. */
function timeLeftMs(state: RunState, control: Control, budgetBytes: number, nowMs: number): number {
  let byteMs = 0;
  let cpuMs = 0;
  const add = (work: ExpectedWork, share: number): void => {
    byteMs += share * work.byteMs;
    cpuMs += share * work.durationMs * (work.cpus ?? 0);
  };
  for (const record of state.tasks.values()) {
    const { phase } = record;
    if (phase.kind === 'finished') continue;
    const work = expectedWorkOf(record, control.knowledge);
    if (work === undefined) continue;
    const elapsedMs =
      'attempt' in phase ? nowMs - phase.attempt.admittedAtMs - frozenMsOf(phase, nowMs) : 0;
    add(work, Math.max(0, 1 - elapsedMs / Math.max(1, work.durationMs)));
  }
  const memoryMs = byteMs / Math.max(1, budgetBytes);
  return Math.max(memoryMs, cpuMs / control.config.cpus) / FILLED_SHARE;
}

/**
 * Puts tasks that are long enough to decide when the run ends before the others, the longest first: one that is begun
 * last is what everyone waits for. Tasks that are next in line, and the user's priorities, stay before them.
 *
 * @param inOrder - tasks in starting order.
 */
export function* longOnesFirst(
  inOrder: Iterable<TaskRecord>,
  { longFirst, knowledge }: Control,
): Generator<TaskRecord> {
  const decisiveMs = longFirst?.decisiveMs ?? Infinity;
  if (decisiveMs === Infinity) {
    yield* inOrder;
    return;
  }
  const long: { readonly record: TaskRecord; readonly durationMs: number }[] = [];
  const others: TaskRecord[] = [];
  for (const record of inOrder) {
    const durationMs = expectedWorkOf(record, knowledge)?.durationMs ?? 0;
    if (durationMs >= decisiveMs && durationMs > 0) long.push({ record, durationMs });
    else others.push(record);
  }
  long.sort((a, b) => classOrder(a.record, b.record) || b.durationMs - a.durationMs);
  let at = 0;
  for (const record of others) {
    for (let next = long[at]; next && classOrder(next.record, record) <= 0; next = long[at]) {
      yield next.record;
      at += 1;
    }
    yield record;
  }
  for (const { record } of long.slice(at)) yield record;
}

/** Negative when `a` is to start before `b` whatever their lengths. */
function classOrder(a: TaskRecord, b: TaskRecord): number {
  return Number(isNextInLine(b)) - Number(isNextInLine(a)) || b.spec.priority - a.spec.priority;
}
