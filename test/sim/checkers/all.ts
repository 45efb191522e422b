import { capsAreRespected, claimsAreRespected, needsAreRespected, nobodyStarves } from './caps.js';
import type { Checker } from './checker.js';
import {
  everyTaskEnds,
  lateComersAreStopped,
  noTaskIsDoubled,
  nothingIsLeftOpen,
  repetitionsAreBounded,
  replayGivesTheState,
  successIsFinal,
} from './lifecycle.js';
import {
  budgetIsRespected,
  decisionsSayWhy,
  levelZeroIsLeftAlone,
  verdictsAreTrue,
} from './memory.js';
import type { Recording } from '../simulate.js';

/** Every promise that each simulated run is held to. */
export const CHECKERS: readonly Checker[] = [
  everyTaskEnds,
  noTaskIsDoubled,
  successIsFinal,
  lateComersAreStopped,
  nothingIsLeftOpen,
  repetitionsAreBounded,
  replayGivesTheState,
  capsAreRespected,
  claimsAreRespected,
  needsAreRespected,
  nobodyStarves,
  budgetIsRespected,
  levelZeroIsLeftAlone,
  decisionsSayWhy,
  verdictsAreTrue,
];

/** What a run broke, promise by promise; empty when it kept them all. */
export function violations(recording: Recording): string[] {
  return CHECKERS.flatMap(({ name, check }) => check(recording).map((what) => `${name}: ${what}`));
}
