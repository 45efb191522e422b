import { resolve } from 'node:path';
import { hasStateDir, stateDir } from '../adapters/journal/state-dir.js';
import { learnInto } from '../adapters/profiles/learn-into.js';
import { openFileStore, openFolderStore } from '../adapters/profiles/open-store.js';
import { troubleWords, type ProfileStore } from '../adapters/profiles/profile-store.js';
import { ProfileRecorder } from '../adapters/profiles/recorder.js';
import type { Reading } from '../adapters/profiles/shelf.js';
import type { Tier } from '../core/events.js';
import { isComparable, STORED_RUNS_MIN } from '../core/growth-gate.js';
import { NO_PRIORS, type Priors } from '../core/knowledge.js';
import { printable } from '../util/printable.js';
import type { EventSink } from '../supervisor/ports.js';
import type { RunPlan } from '../supervisor/run-plan.js';
import { UsageError } from './errors.js';
import type { LoadedPlan } from './load-plan.js';

/** Which profiles a run looks at: those of this host, those of one file, or none. */
export type ProfileChoice =
  | { readonly kind: 'host' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'none' };

type Warn = (sentence: string) => void;

/** What a run knows from earlier ones, and how it hands on what it learns itself. */
export interface RunProfiles {
  readonly priors: Priors;
  /** Absolute path of the portable file, if that is what is used. */
  readonly file: string | undefined;
  /** Wants every event. */
  readonly sink: EventSink;
  /**
   * Stores what was learned, once the run is over. Never fails: troubles are told.
   *
   * @param groups - what the loop knows of groups by now.
   */
  store(groups: Priors): Promise<void>;
}

/**
 * Opens the profiles that were chosen.
 *
 * @throws ProfileError when the file cannot be one of profiles, HostError when the state folder cannot be trusted.
 */
export function openProfileStore(
  choice: Exclude<ProfileChoice, { kind: 'none' }>,
  warn: Warn,
): ProfileStore {
  const options = {
    warn: (sentence: string): void => {
      warn(printable(sentence));
    },
  };
  if (choice.kind === 'file') return openFileStore(choice.path, options);
  const state = stateDir();
  hasStateDir(state);
  return openFolderStore(state, options);
}

/**
 * Loads the profiles of a plan's groups, for a run that will add to them.
 *
 * @throws ProfileError or UsageError when `--profile-file` names something else than a file of profiles.
 */
export async function openRunProfiles(
  choice: ProfileChoice,
  { plan, path }: LoadedPlan,
  warn: Warn,
): Promise<RunProfiles> {
  if (choice.kind === 'none') return withoutProfiles(plan, warn);
  refuseJobfile(choice, path);
  const store = openProfileStore(choice, warn);
  const priors = priorsFrom(await store.read(groupsOf(plan)), warn);
  const recorder = new ProfileRecorder();
  return {
    priors,
    file: choice.kind === 'file' ? store.path : undefined,
    sink: recorder,
    async store(groups) {
      const stored = await learnInto(store, { samples: recorder.samples(), priors, groups });
      if (!stored.ok)
        warn(`what this run has learned is not stored, or not all of it: ${stored.error}`);
    },
  };
}

/** The same for `plan` and dry runs: nothing on disk is touched. */
export function lookAtProfiles(
  choice: ProfileChoice,
  { plan, path }: LoadedPlan,
  warn: Warn,
): Priors {
  if (choice.kind === 'none') return NO_PRIORS;
  refuseJobfile(choice, path);
  return priorsFrom(openProfileStore(choice, warn).look(groupsOf(plan)), warn);
}

function withoutProfiles(plan: RunPlan, warn: Warn): RunProfiles {
  if (plan.config.maxGrowthPct !== undefined)
    warn('max_growth has no effect with --no-profile: there is nothing to compare with');
  return {
    priors: NO_PRIORS,
    file: undefined,
    sink: { emit: () => undefined },
    store: () => Promise.resolve(),
  };
}

function groupsOf({ tasks, template }: RunPlan): ReadonlySet<string> {
  const groups = new Set(tasks.map(({ group }) => group));
  return template === undefined ? groups : groups.add(template.group);
}

function priorsFrom({ profiles, troubles }: Reading, warn: Warn): Priors {
  for (const trouble of troubles) {
    if (trouble.flaw.kind === 'foreign') throw new UsageError(printable(troubleWords(trouble)));
    warn(printable(`${troubleWords(trouble)}. This run goes without it and leaves it as it is`));
  }
  return new Map([...profiles].map(([group, { profile }]) => [group, profile]));
}

/** Tells when the gate has nothing to compare with: it would stay green whatever happens. */
export function warnIfGateIsIdle(plan: RunPlan, priors: Priors, tier: Tier, warn: Warn): void {
  if (plan.config.maxGrowthPct === undefined) return;
  if ([...groupsOf(plan)].some((group) => isComparable(priors.get(group), tier))) return;
  warn(
    `max_growth compares nothing in this run: no group has ${STORED_RUNS_MIN} stored runs of tier ${tier} yet`,
  );
}

/** @throws UsageError when the portable file is the jobfile itself, which would be overwritten. */
function refuseJobfile(choice: ProfileChoice, jobfile: string): void {
  if (choice.kind !== 'file' || jobfile === '-' || resolve(choice.path) !== resolve(jobfile))
    return;
  throw new UsageError(`--profile-file ${choice.path} is the jobfile; name another file`);
}
