import { nextUp } from '../back-off.js';
import type { Control } from '../control.js';
import { isGuess } from '../estimate.js';
import type { RunState } from '../run-state.js';
import { liveAttemptOf } from '../tick.js';

/** Starts are looked at so soon; more of them in one go cost no more than one look. */
const NEWS_GAP_MS = 10;
/** While someone waits, time itself may let it in: forecasts move on, a long wait earns a reservation. */
const WAITING_GAP_MS = 10_000;
/** What is set aside for a task of unknown size fades within some ten seconds. */
const GUESSING_GAP_MS = 2000;
/** From look to look in which nothing changes, the next comes so many times later. */
const STRETCH = 2;

/** When the supervisor would look next, although nothing has happened. */
export class Looks {
  readonly #intervalMs: number;
  #gapMs: number;
  #nextMs = 0;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
    this.#gapMs = intervalMs;
  }

  /** The next look; Infinity when only something that happens could change anything. */
  get nextMs(): number {
    return this.#nextMs;
  }

  /** Something ended: the look comes at once. */
  wake(nowMs: number): void {
    this.#bringForward(nowMs);
  }

  /** Something was started. */
  soon(nowMs: number): void {
    this.#bringForward(nowMs + NEWS_GAP_MS);
  }

  /** Use has moved: nobody is told, the next look of the interval finds it. */
  inTime(nowMs: number): void {
    this.#bringForward(nowMs + this.#intervalMs);
  }

  #bringForward(ms: number): void {
    this.#nextMs = Math.min(this.#nextMs, ms);
  }

  /**
   * A look is over. The live loop would look again after every interval; here, looks in which nothing changes grow
   * rarer, so that whatever `decide` times is found late by no more than the time that it took.
   *
   * @param hasChanged - something was decided, or the level is another.
   */
  looked(nowMs: number, hasChanged: boolean, state: RunState, control: Control): void {
    this.#gapMs = hasChanged ? this.#intervalMs : this.#gapMs * STRETCH;
    this.#nextMs = nowMs + Math.min(this.#gapMs, longestGapMs(nowMs, state, control));
  }
}

/** How long nothing but time needs to be looked at. */
function longestGapMs(nowMs: number, state: RunState, control: Control): number {
  const resting = nextUp(state.queue.backOff);
  const restsUntilMs = resting?.phase.kind === 'queued' ? resting.phase.notBeforeMs : Infinity;
  return Math.max(1, Math.min(quietGapMs(state, control), restsUntilMs - nowMs));
}

function quietGapMs(state: RunState, control: Control): number {
  const isWaiting = control.head !== undefined;
  if (isWaiting && hasGuess(state)) return GUESSING_GAP_MS;
  const isTimed = isWaiting || state.level !== 'open' || hasDeadline(state);
  return isTimed ? WAITING_GAP_MS : Infinity;
}

function hasGuess(state: RunState): boolean {
  for (const record of state.live.values()) {
    const attempt = liveAttemptOf(record);
    if (attempt !== undefined && isGuess(attempt.estimate)) return true;
  }
  return false;
}

function hasDeadline(state: RunState): boolean {
  for (const { phase, spec } of state.live.values()) {
    if (phase.kind === 'stopping' || phase.kind === 'suspended') return true;
    if (spec.timeoutMs !== undefined) return true;
  }
  return false;
}
