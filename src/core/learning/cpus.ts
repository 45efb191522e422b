import type { GroupProfile } from './profile.js';
import { weightedMedian } from './statistics.js';

/** Older runs say nothing of how many processors a task keeps busy now. */
const NEWEST_RUNS = 30;

/**
 * Processors that a task of the group keeps busy on average over its run: the median of the newest runs, each weighing
 * as much as it lasted, as the short ones measure badly. Undefined when nothing is known.
 */
export function predictCpus({ runs }: GroupProfile): number | undefined {
  return weightedMedian(
    runs
      .slice(-NEWEST_RUNS)
      .map(({ cpuMs, durationMs }) => ({ value: cpuMs / durationMs, weight: durationMs })),
  );
}
