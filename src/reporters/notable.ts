import type { RunEvent } from '../core/events.js';
import type { PressureLevel } from '../core/reasons.js';
import type { RunState } from '../core/run-state.js';

/**
 * Whether `map` and `exec` tell of an event: of what memsched does and of what becomes of tasks beyond what they bring
 * upon themselves. That a command ends with an exit code is its own affair, as with `xargs`.
 */
export function isNotable(event: RunEvent, state: RunState): boolean {
  switch (event.kind) {
    case 'run-started':
    case 'budget-changed':
    case 'attempt-admitted':
    case 'task-waits':
    case 'brake-felt':
    case 'tick-late':
    case 'checkpoint-asked':
    case 'checkpoint-made':
      return false;
    case 'level-changed':
      return isAlarm(event.from) || isAlarm(event.to);
    case 'stop-requested':
      return event.signal !== 'SIGPIPE';
    case 'task-finished':
      return event.skipped === undefined && !isItsOwn(event, state);
    default:
      return true;
  }
}

function isItsOwn(event: Extract<RunEvent, { kind: 'task-finished' }>, state: RunState): boolean {
  const verdict = state.tasks.get(event.task)?.past.at(-1)?.verdict;
  return (
    event.outcome === 'succeeded' ||
    event.outcome === 'canceled' ||
    verdict?.kind === 'exit' ||
    verdict?.kind === 'external-signal'
  );
}

function isAlarm(level: PressureLevel): boolean {
  return level === 'preempt' || level === 'critical';
}
