import { evolve } from '../../../src/core/evolve.js';
import { emptyRunState, type RunState } from '../../../src/core/run-state.js';
import type { Recording } from '../simulate.js';
import { eventsOf, specsById, type Checker } from './checker.js';

/** Preempted this often, a task is left alone. */
const IMMUNE_AFTER = 5;
/** From trouble until a victim's memory is free: sustain, sampling, grace and death. */
const REACTION_MS = 1500;
const CRITICAL_SHARE = 0.95;

/** Over the critical line nobody who could be preempted goes on running for long. */
export const budgetIsRespected: Checker = {
  name: 'use stays under the critical line while there is someone to preempt',
  check: (recording) => {
    const { trace, events, setup } = recording;
    const { config } = setup.workload.plan;
    const patienceMs = REACTION_MS + 2 * config.intervalMs + (setup.faults?.lateTickMaxMs ?? 0);
    const state = emptyRunState();
    const wrong: string[] = [];
    let at = 0;
    let overSinceMs: number | undefined;
    let before = -Infinity;
    for (const { tMs, usedBytes, budgetBytes } of trace) {
      for (; at < events.length; at += 1) {
        const event = events[at];
        if (event === undefined || event.tMs > tMs) break;
        evolve(state, event);
      }
      const paused = tMs - before > 1000;
      before = tMs;
      const over = usedBytes > CRITICAL_SHARE * budgetBytes && couldPreempt(state) && !paused;
      overSinceMs = over ? (overSinceMs ?? tMs) : undefined;
      if (overSinceMs === undefined || tMs - overSinceMs <= patienceMs) continue;
      wrong.push(`over the critical line from ${overSinceMs} to ${tMs} ms and nobody was stopped`);
      overSinceMs = undefined;
    }
    return wrong;
  },
};

/** Someone may be preempted, is not the last one, and nobody is dying already. */
function couldPreempt(state: RunState): boolean {
  const live = [...state.live.values()];
  if (live.some(({ phase }) => phase.kind === 'stopping' && phase.stop.stuck !== true))
    return false;
  const working = live.filter(
    ({ phase }) =>
      (phase.kind === 'running' || phase.kind === 'starting') && phase.attempt.exited === undefined,
  );
  const candidates = working.filter(
    ({ spec, preemptions }) => spec.preemptible > 0 && preemptions < IMMUNE_AFTER,
  );
  return working.length > 1 && candidates.length > 0;
}

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
      wrong.push(`${signal} reached ${task} at ${tMs} ms without a decision`);
    }
    return wrong;
  },
};

/** Every decision says why, with numbers that are numbers. */
export const decisionsSayWhy: Checker = {
  name: 'every decision has a reason, and every number is one',
  check: (recording) => {
    const wrong: string[] = [];
    for (const event of recording.events) {
      const bad = strangeNumber(event, event.kind);
      if (bad !== undefined) wrong.push(`${bad} is not a number at ${event.tMs} ms`);
      if (event.kind !== 'attempt-stopping' || event.reason.kind !== 'preempted') continue;
      const { candidates } = event.reason.preempt;
      const own = candidates.find(({ task }) => task === event.task);
      if (own?.verdict.kind !== 'taken')
        wrong.push(`${event.task} was preempted and its candidates do not say so`);
    }
    for (const { task, reason, tMs } of eventsOf(recording, 'attempt-admitted')) {
      if (!(reason.estimate.bytes > 0 && reason.allowanceBytes >= 0))
        wrong.push(`${task} was admitted at ${tMs} ms without numbers`);
    }
    return wrong;
  },
};

/** Names the first number in `value` that JSON could not keep. */
function strangeNumber(value: unknown, path: string): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : path;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = strangeNumber(inner, `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Verdicts name who really ended the attempt, as far as the tier can tell. */
export const verdictsAreTrue: Checker = {
  name: 'verdicts name who really ended the attempt',
  check: (recording) => {
    if (recording.setup.faults?.unseen !== 0 && recording.setup.faults !== undefined) return [];
    const lives = new Map(recording.lives.map((life) => [`${life.task}#${life.attempt}`, life]));
    const lost = new Set(recording.lost.map((ref) => `${ref.task}#${ref.attempt}`));
    const wrong: string[] = [];
    for (const { task, attempt, verdict } of eventsOf(recording, 'attempt-ended')) {
      const key = `${task}#${attempt}`;
      const cause = lost.has(key) ? 'lost' : (lives.get(key)?.cause ?? 'never-started');
      if (TRUE_CAUSES[verdict.kind]?.includes(cause) !== true && !isBlind(recording, cause))
        wrong.push(`attempt ${attempt} of ${task}: ${verdict.kind} by ${cause}`);
    }
    return wrong;
  },
};

/** Without a memory controller the kernel's kills look like anybody's. */
function isBlind({ setup }: Recording, cause: string): boolean {
  return !setup.machine.hasMemoryController && cause === 'host-oom';
}

/** What may really have happened behind each verdict; our own stops race with every other end. */
const ANY = ['finished', 'own-limit', 'tree-oom', 'host-oom', 'supervisor', 'outside', 'lost'];
const TRUE_CAUSES: Readonly<Record<string, readonly string[]>> = {
  exit: ['finished'],
  'own-limit': ['own-limit', 'lost'],
  bystander: ['tree-oom', 'host-oom', 'lost'],
  'over-budget': ['tree-oom', 'host-oom', 'lost'],
  preempted: ANY,
  'timed-out': ANY,
  canceled: ANY,
  'external-signal': ['outside'],
  'could-not-start': ['never-started'],
  lost: ['lost'],
};
