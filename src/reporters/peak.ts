import type { RunEvent } from '../core/events.js';
import type { MemoryNumbers } from '../core/reasons.js';

/** The highest use of all tasks together that an event speaks of, bytes; 0 when it speaks of none. */
export function usedBytesIn(event: RunEvent): number {
  return numbersIn(event)?.usedBytes ?? 0;
}

/** The memory of the moment that an event speaks of; undefined when it speaks of none. */
export function numbersIn(event: RunEvent): MemoryNumbers | undefined {
  switch (event.kind) {
    case 'sampled':
    case 'brake-felt':
    case 'victims-missing':
      return event.numbers;
    case 'level-changed':
    case 'attempt-admitted':
      return event.reason.numbers;
    case 'attempt-stopping':
      return event.reason.kind === 'preempted' ? event.reason.preempt.numbers : undefined;
    default:
      return undefined;
  }
}
