import type { Recording } from '../recording.js';
import { longestGapMs, type Checker } from './checker.js';
import { tellByTicks, type Story } from './story.js';

/** A little over the line is the brake at work. */
const AT_WORK = 1.021;
/** The brake gives way when nobody could be preempted and nobody has finished for so long. */
const PATIENCE_MS = 5000;
/** Preempted this often, a task is left alone. */
const IMMUNE_AFTER = 5;

/** `memory.high` and `memory.max` of all tasks are never drawn below what they use. */
export const brakeStaysAboveUse: Checker = {
  name: 'neither brake nor ceiling is drawn below use',
  check: ({ treeWrites, setup }) => {
    // Elsewhere there is none, and what is asked for holds nobody up.
    if (setup.machine.tier !== 'cgroup') return [];
    const wrong: string[] = [];
    let before = Infinity;
    for (const { tMs, highBytes, maxBytes, usedBytes } of treeWrites) {
      const high = highBytes === 'max' ? Infinity : highBytes;
      if (high < before && high * AT_WORK < usedBytes)
        wrong.push(`the brake was drawn to ${high} at ${tMs} ms, and ${usedBytes} were in use`);
      if (maxBytes < usedBytes)
        wrong.push(`the ceiling was set to ${maxBytes} at ${tMs} ms below ${usedBytes} in use`);
      before = high;
    }
    return wrong;
  },
};

/** The brake holds nobody up who is to end, nor the last one; and it gives way rather than hold everyone up for ever. */
export const brakeIsLifted: Checker = {
  name: 'the brake is lifted for who is to end and for the last one, and gives way in time',
  check: (recording) => {
    const wrong: string[] = [];
    const highAt = brakeOverTime(recording);
    const patienceMs = PATIENCE_MS + 2 * longestGapMs(recording) + pausedMs(recording);
    let heldSinceMs: number | undefined;
    let heldAt: number | undefined;
    tellByTicks(
      recording,
      (event) => {
        if (event.kind === 'attempt-ended') heldSinceMs = undefined;
      },
      ({ tMs, exactMs, usedBytes }, story) => {
        // Events are told to the millisecond: what was done within it counts with them.
        const high = highAt(Math.max(exactMs, tMs));
        if (high === undefined) return;
        const isToLift = mustBeLifted(story);
        if (isToLift !== (high === 'max'))
          wrong.push(`the brake is ${isToLift ? 'not ' : ''}lifted at ${tMs} ms`);
        const isHeldUp = high !== 'max' && usedBytes >= high && !couldPreempt(story);
        heldSinceMs = isHeldUp && high === heldAt ? (heldSinceMs ?? tMs) : undefined;
        heldAt = high === 'max' ? undefined : high;
        if (heldSinceMs === undefined || tMs - heldSinceMs <= patienceMs) return;
        wrong.push(`everyone is held up from ${heldSinceMs} to ${tMs} ms`);
        heldSinceMs = undefined;
      },
    );
    return wrong;
  },
};

function mustBeLifted(story: Story): boolean {
  const living = [...story.live.values()];
  const isAnyoneStopping = living.some(
    ({ stopping, isStuck }) => stopping !== undefined && !isStuck,
  );
  return isAnyoneStopping || story.atWork().length === 1;
}

function couldPreempt(story: Story): boolean {
  return story
    .atWork()
    .some(
      ({ spec }) => spec.preemptible > 0 && (story.preemptions.get(spec.id) ?? 0) < IMMUNE_AFTER,
    );
}

/** What the brake was last set to; to be asked for later and later times. */
function brakeOverTime({ treeWrites }: Recording): (tMs: number) => number | 'max' | undefined {
  let at = 0;
  return (tMs) => {
    while ((treeWrites[at]?.tMs ?? Infinity) <= tMs) at += 1;
    return treeWrites[at - 1]?.highBytes;
  };
}

function pausedMs({ setup }: Recording): number {
  return (setup.faults?.pauses ?? []).reduce((sum, { forMs }) => sum + forMs, 0);
}
