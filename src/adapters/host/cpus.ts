import { availableParallelism } from 'node:os';
import { parseCpuMax } from './cpu-max.js';
import { readIfAllowed } from './kernel-file.js';

/**
 * Processors that tasks may count on: those we may run on (affinity), or less where `cpu.max` of a cgroup v2 ancestor
 * or the quota of a v1 one gives us less time than that. A fraction is possible (1.5).
 *
 * @param directories - our cgroup and its ancestors in whatever hierarchy has the cpu controller.
 */
export function readCpus(directories: readonly string[]): number {
  const quotas = directories.flatMap((directory) => [quotaV2(directory), quotaV1(directory)]);
  const limits = quotas.filter((quota) => quota !== undefined);
  return Math.min(availableParallelism(), ...limits);
}

function quotaV2(directory: string): number | undefined {
  const text = readIfAllowed(`${directory}/cpu.max`);
  return text === undefined ? undefined : parseCpuMax(text);
}

/** v1 writes −1 for "no quota". */
function quotaV1(directory: string): number | undefined {
  const quotaUs = Number(readIfAllowed(`${directory}/cpu.cfs_quota_us`) ?? '-1');
  const periodUs = Number(readIfAllowed(`${directory}/cpu.cfs_period_us`) ?? '100000');
  return quotaUs > 0 && periodUs > 0 ? quotaUs / periodUs : undefined;
}
