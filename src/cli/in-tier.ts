import {
  chooseWithoutRelaunch,
  type TierChoice,
  type TierHere,
  type TierWish,
} from '../adapters/host/tier-choice.js';
import { ownCommandLine, relaunch } from '../adapters/host/relaunch.js';
import type { HostSurvey } from '../adapters/host/survey.js';
import type { Result } from '../util/result.js';
import { outliveSignals } from './signals.js';

/** The tier that was chosen, and what else there would be. */
export interface TierOrder {
  readonly choice: TierChoice;
  readonly survey: HostSurvey;
  readonly wish: TierWish;
}

/**
 * Runs a session in the chosen tier: in this process, or in one that is started anew where the tier is to be had.
 *
 * @returns the exit code.
 */
export async function inTier(
  { choice, survey, wish }: TierOrder,
  session: (here: TierHere) => Promise<number>,
): Promise<number> {
  if (choice.kind === 'here') return session(choice);
  const release = outliveSignals();
  const end = await relaunch({ command: choice.command, self: ownCommandLine(), env: process.env });
  if (end.kind === 'ran') return end.exitCode;
  release();
  return session(fallBack(survey, wish, end.why));
}

function fallBack(survey: HostSurvey, wish: TierWish, why: string): TierHere {
  const choice = unwrap(chooseWithoutRelaunch(survey, wish, why));
  if (choice.kind === 'relaunch') throw new TypeError('a relaunch that failed is not tried again');
  return choice;
}

/** @throws the error, where there is no value. */
export function unwrap<T>(result: Result<T, Error>): T {
  if (!result.ok) throw result.error;
  return result.value;
}
