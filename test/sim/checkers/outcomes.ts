import type {
  AttemptEnded,
  RunEvent,
  TaskFinished,
  TaskRequeued,
} from '../../../src/core/events.js';
import type { Outcome, Verdict } from '../../../src/core/outcome.js';
import type { RetryCause, TaskId, TaskSpec } from '../../../src/core/task-spec.js';
import { eventsOf, specsById, type Checker } from './checker.js';

/** What hits a task through no fault of its own is forgiven so often. */
const FORGIVEN = 5;
/** A limit grows by a factor at most so often. */
const GROWTHS = 5;
const MiB = 2 ** 20;

/** What a task has used up of its chances. */
interface Chances {
  forgiven: number;
  growths: number;
  retries: number;
  floorBytes: number;
}

/** After each attempt a task is done with, or tried again, by rules that are worked out here anew. */
export const followsFromVerdict: Checker = {
  name: 'what follows from a verdict is what the task asked for',
  check: (recording) => {
    const specOf = specsById(recording);
    const chances = new Map<TaskId, Chances>();
    const wrong: string[] = [];
    const unwanted = new Set<TaskId>();
    let isOver = false;
    let last: AttemptEnded | undefined;
    for (const event of recording.events) {
      if (event.kind === 'stop-requested' || event.kind === 'halted') isOver = true;
      if (event.kind === 'cancel-requested') unwanted.add(event.task);
      if (last !== undefined) {
        const own = chancesOf(chances, last.task);
        wrong.push(
          ...unlike(event, last, isOver || unwanted.has(last.task), specOf(last.task), own),
        );
      }
      last = event.kind === 'attempt-ended' ? event : undefined;
      if (event.kind === 'task-finished' && event.skipped !== undefined)
        wrong.push(...oddlySkipped(event));
    }
    return wrong;
  },
};

function chancesOf(all: Map<TaskId, Chances>, task: TaskId): Chances {
  const known = all.get(task);
  if (known !== undefined) return known;
  const fresh = { forgiven: 0, growths: 0, retries: 0, floorBytes: 0 };
  all.set(task, fresh);
  return fresh;
}

/** What is wrong with the event that came after an attempt had ended. */
function unlike(
  event: RunEvent,
  ended: AttemptEnded,
  isOver: boolean,
  spec: TaskSpec,
  chances: Chances,
): string[] {
  const where = `attempt ${ended.attempt} of ${ended.task}, ${ended.verdict.kind}`;
  const expected = isOver ? undefined : causeOf(ended, spec, chances);
  if (event.kind === 'task-requeued' && event.task === ended.task) {
    if (event.cause.kind !== expected)
      return [`${where}: ${event.cause.kind}, not ${String(expected)}`];
    return oddlyRequeued(event, ended, spec, chances).map((what) => `${where}: ${what}`);
  }
  if (event.kind === 'task-finished' && event.task === ended.task) {
    if (expected !== undefined) return [`${where}: done with, not ${expected}`];
    const isCutShort = isOver && ended.verdict.kind === 'checkpointed';
    const outcome = isCutShort ? 'canceled' : OUTCOMES[ended.verdict.kind](ended.verdict);
    return event.outcome === outcome ? [] : [`${where}: called ${event.outcome}, not ${outcome}`];
  }
  return [`${where}: nothing follows from it`];
}

type Cause = TaskRequeued['cause']['kind'];

function causeOf({ verdict }: AttemptEnded, spec: TaskSpec, chances: Chances): Cause | undefined {
  switch (verdict.kind) {
    case 'preempted':
      return 'preempted';
    case 'bystander':
    case 'lost':
      return forgivenOr(verdict, spec, chances);
    case 'could-not-start':
      return verdict.isShortage === true
        ? forgivenOr(verdict, spec, chances)
        : retryOf(verdict, spec, chances);
    case 'own-limit':
      return nextLimit(verdict.limitBytes, spec, chances) === undefined
        ? retryOf(verdict, spec, chances)
        : 'limit-grown';
    case 'checkpointed':
      return verdict.times > 1000 || verdict.idleTimes > 3 ? undefined : 'checkpointed';
    case 'canceled':
      return undefined;
    case 'exit':
      return verdict.code === 0 ? undefined : retryOf(verdict, spec, chances);
    default:
      return retryOf(verdict, spec, chances);
  }
}

function forgivenOr(verdict: Verdict, spec: TaskSpec, chances: Chances): Cause | undefined {
  return chances.forgiven < FORGIVEN ? 'bystander' : retryOf(verdict, spec, chances);
}

function retryOf(verdict: Verdict, { retries }: TaskSpec, chances: Chances): 'retry' | undefined {
  const { on } = retries;
  const isCovered =
    on.length === 0 || NAMES[verdict.kind](verdict).some((name) => on.includes(name));
  return isCovered && chances.retries < retries.max ? 'retry' : undefined;
}

