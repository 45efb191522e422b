import { raisedFloor } from './estimate.js';
import type { Verdict } from './outcome.js';
import type { RequeueCause } from './reasons.js';
import type { TaskRecord } from './run-state.js';
import type { LimitGrowth, MemorySpec, RetryCause, RetrySpec } from './task-spec.js';

/** First wait after a preemption; doubles with each, up to a minute: a victim that comes straight back is one again. */
const PREEMPT_BACK_OFF_MS = 1000;
const BACK_OFF_MAX_MS = 60_000;
/** A task may be hit through no fault of its own so often before that counts as a failure: everything has a bound. */
const BYSTANDER_BOUND = 5;
/** A limit grows at most so often when `grow` is a factor. */
const GROWTH_BOUND = 5;

/** A task may save its work and ask to be run again so often: everything has a bound. */
export const CHECKPOINTS_BOUND = 1000;
/** It may do so in a row without having saved anything new: then it gets nowhere. */
export const IDLE_BOUND = 3;

/** Another try, from when on, and with what. */
export interface Requeue {
  readonly cause: RequeueCause;
  readonly delayMs: number;
  readonly floorBytes: number;
  readonly limitBytes: number | undefined;
}

/** What an ended attempt means for its task. */
export interface AttemptEnd {
  readonly verdict: Verdict;
  readonly peakBytes: number;
  /** 0 for a guess: that it was set aside is no sign that it is needed. */
  readonly estimateBytes: number;
}

/**
 * Whether the task runs again after this end, and how; undefined when it is finished. The caller has made sure that
 * the run goes on and the user still wants the task.
 */
export function requeueAfter(record: TaskRecord, end: AttemptEnd): Requeue | undefined {
  const { verdict } = end;
  const same = { floorBytes: record.floorBytes, limitBytes: record.limitBytes };
  const raised = {
    ...same,
    floorBytes: raisedFloor(record.floorBytes, end.estimateBytes, end.peakBytes),
  };
  switch (verdict.kind) {
    case 'preempted': {
      const preemptions = record.preemptions + 1;
      return {
        cause: { kind: 'preempted', preemptions },
        delayMs: backOff(preemptions),
        ...raised,
      };
    }
    case 'checkpointed': {
      const { times, idleTimes } = verdict;
      if (times > CHECKPOINTS_BOUND || idleTimes > IDLE_BOUND) return undefined;
      return {
        cause: { kind: 'checkpointed', times, idleTimes },
        delayMs: idleTimes === 0 ? 0 : backOff(idleTimes),
        ...same,
        // It goes on with the same work, and will need what it has needed.
        floorBytes: Math.max(same.floorBytes, end.peakBytes),
      };
    }
    case 'bystander': {
      const times = record.bystanderKills + 1;
      if (times > BYSTANDER_BOUND) return retry(record, verdict, same);
      // An estimate that was proven wrong on the way is not used again.
      const isProvenWrong = end.estimateBytes > 0 && end.peakBytes > end.estimateBytes;
      const next = isProvenWrong ? raised : same;
      return { cause: { kind: 'bystander', times }, delayMs: backOff(times), ...next };
    }
    case 'could-not-start':
    case 'lost': {
      if (verdict.kind === 'lost' && verdict.withSupervisor === true) return resumed(same);
      if (!isNoFaultOfItsOwn(verdict)) return retry(record, verdict, same);
      const times = record.bystanderKills + 1;
      if (times > BYSTANDER_BOUND) return retry(record, verdict, same);
      return { cause: { kind: 'bystander', times }, delayMs: backOff(times), ...same };
    }
    case 'own-limit': {
      const toBytes = grownLimit(record.spec.memory, verdict.limitBytes, record.growths);
      if (toBytes === undefined) return retry(record, verdict, same);
      const cause: RequeueCause = { kind: 'limit-grown', fromBytes: verdict.limitBytes, toBytes };
      return {
        cause,
        delayMs: record.spec.retries.delayMs,
        floorBytes: Math.max(record.floorBytes, verdict.limitBytes),
        limitBytes: toBytes,
      };
    }
    case 'exit':
      return verdict.code === 0 ? undefined : retry(record, verdict, same);
    case 'over-budget':
    case 'checkpoint-missing':
    case 'timed-out':
    case 'external-signal':
    case 'over-pids':
      return retry(record, verdict, same);
    case 'canceled':
      // With its run, which goes on now.
      return resumed(same);
  }
}

function resumed(same: Pick<Requeue, 'floorBytes' | 'limitBytes'>): Requeue {
  return { cause: { kind: 'resumed' }, delayMs: 0, ...same };
}

/** We lost sight of it, or the host was short of something else than memory for a moment. */
function isNoFaultOfItsOwn(
  verdict: Extract<Verdict, { kind: 'could-not-start' | 'lost' }>,
): boolean {
  return verdict.kind === 'lost' || verdict.isShortage === true;
}

function backOff(times: number): number {
  return Math.min(BACK_OFF_MAX_MS, PREEMPT_BACK_OFF_MS * 2 ** (times - 1));
}

/** The next limit along `grow`, or undefined when there is none. */
export function grownLimit(
  memory: MemorySpec,
  limitBytes: number,
  growths: number,
): number | undefined {
  const wanted = nextLimit(memory.grow, limitBytes, growths);
  if (wanted === undefined) return undefined;
  const capped = Math.min(wanted, memory.maxBytes ?? Infinity);
  return capped > limitBytes ? capped : undefined;
}

function nextLimit(grow: LimitGrowth, limitBytes: number, growths: number): number | undefined {
  switch (grow.kind) {
    case 'none':
      return undefined;
    case 'factor':
      return growths < GROWTH_BOUND ? Math.ceil(limitBytes * grow.factor) : undefined;
    case 'list':
      return grow.bytes[growths];
  }
}

function retry(
  record: TaskRecord,
  verdict: Verdict,
  same: { floorBytes: number; limitBytes: number | undefined },
): Requeue | undefined {
  const { retries } = record.spec;
  if (record.retries >= retries.max || !covers(retries, verdict)) return undefined;
  const delayMs = Math.min(3_600_000, retries.delayMs * retries.backoff ** record.retries);
  return { cause: { kind: 'retry', retry: record.retries + 1, of: retries.max }, delayMs, ...same };
}

/** True when `retries.on` names this end; an empty list names every one. */
function covers({ on }: RetrySpec, verdict: Verdict): boolean {
  return on.length === 0 || causesOf(verdict).some((cause) => on.includes(cause));
}

function causesOf(verdict: Verdict): RetryCause[] {
  switch (verdict.kind) {
    case 'exit':
      return ['failure', `exit:${verdict.code}`];
    case 'external-signal':
      return ['failure', `signal:${verdict.signal}`];
    case 'could-not-start':
    case 'checkpoint-missing':
    case 'lost':
    case 'over-pids':
      return ['failure'];
    case 'own-limit':
    case 'bystander':
    case 'over-budget':
      return ['oom'];
    case 'timed-out':
      return ['timeout'];
    case 'preempted':
    case 'checkpointed':
    case 'canceled':
      return [];
  }
}
