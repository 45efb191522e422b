import { ownCommandLine, relaunch } from '../adapters/host/relaunch.js';
import type { HostSurvey } from '../adapters/host/survey.js';
import {
  chooseTier,
  chooseWithoutRelaunch,
  type TierChoice,
  type TierHere,
  type TierWish,
} from '../adapters/host/tier-choice.js';
import type { Result } from '../util/result.js';
import { outliveSignals } from './signals.js';

/** A run that is to take place in the best tier there is. */
export interface PlaceOrder {
  readonly survey: HostSurvey;
  readonly wish: TierWish;
  /** Says what is wrong with the input before anything is started; the run itself may take place elsewhere. */
  readonly check: () => Promise<unknown>;
  /** Runs here. */
  readonly session: (here: TierHere) => Promise<number>;
}

/**
 * Runs here, or where the same command line finds a better tier: under `systemd-run`.
 *
 * @returns the exit code.
 */
export async function hereOrRelaunched({
  survey,
  wish,
  check,
  session,
}: PlaceOrder): Promise<number> {
  const choice = chosenTier(survey, wish);
  if (choice.kind === 'here') return session(choice);
  await check();
  const release = outliveSignals();
  const end = await relaunch({ command: choice.command, self: ownCommandLine(), env: process.env });
  if (end.kind === 'ran') return end.exitCode;
  release();
  return session(fallBack(survey, wish, end.why));
}

/**
 * The tier that a run would take place in.
 *
 * @throws HostError when there is none as it was wished for.
 */
export function chosenTier(survey: HostSurvey, wish: TierWish): TierChoice {
  return unwrap(chooseTier(survey, wish));
}

function fallBack(survey: HostSurvey, wish: TierWish, why: string): TierHere {
  const choice = unwrap(chooseWithoutRelaunch(survey, wish, why));
  if (choice.kind === 'relaunch') throw new TypeError('a relaunch that failed is not tried again');
  return choice;
}

function unwrap<T>(result: Result<T, Error>): T {
  if (!result.ok) throw result.error;
  return result.value;
}
