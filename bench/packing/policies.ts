import type { ProfileStrategy } from '../../src/core/learning/types.js';
import type { PreemptibleLevel, RunConfig } from '../../src/core/task-spec.js';
import { quantileOf, vpa, type Advisor } from './advisors.js';
import { peakOf, type PackingJob } from './workload.js';

/** A way to decide who starts when. All of them decide by the same `decide`. */
export type Policy = {
  readonly name: string;
  readonly level: PreemptibleLevel;
  /** Settings that a jobfile would have to say; none: the defaults. */
  readonly config?: Partial<RunConfig>;
} & (
  | {
      /** Declared requests, written anew by an advisor as tasks finish; each task is a group of its own. */
      readonly kind: 'requests';
      readonly advisor: () => Advisor;
    }
  | {
      /** One of memsched's own, which learns within the run. */
      readonly kind: 'strategy';
      readonly strategy: ProfileStrategy;
      readonly knows: 'nothing' | 'inputs' | 'requests' | 'an earlier run';
    }
);

/** Peaks are set aside without a reserve and without a line below the last: nothing but they may hold the oracle back. */
const WHOLE_BUDGET = {
  overcommit: 1,
  holdShare: 0.985,
  preemptShare: 0.99,
  criticalShare: 0.995,
} as const satisfies Partial<RunConfig>;

/** What the gates are about. */
export const JUDGED = 'curve';
/** Perfect peaks, with the same settings and with the best there are for it. */
export const ORACLES = ['oracle peak', 'oracle peak, whole budget'] as const;

/** All of them. Whoever is unknown to a baseline counts with what its user asked for. */
export const POLICIES: readonly Policy[] = [
  requests('user request', () => ({ requestFor: askedFor, learn: () => undefined })),
  requests('max × 1.5', () => quantileOf(1, 1.5)),
  requests('max × 1.1', () => quantileOf(1, 1.1)),
  requests('p95', () => quantileOf(0.95, 1)),
  requests('VPA', vpa),
  requests(ORACLES[0], oracle),
  { ...requests(ORACLES[1], oracle), config: WHOLE_BUDGET },
  ours('peak', 'nothing'),
  ours('expected-cost', 'nothing'),
  ours(JUDGED, 'nothing'),
  ours(JUDGED, 'requests'),
  ours(JUDGED, 'inputs'),
  ours(JUDGED, 'an earlier run'),
  { ...ours(JUDGED, 'nothing'), name: `${JUDGED}, level 0`, level: 0 },
];

function requests(name: string, advisor: () => Advisor): Policy {
  return { name, level: 1, kind: 'requests', advisor };
}

type Strategy = Extract<Policy, { kind: 'strategy' }>;

function ours(strategy: ProfileStrategy, knows: Strategy['knows']): Policy {
  const name = knows === 'nothing' ? strategy : `${strategy}, knows ${knows}`;
  return { name, level: 1, kind: 'strategy', strategy, knows };
}

function oracle(): Advisor {
  return { requestFor: peakOf, learn: () => undefined };
}

function askedFor(job: PackingJob): number {
  return job.requestBytes ?? peakOf(job);
}
