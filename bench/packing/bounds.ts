import { areaOf, type Step } from '../../src/core/rehearsal/course.js';

/** What a bound looks at of a job. */
export interface BoundJob {
  readonly steps: readonly Step[];
  readonly cpus: number;
  readonly arrivalMs: number;
  /** Places of jobs that must have finished first. */
  readonly needs: readonly number[];
}

/** The machine. */
export interface BoundMachine {
  readonly memoryBytes: number;
  /** Infinity where they are not to matter. */
  readonly cpus: number;
}

/**
 * Times that no schedule can beat, milliseconds, by what proves it:
 * - `area`: all memory over time, side by side without a gap; `cores`: the same of processors;
 * - `bands`: of uses above a (k+1)th of the memory, no more than k fit at once;
 * - `pairs`: uses that leave too little for any other count as the whole memory;
 * - `arrivals`: what comes late cannot be done before.
 */
export type Bounds = Readonly<
  Record<'area' | 'cores' | 'longest' | 'criticalPath' | 'bands' | 'pairs' | 'arrivals', number>
>;

const MOST_BANDS = 8;
/** Values of λ that are tried; any of them gives a bound. */
const LAMBDAS = 64;
/** Moments from which on only later arrivals are looked at; any of them gives a bound. */
const RELEASES = 64;

/**
 * Lower bounds on the time that a workload takes (prediction.md section 4): for a dual-feasible `f`, under which no
 * uses that fit together sum to more than 1, no schedule without swapping is shorter than the sum of `∫ f(use)`. Killed
 * attempts and start-up are left out: that work need not have been done.
 */
export function boundsOf(jobs: readonly BoundJob[], machine: BoundMachine): Bounds {
  const uses = usesOf(jobs);
  return {
    ...resourceBounds(jobs, uses, machine),
    longest: Math.max(0, ...jobs.map(durationOf)),
    criticalPath: criticalPathOf(jobs),
    arrivals: arrivalsBound(jobs, machine),
  };
}

/** The highest of them: what a makespan is measured against. */
export function highestOf(bounds: Bounds): number {
  return Math.max(...Object.values(bounds));
}

/** The same jobs, as they look to a scheduler that sets aside their peaks all the time. */
export function atPeak(jobs: readonly BoundJob[]): BoundJob[] {
  return jobs.map((job) => ({
    ...job,
    steps: [{ bytes: Math.max(0, ...job.steps.map(({ bytes }) => bytes)), ms: durationOf(job) }],
  }));
}

function durationOf({ steps }: BoundJob): number {
  return steps.reduce((sum, { ms }) => sum + ms, 0);
}

type ResourceBounds = Pick<Bounds, 'area' | 'cores' | 'bands' | 'pairs'>;

function resourceBounds(
  jobs: readonly BoundJob[],
  uses: readonly Step[],
  { memoryBytes, cpus }: BoundMachine,
): ResourceBounds {
  return {
    area: areaOf(uses) / memoryBytes,
    cores: jobs.reduce((sum, job) => sum + job.cpus * durationOf(job), 0) / cpus,
    bands: bandsBound(uses, memoryBytes),
    pairs: pairsBound(uses, memoryBytes),
  };
}

/** All steps of all jobs. */
function usesOf(jobs: readonly BoundJob[]): Step[] {
  return jobs.flatMap(({ steps }) => steps);
}

function bandsBound(uses: readonly Step[], memoryBytes: number): number {
  let most = 0;
  for (let k = 1; k <= MOST_BANDS; k += 1) {
    const line = memoryBytes / (k + 1);
    const above = uses.reduce((sum, { bytes, ms }) => sum + (bytes > line ? ms : 0), 0);
    most = Math.max(most, above / k);
  }
  return most;
}

function pairsBound(uses: readonly Step[], memoryBytes: number): number {
  let most = 0;
  for (let at = 1; at <= LAMBDAS; at += 1) {
    const lambda = at / (2 * LAMBDAS);
    let sum = 0;
    for (const { bytes, ms } of uses) {
      const share = bytes / memoryBytes;
      if (share > 1 - lambda) sum += ms;
      else if (share >= lambda) sum += share * ms;
    }
    most = Math.max(most, sum);
  }
  return most;
}

/**
 * The longest chain of jobs that need each other, from the arrival of the first.
 *
 * @throws RangeError when they need each other in a circle.
 */
function criticalPathOf(jobs: readonly BoundJob[]): number {
  const ends: (number | 'under way' | undefined)[] = jobs.map(() => undefined);
  const endOf = (at: number): number => {
    const known = ends[at];
    if (typeof known === 'number') return known;
    const job = jobs[at];
    if (known === 'under way' || job === undefined)
      throw new RangeError(`job ${at} needs itself, or does not exist`);
    ends[at] = 'under way';
    const end = Math.max(job.arrivalMs, ...job.needs.map(endOf)) + durationOf(job);
    ends[at] = end;
    return end;
  };
  return Math.max(0, ...jobs.map((_, at) => endOf(at)));
}

function arrivalsBound(jobs: readonly BoundJob[], machine: BoundMachine): number {
  const moments = [...new Set(jobs.map(({ arrivalMs }) => arrivalMs))].sort((a, b) => a - b);
  const stride = Math.max(1, Math.ceil(moments.length / RELEASES));
  let most = 0;
  for (const releaseMs of moments.filter((_, at) => at % stride === 0)) {
    if (releaseMs === 0) continue;
    const later = jobs.filter(({ arrivalMs }) => arrivalMs >= releaseMs);
    const rest = resourceBounds(later, usesOf(later), machine);
    most = Math.max(most, releaseMs + Math.max(...Object.values(rest)));
  }
  return most;
}
