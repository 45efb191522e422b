import { keyedNumber } from './flat-keyed.js';

/** Whether a cgroup, or one below it, has a live process, and whether all of them are frozen. */
export interface CgroupEvents {
  readonly populated: boolean;
  readonly frozen: boolean;
}

/** Parses `cgroup.events` (cgroup-v2.rst). */
export function parseCgroupEvents(text: string): CgroupEvents {
  return {
    populated: keyedNumber(text, 'populated') === 1,
    frozen: keyedNumber(text, 'frozen') === 1,
  };
}
