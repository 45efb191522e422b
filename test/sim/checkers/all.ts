import type { Recording } from '../recording.js';
import { lateComersAreStopped, noTaskIsDoubled, nothingIsLeftOpen } from './attempts.js';
import { repetitionsAreBounded, requeuesAreKept } from './bounds.js';
import { brakeStaysAboveUse, budgetIsRespected } from './budget.js';
import { capsAreRespected, claimsAreRespected } from './caps.js';
import type { Checker } from './checker.js';
import { needsAreRespected } from './needs.js';
import { levelZeroIsLeftAlone, victimsGoInOrder } from './preemption.js';
import { numbersAreNumbers, reasonsAreTrue } from './reasons.js';
import { deathLosesNothing, replayGivesTheState } from './replay.js';
import { everyTaskEnds, successIsFinal } from './tasks-end.js';
import { nobodyIdlesInVain, nobodyStarves } from './turns.js';
import { verdictsAreTrue } from './verdicts.js';

/** Every promise that each simulated run is held to. */
export const CHECKERS: readonly Checker[] = [
  everyTaskEnds,
  successIsFinal,
  noTaskIsDoubled,
  nothingIsLeftOpen,
  lateComersAreStopped,
  repetitionsAreBounded,
  requeuesAreKept,
  replayGivesTheState,
  deathLosesNothing,
  capsAreRespected,
  claimsAreRespected,
  needsAreRespected,
  nobodyStarves,
  nobodyIdlesInVain,
  budgetIsRespected,
  brakeStaysAboveUse,
  levelZeroIsLeftAlone,
  victimsGoInOrder,
  numbersAreNumbers,
  reasonsAreTrue,
  verdictsAreTrue,
];

/** What a run broke, promise by promise; empty when it kept them all. */
export function violations(recording: Recording): string[] {
  return CHECKERS.flatMap(({ name, check }) => check(recording).map((what) => `${name}: ${what}`));
}
