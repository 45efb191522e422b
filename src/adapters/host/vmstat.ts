import { keyedNumber } from './flat-keyed.js';

/** `/proc/vmstat`, as far as it matters here. */
export interface Vmstat {
  /** Pages scanned for reclaim because the whole host was short of memory. */
  readonly scannedPages: number;
  /** Processes killed by any OOM killer since boot; undefined before kernel 4.13, which began to count them. */
  readonly oomKills: number | undefined;
}

/** Parses `/proc/vmstat`. A missing `pgscan` is 0. */
export function parseVmstat(text: string): Vmstat {
  return {
    scannedPages:
      (keyedNumber(text, 'pgscan_kswapd') ?? 0) + (keyedNumber(text, 'pgscan_direct') ?? 0),
    oomKills: keyedNumber(text, 'oom_kill'),
  };
}
