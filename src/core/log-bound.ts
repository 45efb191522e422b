import type { Fact } from './observation.js';
import type { TaskRecord } from './run-state.js';
import { emit, liveAttemptOf, refOf, type Tick } from './tick.js';

/** A log that is too large keeps this share of what it may have of its beginning: how it all began. */
const HEAD_SHARE = 0.5;
/** And of its end this share, */
const TAIL_SHARE = 0.25;
/** but no more than this, as it passes through our memory. The rest is room to grow. */
const TAIL_MAX_BYTES = 1024 * 1024;

/**
 * Bounds a log: what it is about stands at its beginning, why it failed at its end, so the middle is left out. The
 * task itself notices nothing, as it only ever appends.
 */
export function cutLog(
  tick: Tick,
  record: TaskRecord,
  { stream, bytes }: Extract<Fact, { kind: 'log-overgrown' }>,
): void {
  const maxBytes = tick.control.config.maxLogBytes;
  if (maxBytes === undefined) return;
  const headBytes = Math.floor(maxBytes * HEAD_SHARE);
  const tailBytes = Math.min(TAIL_MAX_BYTES, Math.floor(maxBytes * TAIL_SHARE));
  const before = liveAttemptOf(record)?.leftOutBytes?.[stream] ?? 0;
  const cut = {
    ...refOf(record),
    stream,
    maxBytes,
    headBytes,
    tailBytes,
    leftOutBytes: before + Math.max(0, bytes - headBytes - tailBytes),
  };
  emit(tick, { kind: 'log-cut', ...cut, bytes });
  tick.actions.push({ kind: 'cut-log', ...cut });
}
