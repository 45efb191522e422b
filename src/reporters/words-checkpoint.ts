import type {
  AttemptStopping,
  CheckpointAsked,
  CheckpointMade,
  CheckpointMissed,
} from '../core/events.js';
import type { Verdict } from '../core/outcome.js';
import type { MissReason } from '../core/reasons.js';
import { CHECKPOINTS_BOUND } from '../core/retry.js';
import type { RunCounts } from '../core/run-state.js';
import { unreachable } from '../util/assert.js';
import { formatCount } from '../util/count.js';
import { formatDuration } from '../util/duration.js';
import { printable } from '../util/printable.js';

/** What is to be said of a task's checkpoint: asked for, made or missed. */
export function checkpointWords(
  event: CheckpointAsked | CheckpointMade | CheckpointMissed,
): string {
  switch (event.kind) {
    case 'checkpoint-asked':
      return askedWords(event);
    case 'checkpoint-made':
      return madeWords(event);
    case 'checkpoint-missed':
      return missedWords(event);
    default:
      return unreachable(event);
  }
}

/** That an attempt is asked to save its work, and how. */
function askedWords({ by, why, timeoutMs, savedAgoMs }: CheckpointAsked): string {
  const how = by.kind === 'run' ? 'by its command' : `by ${by.signal}`;
  const when = why === 'stop' ? 'before it is stopped' : 'as it is time again';
  return `is asked to save its work ${how}, ${when}: ${formatDuration(timeoutMs)} at most; ${savedAgoWords(savedAgoMs)}`;
}

function savedAgoWords(savedAgoMs: number | undefined): string {
  return savedAgoMs === undefined
    ? 'it has saved nothing before'
    : `it has last saved it ${formatDuration(savedAgoMs)} ago`;
}

/** That its work is saved, and how that is known. */
function madeWords({ how, afterMs, savedMs, tMs }: CheckpointMade): string {
  const took = afterMs === undefined ? '' : `, ${formatDuration(afterMs)} after it was asked`;
  switch (how) {
    case 'hook':
      return `has saved its work: the command that does it succeeded${took}`;
    case 'folder':
      return `has saved its work: something new is in its folder${took}`;
    case 'exit':
      return `has saved its work, as its exit code says${took}`;
    case 'by-itself':
      return `has saved its work by itself, ${formatDuration(Math.max(0, tMs - savedMs))} ago`;
    default:
      return unreachable(how);
  }
}

/** That a checkpoint is not to be had, and why. */
function missedWords({ because, afterMs, savedAgoMs }: CheckpointMissed): string {
  return `has not saved its work: ${missWords(because, afterMs)}; ${savedAgoWords(savedAgoMs)}`;
}

function missWords(because: MissReason, afterMs: number): string {
  switch (because.kind) {
    case 'timeout':
      return `it was given ${formatDuration(afterMs)}, and they are over`;
    case 'hook-failed':
      return `the command that does it ${hookEndWords(because.exit)}`;
    case 'hook-not-started':
      return `the command that does it could not be started: ${printable(because.error)}`;
    case 'nobody-listens':
      return `none of its processes handles ${because.signal}, so nobody was sent it`;
    case 'ended':
      return 'it ended before';
    case 'no-time':
      return 'it had to end at once';
    default:
      return unreachable(because);
  }
}

function hookEndWords(exit: Extract<MissReason, { kind: 'hook-failed' }>['exit']): string {
  switch (exit.kind) {
    case 'code':
      return `ended with exit code ${exit.code}`;
    case 'signal':
      return `was ended by ${printable(exit.signal)}`;
    case 'unknown':
      return `is out of sight: ${printable(exit.why)}`;
    default:
      return unreachable(exit);
  }
}

/** What becomes of the work of an attempt that is stopped; empty where nothing is to be said. */
export function savingWords({ saving }: AttemptStopping): string {
  if (saving === undefined) return '';
  const ago = saving.savedAgoMs === undefined ? '' : formatDuration(saving.savedAgoMs);
  switch (saving.kind) {
    case 'ask':
      return ', when its work is saved';
    case 'recent':
      return `; its checkpoint of ${ago} ago will do`;
    case 'no-time':
      return ago === ''
        ? '; no time to save its work'
        : `; no time to save its work but for what it had ${ago} ago`;
    default:
      return unreachable(saving.kind);
  }
}

/** Why an attempt that wanted to be run again, or was preempted without a checkpoint, ended. */
export function checkpointVerdictWords(
  verdict: Extract<Verdict, { kind: 'checkpointed' | 'checkpoint-missing' }>,
): string {
  if (verdict.kind === 'checkpoint-missing') {
    const { savedAgoMs } = verdict;
    const what =
      savedAgoMs === undefined
        ? 'had saved nothing of its work'
        : `had last saved its work ${formatDuration(savedAgoMs)} before, which will not do`;
    return `preempted, and cannot begin anew: it ${what}, and its checkpoint is required`;
  }
  const { code, times, idleTimes } = verdict;
  if (times > CHECKPOINTS_BOUND)
    return `exit code ${code}: saved its work and wanted to be run again, for the ${formatCount(times)}th time, which is too often`;
  return idleTimes === 0
    ? `exit code ${code}: saved its work and wants to be run again`
    : `exit code ${code}, which says that it saved its work, but nothing new is in its folder (${idleTimes} in a row)`;
}

/** How much work preemptions have cost, and what checkpoints there were; nothing where there is nothing to say. */
export function workLostWords({ preemptions, lostMs, checkpoints }: RunCounts): readonly string[] {
  const { made, missed } = checkpoints;
  const all = `${formatCount(made)} checkpoint${made === 1 ? '' : 's'}`;
  return [
    ...(preemptions > 0 && lostMs > 0 ? [`${formatDuration(lostMs)} of work lost to them`] : []),
    ...(made + missed === 0 ? [] : [missed === 0 ? all : `${all}, ${formatCount(missed)} missed`]),
  ];
}
