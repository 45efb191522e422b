import type { GroupProfile } from './profile.js';
import { weightedMedian } from './statistics.js';

/** Older runs say nothing of how many processors a task keeps busy now. */
const NEWEST_RUNS = 30;
/** What shorter runs used of the processors is mostly what starting them cost, and their length is known too roughly. */
const SHORTEST_MS = 200;
/** What a task counts as while nobody knows better. */
export const CPUS_UNKNOWN = 1;
/** So many runs must show that a task keeps less than one processor busy before more of them start than there are. */
const SPARING_RUNS = 3;
/**
 * And each of them must have worked for so long, or taken so long: on a busy host the shortest of programs stands in line
 * for the processors for most of its time, which looks like having no use for them.
 */
const SPARING_CPU_MS = 100;
const SPARING_WALL_MS = 2000;

/**
 * Processors that a task of the group keeps busy on average over its run: the median of the newest runs, each weighing
 * as much as it lasted, as the short ones measure badly. Undefined when nothing is known, as of tasks that take no time.
 */
export function predictCpus({ runs }: GroupProfile): number | undefined {
  return weightedMedian(
    runs
      .slice(-NEWEST_RUNS)
      .filter(({ durationMs }) => durationMs >= SHORTEST_MS)
      .map(({ cpuMs, durationMs }) => ({ value: cpuMs / durationMs, weight: durationMs })),
  );
}

/**
 * The same for letting tasks in: less than one processor is believed only on the word of several runs that cannot have
 * been kept waiting for it.
 */
export function cpusToCount(profile: GroupProfile): number {
  const cpus = predictCpus(profile) ?? CPUS_UNKNOWN;
  return cpus >= CPUS_UNKNOWN || isKnownSparing(profile) ? cpus : CPUS_UNKNOWN;
}

function isKnownSparing({ runs }: GroupProfile): boolean {
  const telling = runs
    .slice(-NEWEST_RUNS)
    .filter(
      ({ cpuMs, durationMs }) =>
        durationMs >= SHORTEST_MS && (cpuMs >= SPARING_CPU_MS || durationMs >= SPARING_WALL_MS),
    );
  return telling.length >= SPARING_RUNS;
}
