import type { GroupProfile } from './profile.js';
import { weightedMedian } from './statistics.js';

/** Older runs say nothing of how many processors a task keeps busy now. */
const NEWEST_RUNS = 30;
/** What shorter runs used of the processors is mostly what starting them cost, and their length is known too roughly. */
const SHORTEST_MS = 200;

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
