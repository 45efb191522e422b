import { program } from '../../support/programs.js';

/** Keys of a job, as in a jobfile. */
export type Job = Readonly<Record<string, unknown>>;

/** A job that ramps up to `mib` MiB and holds it. */
export function alloc(mib: number, rampS: number, holdS: number, keys: Job = {}): Job {
  const run = [program('alloc'), '--mib', mib, '--ramp', rampS, '--hold', holdS];
  return { run: run.map(String), ...keys };
}

/** A job whose memory follows corners `[second, MiB]`. */
export function allocCurve(corners: readonly (readonly [number, number])[], keys: Job = {}): Job {
  const curve = corners.map((corner) => corner.join(':')).join(',');
  return { run: [program('alloc'), '--curve', curve], ...keys };
}

/** `count` jobs that are alike, `name-1`, `name-2`, …; each a job of its own, so that all share one group only if told. */
export function times(count: number, name: string, job: Job): Record<string, Job> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`${name}-${String(at + 1)}`, job]),
  );
}
