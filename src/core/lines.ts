import { GiB } from '../util/bytes.js';
import type { RunConfig } from './task-spec.js';

/** How far below `hold` use must fall before tasks are admitted again, as a share of the budget. */
export const RESUME_GAP_SHARE = 0.1;
/** How far below `preempt` preemption aims: this share of the budget, but never more than {@link TARGET_GAP_MAX_BYTES}. */
const TARGET_GAP_SHARE = 0.05;
const TARGET_GAP_MAX_BYTES = 3 * GiB;

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

/** The thresholds for the budget as it is now. */
export function linesFor(config: RunConfig, budgetBytes: number): Lines {
  const at = (share: number): number => Math.floor(share * budgetBytes);
  const preemptBytes = at(config.preemptShare);
  return {
    resumeBytes: at(Math.max(0, config.holdShare - RESUME_GAP_SHARE)),
    holdBytes: at(config.holdShare),
    targetBytes: preemptBytes - Math.min(at(TARGET_GAP_SHARE), TARGET_GAP_MAX_BYTES),
    preemptBytes,
    criticalBytes: at(config.criticalShare),
    brakeBytes: at((config.criticalShare + 1) / 2),
    budgetBytes,
  };
}