function nextLimit(
  limitBytes: number,
  { memory }: TaskSpec,
  { growths }: Chances,
): number | undefined {
  const { grow, maxBytes = Infinity } = memory;
  if (grow.kind === 'none' || (grow.kind === 'factor' && growths >= GROWTHS)) return undefined;
  const wanted = grow.kind === 'factor' ? Math.ceil(limitBytes * grow.factor) : grow.bytes[growths];
  if (wanted === undefined) return undefined;
  const next = Math.min(wanted, maxBytes);
  return next > limitBytes ? next : undefined;
}

/** Counts the chance that was used up, and looks at what the task is given for the next attempt. */
function oddlyRequeued(
  { cause, floorBytes, limitBytes, notBeforeMs, tMs }: TaskRequeued,
  { verdict, peakBytes }: AttemptEnded,
  spec: TaskSpec,
  chances: Chances,
): string[] {
  const odd: string[] = [];
  if (cause.kind === 'limit-grown' && verdict.kind === 'own-limit') {
    const next = nextLimit(verdict.limitBytes, spec, chances);
    if (limitBytes !== next) odd.push(`its limit is ${String(limitBytes)}, not ${String(next)}`);
    chances.growths += 1;
  }
  const least = Math.max(1.2 * peakBytes, peakBytes + 100 * MiB);
  if (cause.kind === 'preempted' && floorBytes < least)
    odd.push(`it comes back with ${floorBytes}, and had used ${peakBytes}`);
  if (floorBytes < chances.floorBytes) odd.push('it was known to need more');
  chances.floorBytes = floorBytes;
  if (cause.kind === 'bystander') chances.forgiven += 1;
  if (cause.kind === 'retry') {
    const delayMs = spec.retries.delayMs * spec.retries.backoff ** chances.retries;
    if (notBeforeMs - tMs !== Math.min(3_600_000, delayMs))
      odd.push(`it waits ${notBeforeMs - tMs} ms, not ${delayMs}`);
    chances.retries += 1;
  }
  return odd;
}

function oddlySkipped({ task, outcome, skipped }: TaskFinished): string[] {
  const byUser = skipped?.kind === 'stopped' || skipped?.kind === 'canceled';
  const expected = byUser ? 'canceled' : 'skipped';
  return outcome === expected ? [] : [`${task} was never run, and is called ${outcome}`];
}

const failed = (): Outcome => 'failed';
const oomKilled = (): Outcome => 'oom-killed';
const canceled = (): Outcome => 'canceled';

const OUTCOMES: Readonly<Record<Verdict['kind'], (verdict: Verdict) => Outcome>> = {
  exit: (verdict) => (verdict.kind === 'exit' && verdict.code === 0 ? 'succeeded' : 'failed'),
  'own-limit': oomKilled,
  bystander: oomKilled,
  'over-budget': oomKilled,
  preempted: canceled,
  'checkpoint-missing': failed,
  checkpointed: failed,
  canceled,
  'timed-out': () => 'timed-out',
  'external-signal': failed,
  'could-not-start': failed,
  lost: failed,
  'over-pids': failed,
};

const ofOom = (): RetryCause[] => ['oom'];
const ofFailure = (): RetryCause[] => ['failure'];

/** What `retries.on` calls each end. */
const NAMES: Readonly<Record<Verdict['kind'], (verdict: Verdict) => RetryCause[]>> = {
  exit: (verdict) => [
    'failure',
    ...(verdict.kind === 'exit' ? [`exit:${verdict.code}` as const] : []),
  ],
  'external-signal': (verdict) => [
    'failure',
    ...(verdict.kind === 'external-signal' ? [`signal:${verdict.signal}` as const] : []),
  ],
  'could-not-start': ofFailure,
  lost: ofFailure,
  'over-pids': ofFailure,
  'own-limit': ofOom,
  bystander: ofOom,
  'over-budget': ofOom,
  'timed-out': () => ['timeout'],
  preempted: () => [],
  'checkpoint-missing': ofFailure,
  checkpointed: () => [],
  canceled: () => [],
};

/** The sums at the end are those of what happened. */
export const sumsAreTrue: Checker = {
  name: 'what the end of a run counts is what happened',
  check: (recording) => {
    const [end] = eventsOf(recording, 'run-ended');
    if (end === undefined) return [];
    const verdicts = eventsOf(recording, 'attempt-ended').map(({ verdict }) => verdict);
    const count = (...kinds: Verdict['kind'][]): number =>
      verdicts.filter(({ kind }) => kinds.includes(kind)).length;
    const bySampling = verdicts.filter(
      (verdict) => verdict.kind === 'own-limit' && verdict.oom.of === 'sampled',
    ).length;
    const wrong: string[] = [];
    if (end.preemptions !== count('preempted', 'checkpoint-missing'))
      wrong.push(`${end.preemptions} preemptions`);
    if (end.oomKills !== count('own-limit', 'bystander', 'over-budget') - bySampling)
      wrong.push(`${end.oomKills} OOM kills`);
    const finished = eventsOf(recording, 'task-finished').map(({ outcome }) => outcome);
    for (const [outcome, told] of Object.entries(end.outcomes)) {
      if (told !== finished.filter((one) => one === outcome).length)
        wrong.push(`${told} are called ${outcome}`);
    }
    return wrong;
  },
};
