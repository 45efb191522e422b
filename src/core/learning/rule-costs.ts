import { costOf } from './ladder.js';
import type { RuleCost, RuleCosts } from './profile.js';
import type { Rule } from './rules.js';
import type { CompletedRun } from './types.js';

/** What a rule has cost weighs half as much after so many runs: half-lives of 10 to 100 make next to no difference. */
const HALF_LIFE_RUNS = 30;
/** So many of the newest runs are each left out in turn: what is older would weigh less than a quarter. */
export const LEFT_OUT_RUNS = 2 * HALF_LIFE_RUNS;
/** A rule that may fall below the largest peak starts with this share of a run's mean cost against it. */
const DOUBT = 0.5;

const NO_COST: RuleCost = { byteMs: 0, runs: 0 };

/** What a rule says, and what is known of how well it does. */
export interface Candidate {
  readonly name: string;
  readonly bytes: number;
  readonly isCautious: boolean;
  /** As it happened: each run against what was known before it. */
  readonly past: RuleCost;
  /** As it might have happened: each of the newest runs against all others. */
  readonly leftOut: RuleCost;
}

/**
 * What these rules have cost, a run later: those that had something to say are charged with what following them would
 * have cost.
 *
 * @param basis - what they went by; undefined when there was nothing to go by.
 */
export function charged<Basis>(
  costs: RuleCosts,
  rules: readonly Rule<Basis>[],
  basis: Basis | undefined,
  bill: (bytes: number) => number,
): RuleCosts {
  const left = 2 ** (-1 / HALF_LIFE_RUNS);
  const after: Record<string, RuleCost> = {};
  for (const { name, bytesOf } of rules) {
    const before = costs[name];
    const bytes = basis === undefined ? undefined : bytesOf(basis);
    const { byteMs, runs } = before ?? NO_COST;
    if (bytes !== undefined)
      after[name] = { byteMs: left * byteMs + bill(bytes), runs: left * runs + 1 };
    else if (before !== undefined) after[name] = before;
  }
  return after;
}

/** A run, what would have been known without it, and the largest of the other peaks. */
export interface LeftOut<Basis> {
  readonly run: CompletedRun;
  readonly basis: Basis;
  readonly largestBytes: number;
}

/**
 * What each rule costs on runs that are left out in turn. Unlike the past this owes nothing to the order in which runs
 * came: of many that began at once the light ones end first, and make every rule look bad for as long as that lasts.
 *
 * @param cases - oldest first.
 */
export function leftOutCosts<Basis>(
  rules: readonly Rule<Basis>[],
  cases: readonly LeftOut<Basis>[],
  penalty: number,
): RuleCost[] {
  const weights = cases.map((_, at) => 2 ** ((at + 1 - cases.length) / HALF_LIFE_RUNS));
  return rules.map(({ bytesOf }) => {
    let byteMs = 0;
    let runs = 0;
    cases.forEach(({ run, basis, largestBytes }, at) => {
      const bytes = bytesOf(basis);
      if (bytes === undefined) return;
      const weight = weights[at] ?? 0;
      byteMs += weight * costOf(bytes, run, largestBytes, penalty);
      runs += weight;
    });
    return { byteMs, runs };
  });
}

/**
 * The candidate that costs least on average. Those that are not cautious have to prove themselves first.
 *
 * @param typicalByteMs - what a run of the group uses.
 */
export function cheapest(
  candidates: readonly Candidate[],
  typicalByteMs: number,
): Candidate | undefined {
  let best: Candidate | undefined;
  let least = Infinity;
  for (const candidate of candidates) {
    const { past, leftOut, isCautious } = candidate;
    const mean = (past.byteMs + leftOut.byteMs) / Math.max(past.runs + leftOut.runs, 1);
    const cost = mean + (isCautious ? 0 : (DOUBT * typicalByteMs) / (1 + past.runs));
    if (cost < least) {
      least = cost;
      best = candidate;
    }
  }
  return best;
}
