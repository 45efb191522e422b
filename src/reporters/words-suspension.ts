import type { AttemptSuspended, AttemptThawed } from '../core/events.js';
import type { SuspendReason, ThawReason } from '../core/reasons.js';
import { unreachable } from '../util/assert.js';
import { formatBytes } from '../util/bytes.js';
import { formatCount } from '../util/count.js';
import { formatDuration } from '../util/duration.js';
import { memoryWords } from './words-memory.js';

/** Why an attempt was frozen, in one line: what was used, which line that is about, how many could have been chosen. */
export function suspendWords(event: Pick<AttemptSuspended, 'reason' | 'reclaimBytes'>): string {
  const { reason, reclaimBytes } = event;
  const swap =
    reclaimBytes === undefined ? '' : `; up to ${formatBytes(reclaimBytes)} of it goes to swap`;
  return `level ${reason.level}: ${causeWords(reason)}; ${memoryWords(reason.numbers)}; the newest of ${willing(reason)} that may be frozen${swap}`;
}

function causeWords({ rule, lineBytes, withinMs }: SuspendReason): string {
  switch (rule) {
    case 'use':
      return `use reached ${formatBytes(lineBytes)}`;
    case 'growth':
      return `at this rate use reaches ${formatBytes(lineBytes)} within ${formatDuration(withinMs)}`;
    case 'stalls':
      return 'all tasks stall on memory';
    default:
      return unreachable(rule);
  }
}

function willing({ candidates }: SuspendReason): number {
  return candidates.filter(({ verdict }) => verdict.kind !== 'rejected').length;
}

/** Why a frozen attempt goes on, and for how long it was frozen. */
export function thawWords({
  reason,
  frozenMs,
}: Pick<AttemptThawed, 'reason' | 'frozenMs'>): string {
  return `${reasonWords(reason)}; it was frozen for ${formatDuration(frozenMs)}`;
}

function reasonWords(reason: ThawReason): string {
  switch (reason.kind) {
    case 'fits':
      return `there is room for it: with it all are expected to reach ${formatBytes(reason.expectedBytes)}, of the ${formatBytes(reason.allowanceBytes)} that claims may fill`;
    case 'only-frozen-left':
      return `nobody else is at work${reason.frozen === 1 ? '' : `, and of ${formatCount(reason.frozen)} frozen ones it is the oldest`}: ${memoryWords(reason.numbers)}`;
    default:
      return unreachable(reason);
  }
}
