import type { Recording } from '../recording.js';
import type { Checker } from './checker.js';
import { tellByTicks, type Living, type TickLook } from './story.js';

/** An attempt that outlives SIGKILL by this much is called stuck. */
const STUCK_AFTER_MS = 10_000;
/** Processes that outlive the main one by less are on their way out. */
const LEFT_BEHIND_AFTER_MS = 50;
/** From then on the kill is repeated at every look. */
const KILL_AGAIN_AFTER_MS = 1000;

/** Time limits, grace and patience end when they are over: at the first look from then on, not later and not sooner. */
export const deadlinesAreKept: Checker = {
  name: 'timeouts, grace and patience with what will not die end when they are over',
  check: (recording) => {
    const wrong: string[] = [];
    const kills = killTimes(recording);
    tellByTicks(
      recording,
      (event, { live }) => {
        if (event.kind !== 'attempt-killed' || event.because !== 'grace-over') return;
        const graceMs = live.get(event.task)?.stopping?.graceMs ?? 0;
        if (event.afterMs < graceMs)
          wrong.push(`${event.task} had ${event.afterMs} of its ${graceMs} ms of grace`);
      },
      (tick, story) => {
        for (const [task, attempt] of story.live) {
          const overdue = overdueOf(attempt, tick, story.level === 'critical');
          if (overdue !== undefined) wrong.push(`${task} at ${tick.tMs} ms: ${overdue}`);
          const { killedAtMs, admitted } = attempt;
          if (killedAtMs === undefined || tick.tMs - killedAtMs < KILL_AGAIN_AFTER_MS) continue;
          if (kills.get(`${task}#${admitted.attempt}`)?.has(tick.exactMs) !== true)
            wrong.push(`${task} is there still and is not killed again at ${tick.tMs} ms`);
        }
      },
    );
    return wrong;
  },
};

function overdueOf(
  {
    launchedAtMs,
    stopping,
    killedAtMs,
    isStuck,
    exited,
    spec,
    frozenSinceMs,
    frozenMs,
    saving,
    graceFromMs,
  }: Living,
  { tMs }: TickLook,
  isCritical: boolean,
): string | undefined {
  if (killedAtMs !== undefined)
    return tMs - killedAtMs >= STUCK_AFTER_MS && !isStuck
      ? 'it is stuck, and not said so'
      : undefined;
  if (saving !== undefined && tMs - saving.tMs >= saving.timeoutMs)
    return 'its time to save its work is over';
  if (stopping !== undefined) {
    const isAsked = saving === undefined;
    if (isAsked && tMs - (graceFromMs ?? stopping.tMs) >= stopping.graceMs)
      return 'its grace is over';
    return isCritical && stopping.tMs < tMs
      ? 'it has its grace although memory is critical'
      : undefined;
  }
  if (exited !== undefined)
    return tMs - exited.atMs >= LEFT_BEHIND_AFTER_MS ? 'what it left behind stays' : undefined;
  const { timeoutMs = Infinity } = spec;
  // Time does not run for what is frozen.
  const untilMs = frozenSinceMs ?? tMs;
  return untilMs - (launchedAtMs ?? Infinity) - frozenMs >= timeoutMs
    ? 'its time is over'
    : undefined;
}

function killTimes({ signals }: Recording): ReadonlyMap<string, ReadonlySet<number>> {
  const times = new Map<string, Set<number>>();
  for (const { task, attempt, signal, tMs } of signals) {
    if (signal !== 'SIGKILL') continue;
    const key = `${task}#${attempt}`;
    const known = times.get(key);
    if (known === undefined) times.set(key, new Set([tMs]));
    else known.add(tMs);
  }
  return times;
}
