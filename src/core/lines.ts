import { GiB, MiB } from '../util/bytes.js';
import type { RunConfig } from './task-spec.js';

/** How far below `hold` use must fall before tasks are admitted again, as a share of the budget. */
export const RESUME_GAP_SHARE = 0.1;
/** How far below `preempt` preemption aims: this share of the budget, but never more than {@link TARGET_GAP_MAX_BYTES}. */
const TARGET_GAP_SHARE = 0.05;
const TARGET_GAP_MAX_BYTES = 3 * GiB;
/**
 * Where every task that runs is of a kind that is known, the lines come so much closer to the budget: they are there
 * for what nobody foresees. Measured: at the default lines the head of the queue waits for `hold` alone for 23 of 64
 * hours, and more is killed than at these (bench/packing, eager, 64 GB).
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
 * The thresholds for the budget as it is now.
 *
 * @param unknownShare - what part of all that is claimed may surprise, 0 to 1. Thresholds that were told stay
 * where they are, whatever it is.
 */
export function linesFor(config: RunConfig, budgetBytes: number, unknownShare = 1): Lines {
  const factor = gapFactor(config, budgetBytes, unknownShare);
  const at = (share: number): number =>
    Math.max(0, Math.floor((factor === 1 ? share : 1 - (1 - share) * factor) * budgetBytes));
  const preemptBytes = at(config.preemptShare);
  const targetGapBytes = Math.floor(TARGET_GAP_SHARE * factor * budgetBytes);
  return {
    resumeBytes: at(config.holdShare - RESUME_GAP_SHARE),
    holdBytes: at(config.holdShare),
    targetBytes: preemptBytes - Math.min(targetGapBytes, TARGET_GAP_MAX_BYTES),
    preemptBytes,
    criticalBytes: at(config.criticalShare),
    brakeBytes: at((config.criticalShare + 1) / 2),
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
  const factor = gapFactor(config, budgetBytes, unknownShare);
  const lift = (1 - factor) / (1 - KNOWN_GAP_FACTOR);
  const { criticalBytes } = linesFor(config, budgetBytes, unknownShare);
  return Math.max(claims, Math.floor(claims + lift * (criticalBytes - claims)));
}

/** What part of the distances from the lines to the budget is left. */
function gapFactor(config: RunConfig, budgetBytes: number, unknownShare: number): number {
  if (config.isAsTold === true) return 1;
  const wanted = KNOWN_GAP_FACTOR + (1 - KNOWN_GAP_FACTOR) * Math.min(1, unknownShare);
  const criticalGapBytes = (1 - config.criticalShare) * budgetBytes;
  return Math.min(1, Math.max(wanted, CRITICAL_GAP_MIN_BYTES / criticalGapBytes));
}
