import { closeSync, openSync, readSync } from 'node:fs';
import { assert } from '../../util/assert.js';

const AT_PAGESZ = 6n;

/** The page size in the auxiliary vector of a process (`/proc/PID/auxv`, getauxval(3)), a list of 64-bit pairs. */
export function parsePageBytes(auxv: Buffer): number | undefined {
  for (let at = 0; at + 16 <= auxv.length; at += 16) {
    if (auxv.readBigUInt64LE(at) === AT_PAGESZ) return Number(auxv.readBigUInt64LE(at + 8));
  }
  return undefined;
}

/** The kernel's page size in bytes: 4096 nearly everywhere, up to 65536 on ARM and POWER. */
export function pageBytes(): number {
  const fd = openSync('/proc/self/auxv', 'r');
  try {
    const buffer = Buffer.alloc(4096);
    const length = readSync(fd, buffer, 0, buffer.length, 0);
    const size = parsePageBytes(buffer.subarray(0, length));
    assert(size !== undefined, 'the kernel tells every process its page size');
    return size;
  } finally {
    closeSync(fd);
  }
}
