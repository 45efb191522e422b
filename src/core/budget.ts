import { assert } from '../util/assert.js';
import { GiB, MiB } from '../util/bytes.js';
import type { BudgetSpec } from './task-spec.js';

/** With less than this nothing of note can run. */
export const SMALLEST_BUDGET_BYTES = 64 * MiB;

/** One thing that limits us: the host itself, or an ancestor's `memory.max`. Bytes. */
export interface MemoryLevel {
  readonly limitBytes: number;
  /** Working set of everything inside, ours included. */
  readonly usedBytes: number;
}

/** What tasks may use, and what that was worked out from. Bytes. */
export interface Budget {
  /** The most that tasks together may use now. */
  readonly budgetBytes: number;
  /** The smallest limit: what a percentage in a jobfile refers to. */
  readonly capacityBytes: number;
  /** What the tree's `memory.max` may be: does not move with what runs outside. */
  readonly ceilingBytes: number;
  /** Used by what is not ours, on the level that leaves us least. */
  readonly outsideBytes: number;
}

const RESERVE_SHARE = 0.1;
const RESERVE_MIN_BYTES = 500 * MiB;
const RESERVE_MAX_BYTES = 10 * GiB;
/** A host of 1 GiB cannot set half of itself aside and still be of use. */
const RESERVE_MAX_SHARE = 0.25;

const MARGIN_SHARE = 0.02;
const MARGIN_MIN_BYTES = 32 * MiB;
const MARGIN_MAX_BYTES = 1 * GiB;

/**
 * What `budget: auto` sets aside for the system: a tenth of the capacity, at least 500 MiB and at most 10 GiB, but on a
 * tiny host (under 2 GB) never more than a quarter of it.
 *
 * @returns bytes.
 */
export function autoReserveBytes(capacityBytes: number): number {
  const usual = clamp(capacityBytes * RESERVE_SHARE, RESERVE_MIN_BYTES, RESERVE_MAX_BYTES);
  return Math.round(Math.min(usual, capacityBytes * RESERVE_MAX_SHARE));
}

/**
 * What even an explicit budget leaves alone: the kernel's own watermarks and our supervisor must fit in. 2 % of the
 * capacity, at least 32 MiB and at most 1 GiB.
 *
 * @returns bytes.
 */
export function marginBytes(capacityBytes: number): number {
  const usual = clamp(capacityBytes * MARGIN_SHARE, MARGIN_MIN_BYTES, MARGIN_MAX_BYTES);
  return Math.round(Math.min(usual, capacityBytes * RESERVE_MAX_SHARE));
}

/**
 * The budget of this moment: the smallest of what the levels allow.
 *
 * `auto`: `limit − max(reserve, outside + reserve / 2)`. The reserve exists for what runs outside, so the first half of
 * it is theirs and costs us nothing: an idle 2 GB host (150 to 200 MB in use) offers its whole 1.4 GB. What goes beyond
 * counts against us byte by byte, so that half a reserve stays free at any time, whoever else grows.
 *
 * Explicit: what was asked for, but never more than is physically left, `limit − outside − margin`.
 *
 * @param levels - the host and every limited ancestor; at least one.
 * @param tasksUsedBytes - working set of our tasks, which every level contains.
 */
export function budgetNow(
  spec: BudgetSpec,
  levels: readonly MemoryLevel[],
  tasksUsedBytes: number,
): Budget {
  assert(levels.length > 0, 'the host itself is always one of the levels');
  const shares = levels.map((level) => shareOf(spec, level, tasksUsedBytes));
  const tightest = shares.reduce((a, b) => (b.budgetBytes < a.budgetBytes ? b : a));
  return {
    budgetBytes: tightest.budgetBytes,
    capacityBytes: Math.min(...levels.map((level) => level.limitBytes)),
    ceilingBytes: Math.min(...shares.map((share) => share.ceilingBytes)),
    outsideBytes: tightest.outsideBytes,
  };
}

type Share = Omit<Budget, 'capacityBytes'>;

function shareOf(spec: BudgetSpec, level: MemoryLevel, tasksUsedBytes: number): Share {
  const { limitBytes } = level;
  const outsideBytes = Math.max(0, level.usedBytes - tasksUsedBytes);
  if (spec.kind === 'auto') {
    const reserve = autoReserveBytes(limitBytes);
    const spare = Math.max(reserve, outsideBytes + Math.ceil(reserve / 2));
    return {
      budgetBytes: Math.max(0, limitBytes - spare),
      ceilingBytes: limitBytes - reserve,
      outsideBytes,
    };
  }
  const margin = marginBytes(limitBytes);
  return {
    budgetBytes: Math.max(0, Math.min(spec.bytes, limitBytes - outsideBytes - margin)),
    ceilingBytes: Math.min(spec.bytes, limitBytes - margin),
    outsideBytes,
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
