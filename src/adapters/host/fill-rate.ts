import { performance } from 'node:perf_hooks';
import { MiB } from '../../util/bytes.js';

/** How fast one process can fill memory here. */
export interface FillRate {
  readonly bytesPerS: number;
  readonly sampleBytes: number;
}

const SAMPLE_BYTES = 256 * MiB;
/** No measurement takes more than this share of what is available. */
const SAMPLE_MAX_SHARE = 1 / 16;
const SAMPLE_MIN_BYTES = 16 * MiB;
const PAGE = 4096;

/**
 * Touches fresh memory, one byte a page, and takes the time: the kernel's page faults are what limits an allocator.
 *
 * @param availableBytes - `MemAvailable`; the sample is 256 MiB or a sixteenth of it.
 * @returns undefined when too little is available to measure without harm.
 */
export function measureFillRate(availableBytes: number): FillRate | undefined {
  const sampleBytes = Math.min(SAMPLE_BYTES, Math.floor(availableBytes * SAMPLE_MAX_SHARE));
  if (sampleBytes < SAMPLE_MIN_BYTES) return undefined;
  const start = performance.now();
  const memory = Buffer.allocUnsafeSlow(sampleBytes);
  for (let at = 0; at < sampleBytes; at += PAGE) memory[at] = 1;
  const seconds = (performance.now() - start) / 1000;
  return { bytesPerS: Math.round(sampleBytes / Math.max(seconds, 1e-6)), sampleBytes };
}

/**
 * How much memory all processors together could fill between two samples, at the rate measured for one. An upper
 * bound: they share the memory bus and the kernel's locks.
 */
export function fillPerInterval(rate: FillRate, cpus: number, intervalMs: number): number {
  return Math.round((rate.bytesPerS * Math.max(1, cpus) * intervalMs) / 1000);
}
