import { spawn } from 'node:child_process';
import { describeError } from '../../util/system-error.js';

/** `flock -n` says so when someone else has the lock (flock(1)). */
const BUSY = 1;

/** What became of the wish for a lock. */
export type FlockAnswer =
  | { readonly kind: 'locked' | 'busy' }
  /** There are no locks to be had here. */
  | { readonly kind: 'none'; readonly why: string };

/**
 * Locks an open file, if nobody else has it locked. The lock is the kernel's (flock(2)): it belongs to the open file, and
 * goes with the process that has it open, however that ends. Node has no call for it, so flock(1) takes it on the
 * descriptor that it inherits.
 */
export function flock(fd: number): Promise<FlockAnswer> {
  return new Promise((resolve) => {
    const child = spawn('flock', ['-x', '-n', '3'], {
      stdio: ['ignore', 'ignore', 'pipe', fd],
    });
    let said = '';
    child.stderr?.on('data', (piece: Buffer) => {
      said += piece.toString();
    });
    child.once('error', (error) => {
      resolve({ kind: 'none', why: `flock cannot be run: ${describeError(error)}` });
    });
    child.once('close', (code) => {
      if (code === 0) resolve({ kind: 'locked' });
      else if (code === BUSY || code === null) resolve({ kind: 'busy' });
      else resolve({ kind: 'none', why: said.trim() || `flock ended with code ${code}` });
    });
  });
}
