import type { Recording } from '../recording.js';
import { alarmsAreRaised } from './alarms.js';
import {
  lateComersAreStopped,
  launchesAreAsDecided,
  noTaskIsDoubled,
  nothingIsLeftOpen,
} from './attempts.js';
import { repetitionsAreBounded, requeuesAreKept } from './bounds.js';
import { brakeIsLifted, brakeStaysAboveUse } from './brake.js';
import { budgetIsRespected, budgetIsThere } from './budget.js';
import { capsAreRespected, claimsAreRespected, strangersStartSlowly } from './caps.js';
import type { Checker } from './checker.js';
import {
  checkpointsAreAskedFor,
  idlersAreGivenUp,
  onlyTheUnsavedFail,
  savingIsBounded,
  workGoesOn,
} from './checkpoints.js';
import { commandsAreObeyed } from './commands.js';
import { deadlinesAreKept } from './deadlines.js';
import { needsAreRespected } from './needs.js';
import { followsFromVerdict, sumsAreTrue } from './outcomes.js';
import { levelZeroIsLeftAlone, victimsGoInOrder } from './preemption.js';
import { numbersAreNumbers, reasonsAreTrue } from './reasons.js';
import { deathLosesNothing, replayGivesTheState } from './replay.js';
import { haltsAreInTime, stopsAreFollowed } from './stops.js';
import {
  frostIsDecided,
  frostIsReal,
  frozenAreTheNewest,
  frozenAreThawedToSave,
  frozenGoOnFirst,
  neverAllAreFrozen,
} from './suspension.js';
import { everyTaskEnds, successIsFinal } from './tasks-end.js';
import { nobodyIdlesInVain, nobodyStarves, turnsAreKept } from './turns.js';
import { talliesAreTrue, tooLargeIsTooLarge, verdictsAreTrue } from './verdicts.js';

/** Every promise that each simulated run is held to. */
export const CHECKERS: readonly Checker[] = [
  everyTaskEnds,
  successIsFinal,
  noTaskIsDoubled,
  nothingIsLeftOpen,
  lateComersAreStopped,
  launchesAreAsDecided,
  deadlinesAreKept,
  stopsAreFollowed,
  haltsAreInTime,
  commandsAreObeyed,
  followsFromVerdict,
  sumsAreTrue,
  repetitionsAreBounded,
  requeuesAreKept,
  replayGivesTheState,
  deathLosesNothing,
  capsAreRespected,
  claimsAreRespected,
  strangersStartSlowly,
  needsAreRespected,
  turnsAreKept,
  nobodyStarves,
  nobodyIdlesInVain,
  budgetIsRespected,
  budgetIsThere,
  alarmsAreRaised,
  brakeStaysAboveUse,
  brakeIsLifted,
  levelZeroIsLeftAlone,
  victimsGoInOrder,
  neverAllAreFrozen,
  frozenAreTheNewest,
  frozenGoOnFirst,
  frozenAreThawedToSave,
  frostIsReal,
  frostIsDecided,
  checkpointsAreAskedFor,
  savingIsBounded,
  workGoesOn,
  idlersAreGivenUp,
  onlyTheUnsavedFail,
  numbersAreNumbers,
  reasonsAreTrue,
  verdictsAreTrue,
  talliesAreTrue,
  tooLargeIsTooLarge,
];

/** What a run broke, promise by promise; empty when it kept them all. */
export function violations(recording: Recording): string[] {
  return CHECKERS.flatMap(({ name, check }) => check(recording).map((what) => `${name}: ${what}`));
}
