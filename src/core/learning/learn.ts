import { runsSinceChange } from './drift.js';
import { chargedWith, isOverrun } from './expected-cost.js';
import { addSample } from './histogram.js';
import { emptyProfile, explains, RING_BOUNDS, RING_RUNS, type GroupProfile } from './profile.js';
import type { CensoredRun, CompletedRun, RunSample } from './types.js';

/** The profile with one more attempt in it. Samples are best learned in the order in which they ended. */
export function learn(profile: GroupProfile, sample: RunSample): GroupProfile {
  return sample.kind === 'completed'
    ? learnCompleted(profile, sample)
    : { ...profile, bounds: unexplained(inOrder([...profile.bounds, sample]), profile.runs) };
}

/** {@link learn} for many. Their order does not matter, nor whether they are older than what is known. */
export function learnAll(profile: GroupProfile, samples: readonly RunSample[]): GroupProfile {
  const newest = profile.runs.at(-1)?.endedAtMs ?? -Infinity;
  const ordered = inOrder(samples);
  const [first] = ordered;
  if (first === undefined || first.endedAtMs > newest) return ordered.reduce(learn, profile);
  const all = inOrder([...profile.runs, ...profile.bounds, ...ordered]);
  const anew = all.reduce(learn, emptyProfile());
  const completed = samples.filter(({ kind }) => kind === 'completed').length;
  return { ...anew, learned: profile.learned + completed };
}

/** What both know, each run once. The order of the two does not matter. */
export function mergeProfiles(a: GroupProfile, b: GroupProfile): GroupProfile {
  const known = new Set(samplesOf(a).map(identityOf));
  const added = samplesOf(b).filter((sample) => !known.has(identityOf(sample)));
  const all = inOrder([...samplesOf(a), ...added]);
  const anew = all.reduce(learn, emptyProfile());
  const shared = a.runs.length + b.runs.length - all.filter(isCompleted).length;
  // What has left both rings can no longer be told apart, unless the two have nothing in common.
  const learned =
    shared === 0
      ? a.learned + b.learned
      : Math.max(a.learned + b.runs.length, b.learned + a.runs.length) - shared;
  return { ...anew, learned };
}

function learnCompleted(profile: GroupProfile, run: CompletedRun): GroupProfile {
  const next = withRun(profile, run);
  const kept = runsSinceChange(next.runs, next.overruns);
  if (kept === undefined) return next;
  const { runs, bounds, learned } = next;
  return { ...runs.slice(-kept).reduce(learnCompleted, emptyProfile()), bounds, learned };
}

function withRun(profile: GroupProfile, run: CompletedRun): GroupProfile {
  return {
    ...chargedWith(profile, run),
    runs: inserted(profile.runs, run).slice(-RING_RUNS),
    bounds: unexplained(profile.bounds, [run]),
    learned: profile.learned + 1,
    peaks: addSample(profile.peaks, run.peakBytes, run.endedAtMs),
    overruns: isOverrun(profile, run) ? profile.overruns + 1 : 0,
  };
}

/** The runs with one more at its place, which is mostly the last. */
function inserted(runs: readonly CompletedRun[], run: CompletedRun): readonly CompletedRun[] {
  let at = runs.length;
  while (at > 0 && isBefore(run, runs[at - 1] ?? run)) at -= 1;
  return runs.toSpliced(at, 0, run);
}

/** The bounds that no run of the same task has explained; where that is not known, none at all. */
function unexplained(
  bounds: readonly CensoredRun[],
  runs: readonly CompletedRun[],
): readonly CensoredRun[] {
  const mayBeSame = (bound: CensoredRun, run: CompletedRun): boolean =>
    bound.task === undefined || run.task === undefined || bound.task === run.task;
  return bounds
    .filter((bound) => !runs.some((run) => mayBeSame(bound, run) && explains(bound, run)))
    .slice(-RING_BOUNDS);
}

function samplesOf({ runs, bounds }: GroupProfile): readonly RunSample[] {
  return [...runs, ...bounds];
}

function isCompleted(sample: RunSample): sample is CompletedRun {
  return sample.kind === 'completed';
}

/** By the time they ended; what ended at once, always in the same order. */
function inOrder<Sample extends RunSample>(samples: readonly Sample[]): readonly Sample[] {
  return [...samples].sort((a, b) => Number(isBefore(b, a)) - Number(isBefore(a, b)));
}

function isBefore(a: RunSample, b: RunSample): boolean {
  return a.endedAtMs === b.endedAtMs ? identityOf(a) < identityOf(b) : a.endedAtMs < b.endedAtMs;
}

/** The same for the same sample, whatever the order of its fields. */
function identityOf(sample: RunSample): string {
  const { kind, endedAtMs, durationMs, peakBytes, inputBytes, task, tier } = sample;
  const seen = sample.kind === 'completed' ? [sample.cpuMs, sample.curve] : [];
  return [kind, endedAtMs, durationMs, peakBytes, inputBytes, task, tier, ...seen].join(' ');
}
