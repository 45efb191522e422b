import { KiB } from '../../src/util/bytes.js';

/**
 * How the kernel slows an allocator down above `memory.high` (mm/memcontrol.c, calculate_high_delay): for each batch of
 * 64 pages it sleeps `64 s × overage²`, where overage is a share of `memory.high`; never more than 2 s, and not at all
 * where that is no more than 10 ms.
 */
const BATCH_BYTES = 256 * KiB;
const DELAY_AT_WHOLE_OVERAGE_MS = 64_000;
const DELAY_MAX_MS = 2000;
const DELAY_MIN_MS = 10;
/** Up to this much over the line nobody sleeps. */
const FREE_OVERAGE = Math.sqrt(DELAY_MIN_MS / DELAY_AT_WHOLE_OVERAGE_MS);

/**
 * How much of what it wants an allocator gets in `ms`.
 *
 * @param currentBytes - what the cgroup holds already, after reclaim.
 * @param highBytes - its `memory.high`.
 * @param wantedBytes - on top of `currentBytes`.
 */
export function throttled(
  currentBytes: number,
  highBytes: number,
  wantedBytes: number,
  ms: number,
): number {
  const freeBytes = Math.max(0, highBytes * (1 + FREE_OVERAGE) - currentBytes);
  if (wantedBytes <= freeBytes) return wantedBytes;
  const overage = (currentBytes + freeBytes - highBytes) / Math.max(1, highBytes);
  const delayMs = Math.min(DELAY_MAX_MS, DELAY_AT_WHOLE_OVERAGE_MS * overage ** 2);
  return Math.min(wantedBytes, freeBytes + (BATCH_BYTES / delayMs) * ms);
}
