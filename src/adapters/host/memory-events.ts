import { keyedNumber } from './flat-keyed.js';

/** Counters of `memory.events` or `memory.events.local`. */
export interface MemoryEvents {
  /** Times that someone was slowed at `memory.high`. */
  readonly high: number;
  /** Times that use was about to go over `memory.max`. */
  readonly max: number;
  /** Times that this cgroup's own limit led to the OOM killer. */
  readonly oom: number;
  /** Processes of this cgroup killed by *any* OOM killer. */
  readonly oomKill: number;
}

/** Parses `memory.events` and `memory.events.local` (cgroup-v2.rst). A missing key is 0. */
export function parseMemoryEvents(text: string): MemoryEvents {
  return {
    high: keyedNumber(text, 'high') ?? 0,
    max: keyedNumber(text, 'max') ?? 0,
    oom: keyedNumber(text, 'oom') ?? 0,
    oomKill: keyedNumber(text, 'oom_kill') ?? 0,
  };
}
