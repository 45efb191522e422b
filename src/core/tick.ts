import type { Action } from './actions.js';
import type { Control } from './control.js';
import type { EstimateBasis } from './estimate.js';
import type { RunEvent } from './events.js';
import { evolve } from './evolve.js';
import type { Forecast } from './forecast.js';
import type { Lines } from './lines.js';
import type { AttemptRef, Observation } from './observation.js';
import type { MemoryNumbers } from './reasons.js';
import type { LiveAttempt, RunState, TaskRecord } from './run-state.js';

/** Without the event, as `Omit` does not keep a union apart. */
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** One pass of the loop in the making: what was seen, and what has been decided so far. */
export interface Tick {
  readonly state: RunState;
  readonly control: Control;
  readonly seen: Observation;
  readonly tMs: number;
  lines: Lines;
  /** What part of all claims may surprise, 0 to 1. */
  readonly unknownShare: number;
  readonly basis: EstimateBasis;
  /** What the live tasks are expected to use, worked out when it is first asked for. */
  readonly forecast: () => Forecast;
  /** Somebody grows again: it is worked out anew when it is asked for next. */
  readonly renewForecast: () => void;
  numbers: MemoryNumbers;
  readonly events: RunEvent[];
  readonly actions: Action[];
}

/** Makes an event happen: it changes the state at once, so that the next rule of this tick sees it. */
export function emit(tick: Tick, event: Without<RunEvent, 'tMs'>): void {
  const stamped = { ...event, tMs: tick.tMs } as RunEvent;
  evolve(tick.state, stamped);
  tick.events.push(stamped);
}

/** The task's live attempt, or undefined. */
export function liveAttemptOf({ phase }: TaskRecord): LiveAttempt | undefined {
  return 'attempt' in phase ? phase.attempt : undefined;
}

/** The task's attempt that is live now, or its last one. */
export function refOf(record: TaskRecord): AttemptRef {
  return { task: record.spec.id, attempt: record.attempts };
}
