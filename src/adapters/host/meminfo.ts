import { KiB } from '../../util/bytes.js';

/** `/proc/meminfo`, as far as it matters here. Bytes. */
export interface Meminfo {
  readonly totalBytes: number;
  /** What could be allocated without swapping; page cache counts as far as it can be dropped. */
  readonly availableBytes: number;
  readonly swapTotalBytes: number;
  readonly swapFreeBytes: number;
}

/** Parses `/proc/meminfo` (proc_meminfo(5)); its "kB" are KiB. A missing line is 0. */
export function parseMeminfo(text: string): Meminfo {
  return {
    totalBytes: lineBytes(text, 'MemTotal:'),
    availableBytes: lineBytes(text, 'MemAvailable:'),
    swapTotalBytes: lineBytes(text, 'SwapTotal:'),
    swapFreeBytes: lineBytes(text, 'SwapFree:'),
  };
}

function lineBytes(text: string, key: string): number {
  const start = text.indexOf(key);
  if (start < 0) return 0;
  const kib = Number.parseInt(text.slice(start + key.length, start + key.length + 24), 10);
  return kib >= 0 ? kib * KiB : 0;
}
