import type { AttemptStopping } from '../../../src/core/events.js';
import type { Candidate, PreemptReason } from '../../../src/core/reasons.js';
import type { TaskId } from '../../../src/core/task-spec.js';
import type { Recording } from '../recording.js';
import { eventsOf, specsById, type Checker } from './checker.js';

/** A level-0 task is stopped for nothing but its timeout, a halt, the user, or what it left behind. */
export const levelZeroIsLeftAlone: Checker = {
  name: 'a level-0 task is never stopped for memory',
  check: (recording) => {
    const specOf = specsById(recording);
    const wrong: string[] = [];
    const stopped = new Map<string, number>();
    for (const { task, attempt, reason, tMs } of eventsOf(recording, 'attempt-stopping')) {
      stopped.set(`${task}#${attempt}`, tMs);
      if (reason.kind === 'preempted' && specOf(task).preemptible === 0)
        wrong.push(`level-0 task ${task} was preempted at ${tMs} ms`);
    }
    // What could not be started, or was lost, is cleared away without a decision.
    const failed = new Set(
      [
        ...eventsOf(recording, 'attempt-ended').filter(
          ({ verdict }) => verdict.kind === 'could-not-start',
        ),
        ...recording.lost,
      ].map(({ task, attempt }) => `${task}#${attempt}`),
    );
    for (const { task, attempt, signal, tMs } of recording.signals) {
      const key = `${task}#${attempt}`;
      if (failed.has(key) || (stopped.get(key) ?? Infinity) <= Math.ceil(tMs)) continue;
      // A launch that failed is cleared away before its end is told of.
      if (recording.end.kind === 'died' && signal === 'SIGKILL') continue;
      wrong.push(`${signal} reached ${task} at ${tMs} ms without a decision`);
    }
    return wrong;
  },
};

/** What is known of a live attempt when victims are chosen, from the events alone. */
interface Attempt {
  readonly number: number;
  readonly admittedAtMs: number;
  readonly estimateBytes: number;
  isLeaving: boolean;
}

/**
 * Victims go by effective level, then those over their estimate, then the newest; no more of them than it takes, and
 * never the last one at work. Ranked here anew from the events, not from what the decision says of itself.
 */
export const victimsGoInOrder: Checker = {
  name: 'victims are taken in order, no more than needed, and never the last one at work',
  check: (recording) => {
    const live = new Map<TaskId, Attempt>();
    const preemptions = new Map<TaskId, number>();
    const wrong: string[] = [];
    const told = new Set<PreemptReason>();
    for (const event of recording.events) {
      switch (event.kind) {
        case 'attempt-admitted':
          live.set(event.task, {
            number: event.attempt,
            admittedAtMs: event.tMs,
            estimateBytes: event.reason.estimate.bytes,
            isLeaving: false,
          });
          break;
        case 'attempt-exited':
          leave(live, event.task);
          break;
        case 'attempt-ended':
          live.delete(event.task);
          break;
        case 'task-requeued':
          if (event.cause.kind === 'preempted')
            preemptions.set(event.task, event.cause.preemptions);
          break;
        case 'attempt-stopping': {
          const { reason } = event;
          if (reason.kind === 'preempted' && !told.has(reason.preempt)) {
            told.add(reason.preempt);
            wrong.push(...misjudged(recording, reason.preempt, event, live, preemptions));
          }
          leave(live, event.task);
          break;
        }
        default:
      }
    }
    return wrong;
  },
};

function leave(live: ReadonlyMap<TaskId, Attempt>, task: TaskId): void {
  const attempt = live.get(task);
  if (attempt !== undefined) attempt.isLeaving = true;
}

/** Preempted this often, a task is left alone. */
const IMMUNE_AFTER = 5;
/** An event tells of no more candidates than this. */
const TOLD_MOST = 64;

function misjudged(
  recording: Recording,
  preempt: PreemptReason,
  { tMs }: AttemptStopping,
  live: ReadonlyMap<TaskId, Attempt>,
  preemptions: ReadonlyMap<TaskId, number>,
): string[] {
  const { candidates } = preempt;
  const at = `at ${tMs} ms`;
  if (candidates.length < Math.min(live.size, TOLD_MOST))
    return [`${at} ${candidates.length} of ${live.size} live attempts were looked at`];
  const specOf = specsById(recording);
  const isEligible = ({ task }: Candidate): boolean =>
    specOf(task).preemptible > 0 &&
    (preemptions.get(task) ?? 0) < IMMUNE_AFTER &&
    live.get(task)?.isLeaving === false;
  const keyOf = ({ task, usedBytes }: Candidate): readonly number[] => {
    const { preemptible, index } = specOf(task);
    const attempt = live.get(task);
    return [
      -Math.max(1, preemptible - (preemptions.get(task) ?? 0)),
      usedBytes > (attempt?.estimateBytes ?? 0) ? 0 : 1,
      -(attempt?.admittedAtMs ?? 0),
      -index,
    ];
  };
  const ranked = candidates.filter(isEligible).sort((a, b) => compare(keyOf(a), keyOf(b)));
  const taken = candidates.filter(({ verdict }) => verdict.kind === 'taken');
  const expected = ranked.slice(0, taken.length).map(({ task }) => task);
  const wrong: string[] = [];
  if (!sameMembers(taken, expected))
    wrong.push(`${at} ${taken.map(({ task }) => task).join()} went, not ${expected.join()}`);
  const atWork = [...live.values()].filter(({ isLeaving }) => !isLeaving).length;
  if (atWork - taken.length < 1) wrong.push(`${at} the last one at work was taken`);
  if (isMoreThanNeeded(preempt, ranked.slice(0, taken.length)))
    wrong.push(`${at} more went than were needed`);
  return wrong;
}

/** What all but the last victim free would have done; at critical, growth counts too, and that is not known here. */
function isMoreThanNeeded(
  { level, numbers, dyingBytes, targetBytes }: PreemptReason,
  taken: readonly Candidate[],
): boolean {
  if (level !== 'preempt') return false;
  const neededBytes = Math.max(1, numbers.usedBytes - dyingBytes - targetBytes);
  return taken.slice(0, -1).reduce((sum, { usedBytes }) => sum + usedBytes, 0) >= neededBytes;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [at, value] of a.entries()) {
    const difference = value - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function sameMembers(taken: readonly Candidate[], expected: readonly TaskId[]): boolean {
  const tasks = new Set(taken.map(({ task }) => task));
  return tasks.size === expected.length && expected.every((task) => tasks.has(task));
}
