import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { err, ok, type Result } from '../../util/result.js';
import { describeError } from '../../util/system-error.js';
import { flock } from '../host/flock.js';

/** Whoever has the lock writes a few files; this long, and something is wrong with it. */
const WAIT_MAX_MS = 10_000;
const FIRST_PAUSE_MS = 10;
const PAUSE_MAX_MS = 200;

/** What a lock is for. */
export interface LockOptions {
  /** Told when the work is done without a lock, because this host has none to give. */
  readonly warn: (sentence: string) => void;
  readonly waitMaxMs?: number;
}

/**
 * Does `work` while no other process has the same file locked. The file is made when it is missing, and never written
 * to. The lock is the kernel's (flock(2)): it belongs to our open file, and goes with us however we end. Node has no
 * call for it, so flock(1) takes it on the descriptor that it inherits.
 *
 * @param work - synchronous, so that the lock cannot outlive it.
 * @returns a sentence when the file cannot be opened, or is not free in time; `work` was not done then.
 */
export async function withLock<T>(
  file: string,
  { warn, waitMaxMs = WAIT_MAX_MS }: LockOptions,
  work: () => T,
): Promise<Result<T, string>> {
  const deadlineMs = performance.now() + waitMaxMs;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    const opened = open(file);
    if (!opened.ok) return opened;
    const fd = opened.value;
    try {
      const answer = await flock(fd);
      if (answer.kind === 'none') warn(`${file} is written without a lock: ${answer.why}`);
      // Who had the lock before us may have put another file in its place, of which we have no lock.
      if (answer.kind === 'none' || (answer.kind === 'locked' && isStill(file, fd)))
        return ok(work());
    } finally {
      closeSync(fd);
    }
    if (performance.now() > deadlineMs)
      return err(`${file} has been locked by another process for ${waitMaxMs / 1000} s`);
    await sleep(pauseMs);
    pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 2);
  }
}

function open(file: string): Result<number, string> {
  try {
    return ok(openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600));
  } catch (error) {
    return err(`${file} cannot be written: ${describeError(error)}`);
  }
}

function isStill(file: string, fd: number): boolean {
  const there = statSync(file, { throwIfNoEntry: false });
  const ours = fstatSync(fd);
  return there?.ino === ours.ino && there.dev === ours.dev;
}
