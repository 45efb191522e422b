import { z } from 'zod';
import type { PreemptibleLevel } from '../../core/task-spec.js';
import { oneOf } from './scalars.js';

/** What may be done to a task when memory is short. */
export type PressureStep = 'suspend' | 'preempt';

const GRAMMAR = '[suspend, preempt], [suspend] or [preempt]';
const WORDS = ['suspend,preempt', 'suspend', 'preempt'] as const;

/**
 * The steps in the order in which they are taken: whoever is stopped cannot be frozen any more, so there is but one order.
 * An option of the command line gives them as one word.
 */
export const onPressure = oneOf(
  [
    z
      .array(z.enum(['suspend', 'preempt'], { error: GRAMMAR }))
      .min(1)
      .max(2),
    z.enum(WORDS),
  ],
  GRAMMAR,
).transform((value, context): readonly PressureStep[] => {
  const words = typeof value === 'string' ? value : value.join(',');
  if (WORDS.some((known) => known === words)) return words.split(',') as PressureStep[];
  context.addIssue({ code: 'custom', message: GRAMMAR });
  return z.NEVER;
});

/** What a job's `on_pressure` comes to for one task. */
export interface PressurePlan {
  readonly maySuspend: boolean;
  /** As the job's `preemptible` says, but never where the steps leave `preempt` out. */
  readonly preemptible: PreemptibleLevel;
}

/**
 * Puts `preemptible` and `on_pressure` together. A task that is not preemptible is frozen only where its own job says so:
 * what `defaults` or an option allow is meant for those that may be disturbed at all.
 *
 * @param isOwn - the job says so itself.
 */
export function pressurePlan(
  preemptible: PreemptibleLevel,
  steps: readonly PressureStep[] | undefined,
  isOwn: boolean,
): PressurePlan {
  if (steps === undefined) return { maySuspend: false, preemptible };
  return {
    maySuspend: steps.includes('suspend') && (preemptible > 0 || isOwn),
    preemptible: steps.includes('preempt') ? preemptible : 0,
  };
}
