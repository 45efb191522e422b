import type { RunEvent } from '../core/events.js';
import type { RunState } from '../core/run-state.js';

/** Often enough for what is drawn anew all the time. */
export const TICK_EVERY_MS = 100;

/** Turns a run into something to see. It reads, and never changes, the state it is given. */
export interface Reporter {
  /** Something happened; the state has taken it in already. */
  event(event: RunEvent, state: RunState): void;
  /** Time went by. `nowMs` is milliseconds since the run started. */
  tick?(state: RunState, nowMs: number): void;
  /** How often it wants to know that; default: {@link TICK_EVERY_MS}. */
  readonly tickEveryMs?: number;
  /** Takes a line for the user where this draws on what the line would be written to; false when it does not now. */
  say?(line: string): boolean;
  /** The run is over, or we are leaving: says what is left to say and leaves the terminal clean. */
  close(state: RunState): void | Promise<void>;
}

/** How much is told while a run goes on. */
export type Verbosity = 'quiet' | 'normal' | 'verbose';
