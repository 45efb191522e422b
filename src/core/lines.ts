import { GiB, MiB } from '../util/bytes.js';
import type { RunConfig } from './task-spec.js';

/** How far below `hold` use must fall before tasks are admitted again, as a share of the budget. */
export const RESUME_GAP_SHARE = 0.1;
/** How far below `preempt` preemption aims: this share of the budget, but never more than {@link TARGET_GAP_MAX_BYTES}. */
const TARGET_GAP_SHARE = 0.05;
const TARGET_GAP_MAX_BYTES = 3 * GiB;
/**
 * Where every task that runs is of a kind that is known, the lines come so much closer to each other and to the budget:
 * they are there for what nobody foresees. Measured: at the default lines the head of the queue waits for `hold` alone
 * for 23 of 64 hours, and more is killed than at these (bench/packing, eager, 64 GB).
 */
const KNOWN_GAP_FACTOR = 0.4;
/** But `critical` stays so far below the budget, or where it was: what can be allocated between two looks is in bytes. */
const CRITICAL_GAP_MIN_BYTES = 256 * MiB;

/** The thresholds in bytes, `resume < hold < preempt < critical < brake < budget`, and `target` below `preempt`. */
export interface Lines {
  readonly resumeBytes: number;
  readonly holdBytes: number;
  readonly targetBytes: number;
  readonly preemptBytes: number;
  readonly criticalBytes: number;
  /** `memory.high` of all tasks together: halfway from critical to the budget. */
  readonly brakeBytes: number;
  readonly budgetBytes: number;
}

/**
 * The thresholds for the budget as it is now. Where all that runs is known, `hold` comes up to `target`: whom a forecast
 * lets in need not be kept out by what is used at this moment.
 *
 * @param unknownShare - what part of all that is claimed may surprise, 0 to 1. Thresholds that were told stay
 * where they are, whatever it is.
 */
export function linesFor(config: RunConfig, budgetBytes: number, unknownShare = 1): Lines {
  const { holdShare, preemptShare, criticalShare } = config;
  const unknown = unknownOf(config, unknownShare);
  const factor = gapFactor(unknown);
  const criticalGap = criticalGapShare(config, budgetBytes, factor);
  const preemptGap = criticalGap + factor * (criticalShare - preemptShare);
  const toldHoldGap = preemptShare - holdShare;
  const leastHoldGap = factor * Math.min(toldHoldGap, TARGET_GAP_SHARE);
  const holdGap = preemptGap + leastHoldGap + unknown * (toldHoldGap - leastHoldGap);
  const below = (gapShare: number): number => Math.max(0, Math.floor((1 - gapShare) * budgetBytes));
  const preemptBytes = below(preemptGap);
  const targetGapBytes = Math.floor(TARGET_GAP_SHARE * factor * budgetBytes);
  return {
    resumeBytes: below(holdGap + factor * RESUME_GAP_SHARE),
    holdBytes: below(holdGap),
    targetBytes: preemptBytes - Math.min(targetGapBytes, TARGET_GAP_MAX_BYTES),
    preemptBytes,
    criticalBytes: below(criticalGap),
    brakeBytes: below(criticalGap / 2),
    budgetBytes,
  };
}

/**
 * What tasks of known courses may be expected to use together, chance included: as much of the budget as claims may
 * fill while nothing is known, up to the critical line where all is.
 */
export function foreseenAllowance(
  config: RunConfig,
  budgetBytes: number,
  unknownShare: number,
): number {
  const claims = Math.floor(config.overcommit * budgetBytes);
  const known = 1 - unknownOf(config, unknownShare);
  const { criticalBytes } = linesFor(config, budgetBytes, unknownShare);
  return Math.max(claims, Math.floor(claims + known * (criticalBytes - claims)));
}

function unknownOf({ isAsTold }: RunConfig, unknownShare: number): number {
  return isAsTold === true ? 1 : Math.min(1, unknownShare);
}

/** What part of the distances between the lines is left. */
function gapFactor(unknown: number): number {
  return KNOWN_GAP_FACTOR + (1 - KNOWN_GAP_FACTOR) * unknown;
}

function criticalGapShare(
  { criticalShare }: RunConfig,
  budgetBytes: number,
  factor: number,
): number {
  const told = 1 - criticalShare;
  return Math.min(told, Math.max(factor * told, CRITICAL_GAP_MIN_BYTES / budgetBytes));
}
