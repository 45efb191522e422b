import type { Tier } from '../../core/events.js';
import { err, ok, type Result } from '../../util/result.js';
import { HostError } from './host-error.js';
import type { HostSurvey } from './survey.js';
import type { TierState } from './tier-assessment.js';

/** What the user asked for. */
export interface TierWish {
  /** `auto`: the best there is. */
  readonly tier: Tier | 'auto';
  /** `--require-cgroup`: better not at all than without the `cgroup` tier. */
  readonly requireCgroup: boolean;
}

/** Why a better tier was not to be had, and what would change that. */
export interface Downgrade {
  readonly why: string;
  readonly mend: string;
}

/** A tier that can be used as things are. */
export type TierHere =
  | {
      readonly kind: 'here';
      readonly tier: 'cgroup' | 'hybrid';
      /** The tree is made in this directory. */
      readonly rootDirectory: string;
      readonly downgrade?: Downgrade;
    }
  | { readonly kind: 'here'; readonly tier: 'procfs'; readonly downgrade?: Downgrade };

/** The tier of this run. */
export type TierChoice =
  | TierHere
  | {
      readonly kind: 'relaunch';
      readonly tier: 'cgroup' | 'hybrid';
      /** To be followed by our own command line. */
      readonly command: readonly string[];
      readonly downgrade?: Downgrade;
    };

/**
 * Picks the best tier that the user allows. With `requireCgroup`, or a tier asked for by name, it is that one or an
 * error with the command that mends it.
 */
export function chooseTier(survey: HostSurvey, wish: TierWish): Result<TierChoice, HostError> {
  const { cgroup, hybrid } = survey.tiers;
  if (wish.requireCgroup || wish.tier === 'cgroup') {
    if (wish.requireCgroup && wish.tier !== 'cgroup' && wish.tier !== 'auto') {
      return err(
        new HostError(
          `--require-cgroup and --tier ${wish.tier} contradict each other`,
          'leave one of the two out',
        ),
      );
    }
    return named('cgroup', cgroup);
  }
  switch (wish.tier) {
    case 'hybrid':
      return named('hybrid', hybrid);
    case 'procfs':
      return ok({ kind: 'here', tier: 'procfs' });
    case 'auto':
      return ok(best(cgroup, hybrid));
  }
}

/** The next best choice when the relaunch that a choice asked for did not start. */
export function chooseWithoutRelaunch(
  survey: HostSurvey,
  wish: TierWish,
  why: string,
): Result<TierChoice, HostError> {
  const mend = 'systemctl --user status';
  const without = (state: TierState): TierState =>
    state.kind === 'relaunch' ? { kind: 'no', why: `systemd-run failed: ${why}`, mend } : state;
  const tiers = { cgroup: without(survey.tiers.cgroup), hybrid: without(survey.tiers.hybrid) };
  return chooseTier({ ...survey, tiers }, wish);
}

/** One sentence that announces the tier, for stderr. */
export function announceTier(choice: TierChoice): string {
  const what = {
    cgroup: 'cgroup tier: every task in its own cgroup v2, memory counted by the kernel',
    hybrid: 'hybrid tier: cgroup v2 for killing and freezing, memory added up from /proc',
    procfs: 'procfs tier: process groups, memory added up from /proc',
  }[choice.tier];
  const how = choice.kind === 'relaunch' ? ` (under ${choice.command[0] ?? 'systemd-run'})` : '';
  if (choice.downgrade === undefined) return `${what}${how}`;
  return `${what}${how}; ${choice.downgrade.why} (memsched doctor says how to mend it)`;
}

function named(tier: 'cgroup' | 'hybrid', state: TierState): Result<TierChoice, HostError> {
  switch (state.kind) {
    case 'here':
      return ok({ kind: 'here', tier, rootDirectory: state.rootDirectory });
    case 'relaunch':
      return ok({ kind: 'relaunch', tier, command: state.command });
    case 'no':
      return err(new HostError(`the ${tier} tier is not to be had: ${state.why}`, state.mend));
  }
}

function best(cgroup: TierState, hybrid: TierState): TierChoice {
  if (cgroup.kind === 'relaunch')
    return { kind: 'relaunch', tier: 'cgroup', command: cgroup.command };
  if (cgroup.kind === 'here') {
    return { kind: 'here', tier: 'cgroup', rootDirectory: cgroup.rootDirectory };
  }
  const downgrade = { why: cgroup.why, mend: cgroup.mend };
  switch (hybrid.kind) {
    case 'here':
      return { kind: 'here', tier: 'hybrid', rootDirectory: hybrid.rootDirectory, downgrade };
    case 'relaunch':
      return { kind: 'relaunch', tier: 'hybrid', command: hybrid.command, downgrade };
    case 'no':
      return { kind: 'here', tier: 'procfs', downgrade };
  }
}
