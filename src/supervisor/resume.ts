import type { AttemptEnded, RunResumed } from '../core/events.js';
import type { AttemptRef } from '../core/observation.js';
import type { RunState } from '../core/run-state.js';
import { liveAttemptOf, refOf } from '../core/tick.js';
import type { Effects } from './apply.js';
import type { Fate, OpenAttempt, Remains } from './ports.js';

/** A run that another supervisor has begun, as its journal tells it. */
export interface Resumption {
  /** Replayed; it is advanced from there. */
  readonly state: RunState;
  /** Time of the journal's last event, milliseconds since the run started. */
  readonly lastMs: number;
  readonly after: RunResumed['after'];
  /** Ends of attempts of which nothing was stored in the profiles, in order. */
  readonly unlearned: readonly AttemptEnded[];
  /** What is left of the main processes. */
  readonly remains: Remains;
}

/** An attempt that the journal calls live, and what became of it. */
export interface LeftAttempt {
  readonly ref: AttemptRef;
  readonly open: OpenAttempt;
  readonly fate: Fate;
  /** The journal says already how its main process ended. */
  readonly hasExited: boolean;
  readonly isLaunched: boolean;
}

/** The run's time goes on by the wall clock, and never back. */
export function resumedAtMs({ state, lastMs }: Resumption, epochMs: number): number {
  return Math.max(Math.ceil(lastMs), epochMs - (state.started?.startedAtMs ?? epochMs));
}

/** All attempts that the journal calls live. */
export function whatIsLeft({ state, remains }: Resumption): readonly LeftAttempt[] {
  return [...state.live.values()].map((record) => {
    const ref = refOf(record);
    const attempt = liveAttemptOf(record);
    const { swapBytes } = record.spec.memory;
    const exited = attempt?.exited;
    return {
      ref,
      open: {
        ...ref,
        ...(attempt?.limitBytes === undefined ? {} : { limitBytes: attempt.limitBytes }),
        ...(swapBytes === undefined ? {} : { swapBytes }),
      },
      fate:
        exited === undefined
          ? credible(remains.fateOf(ref), attempt?.launched !== undefined)
          : { kind: 'ended', exit: exited.status },
      hasExited: exited !== undefined,
      isLaunched: attempt?.launched !== undefined,
    };
  });
}

/** A failure of one that nobody saw start may be that of its start, whose reason is lost: no verdict on the task. */
function credible(fate: Fate, isLaunched: boolean): Fate {
  if (fate.kind !== 'ended' || isLaunched) return fate;
  if (fate.exit.kind === 'code' && fate.exit.code === 0) return fate;
  return { kind: 'unknown', why: 'its supervisor died while it was being started' };
}

/**
 * Takes the attempts up: those that live are watched, those that have ended are counted, and those of which nobody
 * knows how they end are ended. What was found are facts of the first tick.
 */
export function takeUp(
  left: readonly LeftAttempt[],
  { remains }: Resumption,
  { host, inbox, wake }: Pick<Effects, 'host' | 'inbox' | 'wake'>,
): void {
  // Whatever the journal says of them: who asked may have died between giving up on one and ending it.
  remains.endParts();
  host.takeOver(left.map(({ open }) => open));
  for (const { ref, fate, hasExited, isLaunched } of left) {
    if (hasExited) {
      inbox.awaitEmpty(ref);
    } else if (fate.kind === 'lives') {
      host.adopt(ref, fate.pid);
      if (!isLaunched) inbox.put({ kind: 'launched', ...ref, pid: fate.pid });
      remains.onEnd(ref, (exit) => {
        if (exit.kind === 'unknown') host.kill(ref);
        inbox.put({ kind: 'exited', ...ref, exit });
        wake();
      });
    } else if (fate.kind === 'ended') {
      inbox.put({ kind: 'exited', ...ref, exit: fate.exit });
    } else {
      host.kill(ref);
      const { why } = fate;
      inbox.put({ kind: 'exited', ...ref, exit: { kind: 'unknown', why, withSupervisor: true } });
    }
  }
  inbox.put({ kind: 'resumed' });
}
