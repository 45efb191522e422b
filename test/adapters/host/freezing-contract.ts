import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import type { TaskHost } from '../../../src/supervisor/ports.js';
import { tempDir } from '../../support/temp-dir.js';
import { emptied, REF, run, runAskable, until, type Start } from './contract-tasks.js';

/** Three that write all the time, and one whose children do, each in a life of its own. */
const BUSY_FAMILY = `
  my ($log) = @ARGV;
  sub note { open my $f, ">>", $log; syswrite $f, "."; close $f }
  $SIG{CHLD} = "IGNORE";
  for (1 .. 3) { fork or do { while (1) { note(); select undef, undef, undef, 0.01 } } }
  while (1) { fork or do { note(); exit }; select undef, undef, undef, 0.005 }`;

/** For so long nothing is written by who stands still. */
const STILL_MS = 400;

/** Waits until the file has stopped growing; returns its size. */
function still(host: TaskHost, path: string): Promise<number> {
  let size = -1;
  let sinceMs = performance.now();
  return until('it stands still', () => {
    host.observe();
    host.sample(REF);
    const now = sizeOf(path);
    if (now !== size) [size, sinceMs] = [now, performance.now()];
    return performance.now() - sinceMs >= STILL_MS && size;
  });
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

/** How a task is frozen and thawed, tried with real processes. */
export function freezingContract(start: Start): void {
  it('freezes a family that forks all the time, and lets it go on', async () => {
    const host = start();
    const log = join(tempDir(), 'log');
    const task = run(host, REF, ['perl', '-e', BUSY_FAMILY, log]);
    await until('it is busy', () => sizeOf(log) > 20);
    host.observe();
    host.freeze(REF);
    const size = await still(host, log);
    host.freeze(REF);
    expect(await still(host, log)).toBe(size);
    host.observe();
    expect(host.sample(REF)?.usedBytes).toBeGreaterThan(0);
    host.thaw(REF);
    await until('it goes on', () => sizeOf(log) > size + 20);
    expect(task.child.exitCode).toBeNull();
    host.kill(REF);
    expect(await task.ended).toBe('SIGKILL');
    await emptied(host, REF);
  });

  it('says who was stopped by somebody else, and nothing of what it froze itself', async () => {
    let aheadMs = 0;
    const host = start(() => performance.now() + aheadMs);
    const task = run(host, REF, ['sleep', '60']);
    /** Seen again and again over such a time. */
    const seenOver = (seconds: number): unknown[] =>
      Array.from({ length: seconds * 10 }, () => {
        aheadMs += 100;
        host.observe();
        return host.sample(REF)?.pausedBy;
      });
    await until('it is seen', () => (host.observe(), host.sample(REF) !== undefined));
    expect(new Set(seenOver(12))).toEqual(new Set([undefined]));
    host.freeze(REF);
    expect(new Set(seenOver(30))).toEqual(new Set([undefined]));
    host.thaw(REF);
    expect(new Set(seenOver(12))).toEqual(new Set([undefined]));
    process.kill(task.pid, 'SIGSTOP');
    await until('it stands still', () => seenOver(1).includes('signal'));
    host.kill(REF);
    await emptied(host, REF);
  });

  it('ends a frozen task when it is told to, and one that is asked to end hears of it', async () => {
    const host = start();
    for (const [attempt, isAsked] of [
      [1, true],
      [2, false],
    ] as const) {
      const ref = { ...REF, attempt };
      const task = await runAskable(host, ref);
      host.freeze(ref);
      if (isAsked) host.signal(ref, 'SIGTERM');
      else host.kill(ref);
      expect(await task.ended).toBe(isAsked ? 7 : 'SIGKILL');
      await emptied(host, ref);
    }
  });
}
