import type { Candidate, PreemptReason } from '../../../src/core/reasons.js';
import { eventsOf, specsById, type Checker } from './checker.js';
import { Story, type Living } from './story.js';

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

/** Preempted this often, a task is left alone. */
const IMMUNE_AFTER = 5;
/** An event tells of no more candidates than this. */
const TOLD_MOST = 64;
/** After a victim is gone, use is given this long to settle before the next is taken, unless memory is critical. */
const SETTLE_MS = 2000;
/** At critical, growth counts until a kill takes effect. */
const KILL_LATENCY_S = 0.5;

/**
 * Victims go by effective level, then those that are frozen, those over their estimate, then who loses least work; no more
 * of them than it takes, and never the last one at work. Ranked here anew from the events, not from what the decision says
 * of itself.
 */
export const victimsGoInOrder: Checker = {
  name: 'victims are taken in order, no more than needed, and never the last one at work',
  check: (recording) => {
    const story = new Story(recording);
    const told = new Set<PreemptReason>();
    const wrong: string[] = [];
    let lastGoneMs = -Infinity;
    for (const [at, event] of recording.events.entries()) {
      if (event.kind === 'attempt-ended' && event.verdict.kind === 'preempted')
        lastGoneMs = event.tMs;
      if (event.kind === 'attempt-stopping' && event.reason.kind === 'preempted') {
        const { preempt } = event.reason;
        if (!told.has(preempt)) {
          const seenBytes = recording.moments[at]?.seenBytes ?? new Map<string, number>();
          const { tMs } = event;
          const doubts = misjudged(preempt, { tMs, story, seenBytes, lastGoneMs });
          wrong.push(...doubts.map((doubt) => `at ${tMs} ms ${doubt}`));
        }
        told.add(preempt);
      }
      story.follow(event);
    }
    return wrong;
  },
};

/** How things stand when victims are chosen. */
interface Scene {
  readonly tMs: number;
  readonly story: Story;
  readonly seenBytes: ReadonlyMap<string, number>;
  readonly lastGoneMs: number;
}

function misjudged(preempt: PreemptReason, scene: Scene): string[] {
  const { candidates } = preempt;
  const { live } = scene.story;
  if (candidates.length < Math.min(live.size, TOLD_MOST))
    return [`${candidates.length} of ${live.size} live attempts were looked at`];
  const ranked = rankedAnew(preempt, scene);
  const taken = candidates.filter(({ verdict }) => verdict.kind === 'taken');
  const expected = ranked.slice(0, taken.length);
  const wrong: string[] = [];
  if (!sameMembers(taken, expected))
    wrong.push(`${namesOf(taken)} went, and ${namesOf(expected)} should have`);
  const atWork = [...live.values()].filter((one) => !isLeaving(one)).length;
  if (atWork - taken.length < 1) wrong.push('the last one at work was taken');
  if (preempt.level === 'preempt' && mustWait(scene)) wrong.push('it was too soon for another');
  const dyingBytes = bytesOfDying(scene);
  if (preempt.dyingBytes !== dyingBytes)
    wrong.push(`${preempt.dyingBytes} were said to be on their way out, not ${dyingBytes}`);
  if (isMoreThanNeeded(preempt, expected)) wrong.push('more went than were needed');
  return wrong;
}

function isLeaving({ stopping, exited }: Living): boolean {
  return stopping !== undefined || exited !== undefined;
}

/** On its way out, and not stuck there. */
function isDying({ stopping, exited, isStuck }: Living): boolean {
  return stopping === undefined ? exited !== undefined : !isStuck;
}

function mustWait({ tMs, story, lastGoneMs }: Scene): boolean {
  return [...story.live.values()].some(isDying) || tMs - lastGoneMs < SETTLE_MS;
}

function bytesOfDying({ story, seenBytes }: Scene): number {
  let sum = 0;
  for (const one of story.live.values()) {
    const { task, attempt } = one.admitted;
    if (isDying(one)) sum += seenBytes.get(`${task}#${attempt}`) ?? 0;
  }
  return sum;
}

function rankedAnew({ candidates, level }: PreemptReason, { story, tMs }: Scene): Candidate[] {
  const { live, preemptions, savedMs } = story;
  const isEligible = ({ task }: Candidate): boolean => {
    const one = live.get(task);
    const isImmune = (preemptions.get(task) ?? 0) >= IMMUNE_AFTER;
    return one !== undefined && one.spec.preemptible > 0 && !isImmune && !isLeaving(one);
  };
  const keyOf = ({ task, usedBytes }: Candidate): readonly number[] => {
    const { preemptible, index } = story.specOf(task);
    const admitted = live.get(task)?.admitted;
    return [
      Number(wouldFail(live.get(task), story.savedAgoMs(task, tMs), level)),
      -Math.max(1, preemptible - (preemptions.get(task) ?? 0)),
      live.get(task)?.frozenSinceMs === undefined ? 1 : 0,
      usedBytes > (admitted?.reason.estimate.bytes ?? 0) ? 0 : 1,
      -Math.max(admitted?.tMs ?? 0, savedMs.get(task) ?? 0),
      -index,
    ];
  };
  return candidates.filter(isEligible).sort((a, b) => compare(keyOf(a), keyOf(b)));
}

/** It must not begin anew, has nothing to go on from, and no time to save anything. */
function wouldFail(
  one: Living | undefined,
  savedAgoMs: number | undefined,
  level: PreemptReason['level'],
): boolean {
  const { checkpoint, onPreempt } = one?.spec ?? {};
  if (checkpoint?.isRequired !== true || one?.launchedAtMs === undefined) return false;
  const { ask, stale } = checkpoint;
  if (level === 'preempt' && (ask !== undefined || (onPreempt?.graceMs ?? 0) > 0)) return false;
  if (savedAgoMs === undefined || stale === 'never') return true;
  return stale !== 'any' && savedAgoMs > stale;
}

/** What all but the last victim free would have done. */
function isMoreThanNeeded(
  { level, numbers, dyingBytes, targetBytes }: PreemptReason,
  taken: readonly Candidate[],
): boolean {
  const growthBytes =
    level === 'critical' ? Math.max(0, numbers.growthBytesPerS) * KILL_LATENCY_S : 0;
  const mostNeeded = Math.max(1, numbers.usedBytes + growthBytes - dyingBytes - targetBytes + 1);
  return taken.slice(0, -1).reduce((sum, { usedBytes }) => sum + usedBytes, 0) >= mostNeeded;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [at, value] of a.entries()) {
    const difference = value - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function sameMembers(some: readonly Candidate[], others: readonly Candidate[]): boolean {
  const tasks = new Set(some.map(({ task }) => task));
  return tasks.size === others.length && others.every(({ task }) => tasks.has(task));
}

function namesOf(candidates: readonly Candidate[]): string {
  return candidates.map(({ task }) => task).join() || 'nobody';
}
