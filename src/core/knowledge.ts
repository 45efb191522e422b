import type { AttemptEnded } from './events.js';
import { learn } from './learning/learn.js';
import { completedRuns, emptyProfile, type GroupProfile } from './learning/profile.js';
import { sampleOf } from './learning/sample.js';
import type { RunSample } from './learning/types.js';
import type { RunState } from './run-state.js';
import { taskKeyOf } from './task-key.js';

/** What earlier runs have shown, by group. */
export type Priors = ReadonlyMap<string, GroupProfile>;

/** No earlier run. */
export const NO_PRIORS: Priors = new Map();

/**
 * What is known of groups: from earlier runs, and more with each attempt that ends. Not part of the journalled state:
 * it is made again from the profile store and the events.
 */
export interface Knowledge {
  readonly groups: Map<string, GroupProfile>;
  /** What was known before the first task of this run. */
  readonly priors: Priors;
  /** What groups that have finished in this run have shown. */
  readonly run: {
    readonly groups: Set<string>;
    /** The largest of all peaks, and the sum of the first of each group. */
    maxBytes: number;
    sumBytes: number;
  };
}

/** What is known before the first task of a run. */
export function initialKnowledge(priors: Priors): Knowledge {
  return { groups: new Map(priors), priors, run: { groups: new Set(), maxBytes: 0, sumBytes: 0 } };
}

/**
 * Takes in what an ended attempt has shown.
 *
 * @returns true when it is the first peak that is known of its group.
 */
export function learnFrom(knowledge: Knowledge, group: string, sample: RunSample): boolean {
  const before = knowledge.groups.get(group) ?? emptyProfile();
  knowledge.groups.set(group, learn(before, sample));
  if (sample.kind !== 'completed') return false;
  const { run } = knowledge;
  run.maxBytes = Math.max(run.maxBytes, sample.peakBytes);
  if (!run.groups.has(group)) {
    run.groups.add(group);
    run.sumBytes += sample.peakBytes;
  }
  return completedRuns(before) === 0;
}

/**
 * Takes in once more what attempts have shown to the supervisor before, which has stored nothing of it.
 *
 * @param ended - in order.
 */
export function relearn(
  knowledge: Knowledge,
  { started, tasks }: Pick<RunState, 'started' | 'tasks'>,
  ended: readonly AttemptEnded[],
): void {
  if (started === undefined) return;
  for (const event of ended) {
    const spec = tasks.get(event.task)?.spec;
    if (spec === undefined) continue;
    const endedAtMs = started.startedAtMs + event.tMs;
    const sample = sampleOf(event, started.tier, endedAtMs, taskKeyOf(spec));
    if (sample !== undefined) learnFrom(knowledge, spec.group, sample);
  }
}
