import { MiB } from '../../util/bytes.js';
import type { Tier } from '../events.js';
import type { Curve } from './types.js';

/** No estimate is lower: the shell and the kernel's own share of a task. */
export const SMALLEST_ESTIMATE_BYTES = 16 * MiB;

/** Shorter than two looks at the usual interval, and whatever came between them may have been far higher. */
const SEEN_FROM_MS = 200;

/** What tells whether the peak of a run can have been seen. */
interface Sighting {
  readonly tier: Tier;
  readonly durationMs: number;
  readonly curve?: Curve | undefined;
}

/**
 * Whether a run was looked at properly, so that its peak is one. In the `cgroup` tier the kernel keeps the peak; the
 * others know of looks alone, and of a shorter run any figure is but a lower bound.
 */
export function isPeakSeen({ tier, durationMs, curve }: Sighting): boolean {
  return tier === 'cgroup' || (curve !== undefined && isLongEnough(tier, durationMs));
}

/** Whether a run lasted long enough for its peak to be seen, whatever came of the looks. */
export function isLongEnough(tier: Tier, durationMs: number): boolean {
  return tier === 'cgroup' || durationMs >= SEEN_FROM_MS;
}
