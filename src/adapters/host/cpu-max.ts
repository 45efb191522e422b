/**
 * Parses `cpu.max` (cgroup-v2.rst): quota and period in microseconds.
 *
 * @returns how many processors' worth of time, or undefined when there is no limit.
 */
export function parseCpuMax(text: string): number | undefined {
  const [quota, period] = text.trim().split(' ');
  if (quota === undefined || quota === 'max') return undefined;
  const cpus = Number(quota) / Number(period ?? '100000');
  return Number.isFinite(cpus) && cpus > 0 ? cpus : undefined;
}
