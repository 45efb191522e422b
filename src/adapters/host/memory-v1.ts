import { keyedNumber } from './flat-keyed.js';

/** "No limit" in cgroup v1 is the largest page-aligned 64-bit number; anything this large is none. */
const NO_LIMIT_FROM = 2 ** 60;

/** A cgroup v1 `memory.stat`, as far as it matters here. Bytes. */
export interface MemoryStatV1 {
  /** The smallest limit from here to the root, also of ancestors that we cannot see. */
  readonly hierarchicalLimitBytes: number | 'max';
  /** Page cache of this group and all below it. */
  readonly cacheBytes: number;
}

/** Parses cgroup v1 `memory.stat` (cgroup-v1/memory.rst). */
export function parseMemoryStatV1(text: string): MemoryStatV1 {
  const file = (name: string): number =>
    keyedNumber(text, `total_${name}`) ?? keyedNumber(text, name) ?? 0;
  return {
    hierarchicalLimitBytes: limitV1(keyedNumber(text, 'hierarchical_memory_limit')),
    cacheBytes: file('inactive_file') + file('active_file'),
  };
}

/** `memory.limit_in_bytes`: what v1 writes for "no limit" becomes `max`. */
export function limitV1(bytes: number | undefined): number | 'max' {
  return bytes === undefined || bytes >= NO_LIMIT_FROM ? 'max' : bytes;
}
