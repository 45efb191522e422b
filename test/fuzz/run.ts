import fc from 'fast-check';
import type { Law } from './target.js';

/** How a law is tried. */
export interface Trial {
  readonly runs?: number;
  readonly seed?: number;
  /** Where in a failed trial its smallest input is, as {@link tryLaw} tells it. */
  readonly path?: string;
  /** After so long it is enough. */
  readonly limitMs?: number;
}

/**
 * Tries a law.
 *
 * @returns how often, with which seed, and what to say where it does not hold.
 */
export async function tryLaw(
  { name, runs: usual, property }: Law,
  { runs = usual, seed, path, limitMs }: Trial,
): Promise<{ readonly runs: number; readonly seed: number; readonly failure?: string }> {
  const details = await fc.check(property(), {
    numRuns: runs,
    ...(seed === undefined ? {} : { seed }),
    ...(path === undefined ? {} : { path }),
    ...(limitMs === undefined ? {} : { interruptAfterTimeLimit: limitMs }),
  });
  const told = { runs: details.numRuns, seed: details.seed };
  if (!details.failed) return told;
  const { errorInstance, counterexample, counterexamplePath } = details;
  const why = errorInstance instanceof Error ? errorInstance.stack : String(errorInstance);
  const input = fc.stringify(counterexample).slice(0, 1000);
  return {
    ...told,
    failure: `${name}: does not hold with --seed ${details.seed} --path ${counterexamplePath ?? '(none was found)'}\n${why ?? ''}\ninput: ${input}`,
  };
}
