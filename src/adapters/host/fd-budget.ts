import { readdirSync } from 'node:fs';
import { readIfAllowed } from './kernel-file.js';
import { parseLimits } from './rlimits.js';

/** Half of what is free is for log files, pipes and inotify; and beyond this no run is likely to need more. */
const SHARE = 0.5;
const MOST = 16_384;

/** How many descriptors may be kept open for kernel files: half of what the process has left. */
export function fdBudget(procPath: string): number {
  const { openFiles } = parseLimits(readIfAllowed(`${procPath}/self/limits`) ?? '');
  if (openFiles === 'unlimited') return MOST;
  const inUse = readdirSync('/proc/self/fd').length;
  return Math.max(0, Math.min(MOST, Math.floor((openFiles - inUse) * SHARE)));
}
