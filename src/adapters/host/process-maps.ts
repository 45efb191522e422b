import { KiB } from '../../util/bytes.js';

/** `/proc/PID/statm`, in bytes. */
export interface Statm {
  /** Resident anonymous memory: all of resident less what belongs to files and shared memory. */
  readonly anonBytes: number;
  /** Resident pages of files and of shared memory. */
  readonly sharedBytes: number;
}

/** `/proc/PID/smaps_rollup`: shares of a process in what it uses together with others. Bytes. */
export interface PssRollup {
  readonly anonBytes: number;
  readonly shmemBytes: number;
}

/** Parses `/proc/PID/statm` (proc_pid_statm(5)): pages; the third field counts file and shmem pages. */
export function parseStatm(text: string, pageBytes: number): Statm | undefined {
  const [, resident, shared] = text.split(' ', 3);
  const pages = Number(resident) - Number(shared);
  if (!Number.isFinite(pages)) return undefined;
  return { anonBytes: Math.max(0, pages) * pageBytes, sharedBytes: Number(shared) * pageBytes };
}

/**
 * Parses `/proc/PID/smaps_rollup`. Before kernel 5.3 only the sum `Pss:` is there, page cache included; it then
 * stands for the anonymous part.
 */
export function parseSmapsRollup(text: string): PssRollup | undefined {
  const anonBytes = lineBytes(text, 'Pss_Anon:');
  if (anonBytes !== undefined) {
    return { anonBytes, shmemBytes: lineBytes(text, 'Pss_Shmem:') ?? 0 };
  }
  const pss = lineBytes(text, 'Pss:');
  return pss === undefined ? undefined : { anonBytes: pss, shmemBytes: 0 };
}

function lineBytes(text: string, key: string): number | undefined {
  const start = text.indexOf(`\n${key}`);
  if (start < 0) return undefined;
  const kib = Number.parseInt(text.slice(start + key.length + 1), 10);
  return kib >= 0 ? kib * KiB : undefined;
}
