import { learn } from '../../src/core/learning/learn.js';
import { predictPeak } from '../../src/core/learning/predict.js';
import { emptyProfile, type GroupProfile } from '../../src/core/learning/profile.js';
import type { CompletedRun, ProfileStrategy } from '../../src/core/learning/types.js';
import type { Job } from './job.js';
import { VpaHistogram } from '../vpa.js';

/** A way to say beforehand what a job will need. */
export interface Contestant {
  readonly name: string;
  /** Undefined when it knows nothing of the job's group. Must look at nothing that is known only after the job ran. */
  predict(job: Job): number | undefined;
  learn(job: Job): void;
}

/** What expected-cost is measured against. */
export const YARDSTICK = 'max × 1.1';
/** The strategy that the gate is for. */
export const JUDGED = 'expected-cost';

/** All of them, new, for one replay. */
export function contestants(hasInputs: boolean): Contestant[] {
  const strategies: ProfileStrategy[] = ['avg', 'p50', 'p95', 'peak', JUDGED];
  return [
    userRequest(),
    quantileOf('max × 1', 1, 1),
    quantileOf(YARDSTICK, 1, 1.1),
    quantileOf('max × 1.5', 1, 1.5),
    quantileOf('p95 of all', 0.95, 1),
    quantileOf('p99 of all × 1.1', 0.99, 1.1),
    vpa(),
    ...strategies.map((strategy) => ours(strategy, false)),
    ...(hasInputs ? [ours(JUDGED, true)] : []),
  ];
}

/** What memsched says; with `knowsInputs` it is told the size of each job's input. */
function ours(strategy: ProfileStrategy, knowsInputs: boolean): Contestant {
  const profiles = new Map<string, GroupProfile>();
  const profileOf = (group: string): GroupProfile => profiles.get(group) ?? emptyProfile();
  return {
    name: knowsInputs ? `${strategy}, inputs` : strategy,
    predict: ({ group, run: { inputBytes } }) =>
      predictPeak(profileOf(group), strategy, knowsInputs ? { inputBytes } : {})?.bytes,
    learn: ({ group, run }) => {
      profiles.set(group, learn(profileOf(group), knowsInputs ? run : withoutInput(run)));
    },
  };
}

function withoutInput(run: CompletedRun): CompletedRun {
  const { inputBytes, ...rest } = run;
  return inputBytes === undefined ? run : rest;
}

/** What the user asked for. */
function vpa(): Contestant {
  const groups = new Map<string, VpaHistogram>();
  return {
    name: 'VPA',
    predict: ({ group }) => groups.get(group)?.recommendation(),
    learn: ({ group, run: { peakBytes, endedAtMs } }) => {
      const known = groups.get(group) ?? new VpaHistogram(endedAtMs);
      groups.set(group, known);
      known.learn(peakBytes, endedAtMs);
    },
  };
}

function userRequest(): Contestant {
  return {
    name: 'user request',
    predict: ({ requestBytes }) => requestBytes,
    learn: () => undefined,
  };
}

/** A quantile of all peaks of the group so far, times a margin. */
function quantileOf(name: string, q: number, margin: number): Contestant {
  const groups = new Map<string, number[]>();
  return {
    name,
    predict: ({ group }) => {
      const peaks = groups.get(group);
      return peaks && margin * (peaks[Math.ceil(q * peaks.length) - 1] ?? 0);
    },
    learn: ({ group, run: { peakBytes } }) => {
      const peaks = groups.get(group) ?? [];
      const at = peaks.findIndex((peak) => peak >= peakBytes);
      peaks.splice(at === -1 ? peaks.length : at, 0, peakBytes);
      groups.set(group, peaks);
    },
  };
}
