import type { RunEvent } from '../core/events.js';

/** The highest use of all tasks together that an event speaks of, bytes; 0 when it speaks of none. */
export function usedBytesIn(event: RunEvent): number {
  switch (event.kind) {
    case 'sampled':
    case 'brake-felt':
    case 'victims-missing':
      return event.numbers.usedBytes;
    case 'level-changed':
    case 'attempt-admitted':
      return event.reason.numbers.usedBytes;
    case 'attempt-stopping':
      return event.reason.kind === 'preempted' ? event.reason.preempt.numbers.usedBytes : 0;
    default:
      return 0;
  }
}
