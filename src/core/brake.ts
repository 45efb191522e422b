import { MiB } from '../util/bytes.js';
import type { Lines } from './lines.js';
import { IMMUNE_AFTER } from './preemption.js';
import type { RunState } from './run-state.js';

/** A line that use has passed is drawn this far above use: this share of the budget, but at least so much. */
const SLACK_SHARE = 0.02;
const SLACK_MIN_BYTES = 32 * MiB;
/** It gives way when nobody could be preempted and nobody has finished for so long. */
const PATIENCE_MS = 5000;
/** A little over the line is the brake at work; from here on the line has come down on those who run. */
const PASSED_FROM = 1.02;
/** From this share of the line on the kernel slows allocators down. */
const FELT_FROM = 0.97;

/** What the brake remembers from tick to tick. */
export interface BrakeMemory {
  /** The line is no lower than this; 0 while the budget alone decides. */
  readonly floorBytes: number;
  /** Since when nobody has finished and the line has not given way. */
  readonly stillSinceMs: number;
}

/** What the brake line depends on. */
export interface BrakeInput {
  readonly nowMs: number;
  readonly lines: Lines;
  readonly usedBytes: number;
  readonly crew: Crew;
  /** An attempt has ended in this tick. */
  readonly hasEnded: boolean;
}

/** Who runs, as far as the brake cares. */
export interface Crew {
  /** Attempts that are being stopped and not stuck: a brake would hold up their exit, too. */
  readonly stopping: number;
  /** Those that are frozen among them: what they hold is what the others had better not grow into. */
  readonly progressing: number;
  /** Those among them that could be preempted. */
  readonly preemptible: number;
}

/** A brake that nobody has felt. */
export const EASY_BRAKE: BrakeMemory = { floorBytes: 0, stillSinceMs: 0 };

/** Counts who runs. */
export function crewOf(state: RunState): Crew {
  let stopping = 0;
  let progressing = 0;
  let preemptible = 0;
  for (const { phase, spec, preemptions } of state.live.values()) {
    if (phase.kind === 'stopping') {
      if (phase.stop.stuck !== true) stopping += 1;
      continue;
    }
    progressing += 1;
    if (spec.preemptible > 0 && preemptions < IMMUNE_AFTER) preemptible += 1;
  }
  return { stopping, progressing, preemptible };
}

/**
 * Where `memory.high` of all tasks together belongs: on the brake line, but
 * - lifted while someone is being stopped, and for the last one running, whom slowing down would help nobody;
 * - never below use: when others take memory away from us, growth ends, and what is there stays usable;
 * - giving way bit by bit where nobody may be preempted and nobody finishes: slow progress beats none.
 */
export function nextBrake(
  before: BrakeMemory,
  { nowMs, lines, usedBytes, crew, hasEnded }: BrakeInput,
): { readonly memory: BrakeMemory; readonly highBytes: number | 'max' } {
  const line = lines.brakeBytes;
  const stillSinceMs = hasEnded || crew.progressing === 0 ? nowMs : before.stillSinceMs;
  if (crew.stopping > 0 || crew.progressing === 1) {
    // Use may grow freely now: where the line lay before says nothing of where it may lie next.
    return { memory: { floorBytes: 0, stillSinceMs: nowMs }, highBytes: 'max' };
  }
  const drawnBytes = usedBytes + Math.max(SLACK_MIN_BYTES, SLACK_SHARE * lines.budgetBytes);
  const floorBytes = floorFor(before, line, usedBytes, drawnBytes);
  const highBytes = Math.ceil(Math.max(line, floorBytes));
  const isHeldUp = crew.preemptible === 0 && usedBytes >= FELT_FROM * highBytes;
  if (!isHeldUp || nowMs - stillSinceMs < PATIENCE_MS) {
    return { memory: { floorBytes, stillSinceMs }, highBytes };
  }
  return {
    memory: { floorBytes: drawnBytes, stillSinceMs: nowMs },
    highBytes: Math.ceil(Math.max(highBytes, drawnBytes)),
  };
}

/**
 * A floor is drawn once, when use is found far above the line, and only ever comes down with use after that; once it is
 * down on the line it is none any more.
 */
function floorFor(
  before: BrakeMemory,
  line: number,
  usedBytes: number,
  drawnBytes: number,
): number {
  const lowered = Math.min(before.floorBytes, drawnBytes);
  if (lowered > line) return lowered;
  return usedBytes > line * PASSED_FROM ? drawnBytes : 0;
}
