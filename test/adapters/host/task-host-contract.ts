import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AttemptRef } from '../../../src/core/observation.js';
import type { Entry, TaskHost } from '../../../src/supervisor/ports.js';
import { MiB } from '../../../src/util/bytes.js';
import { until as pollUntil } from '../../support/poll.js';
import { program } from '../../support/programs.js';
import { tempDir } from '../../support/temp-dir.js';
import { startIn, type RealProcess } from './real-process.js';

const REF: AttemptRef = { task: 'job.a', attempt: 1 };
/** Ends with code 7 when it is asked to. */
const ASKABLE = '$SIG{TERM} = sub { exit 7 }; open F, ">", $ARGV[0]; close F; sleep 1 while 1';
const PERL_BYTES = 12 * MiB;
/** Generous: these tests run on emulated machines, too. */
const DEADLINE_MS = 45_000;

/** What every tier has to do alike, tried with real processes. */
export function taskHostContract(name: string, makeHost: (now: () => number) => TaskHost): void {
  describe(`${name}: what every tier does`, () => {
    const start = (now = (): number => performance.now()): TaskHost => {
      const host = makeHost(now);
      onTestFinished(async () => {
        expect(await host.dispose()).toEqual([]);
      });
      return host;
    };

    it('measures what a task uses, and its peak', async () => {
      const host = start();
      const ready = join(tempDir(), 'ready');
      run(host, REF, [program('alloc'), '--mib', '100', '--hold', '60', '--ready', ready]);
      await until('the memory is there', () => existsSync(ready));
      const sample = await until('the sample shows it', () => {
        const host_ = host.observe();
        const found = host.sample(REF);
        return found !== undefined && found.usedBytes >= 100 * MiB && { found, host: host_ };
      });
      expect(sample.found.usedBytes).toBeLessThan(100 * MiB + PERL_BYTES);
      expect(sample.found.peakBytes).toBeGreaterThanOrEqual(sample.found.usedBytes);
      expect(sample.host.usedBytes).toBeGreaterThanOrEqual(100 * MiB);
      expect(sample.host.usedBytes).toBeLessThan(100 * MiB + 2 * PERL_BYTES);
      host.kill(REF);
      const tally = await emptied(host, REF);
      expect(tally.peakBytes).toBeGreaterThanOrEqual(100 * MiB);
      expect(tally.peakBytes).toBeLessThan(100 * MiB + PERL_BYTES);
      expect(tally.cpuMs).toBeGreaterThan(0);
    });

    it('works out the budget from what it was told last', () => {
      const host = start();
      const before = host.observe().budgetBytes;
      host.setBudget({ kind: 'bytes', bytes: 50 * MiB });
      expect(host.observe().budgetBytes).toBe(50 * MiB);
      host.setBudget({ kind: 'auto' });
      expect(host.observe().budgetBytes).toBeGreaterThan(50 * MiB);
      expect(before).toBeGreaterThan(50 * MiB);
    });

    it('does not count page cache', async (context) => {
      const dir = tempDir();
      if (isMemory(dir)) context.skip(`${dir} lies in memory: its files are no page cache`);
      const host = start();
      const args = ['--mib', '200', '--dir', dir, '--make', '--times', '2', '--hold', '0'];
      const task = run(host, REF, [program('page-cache'), ...args]);
      let most = 0;
      await until('the reader is done', () => {
        host.observe();
        most = Math.max(most, host.sample(REF)?.usedBytes ?? 0);
        return task.child.exitCode !== null;
      });
      expect(task.child.exitCode).toBe(0);
      expect(most).toBeLessThan(60 * MiB);
      expect((await emptied(host, REF)).peakBytes).toBeLessThan(60 * MiB);
    });

    it('counts shared pages of a forked family once', async () => {
      const host = start();
      const ready = join(tempDir(), 'ready');
      // The parent holds 60 MiB and its 4 children share them after the fork.
      const script =
        '$m = "x" x (60 << 20); for (1..4) { fork or do { sleep 60; exit } }' +
        ' open F, ">", $ARGV[0]; close F; sleep 60';
      run(host, REF, ['perl', '-e', script, ready]);
      await until('the family stands', () => existsSync(ready));
      const used = await until('PSS has been looked at', () => {
        host.observe();
        const now = host.sample(REF)?.usedBytes ?? 0;
        return now > 0 && now < 130 * MiB && now;
      });
      expect(used).toBeGreaterThan(55 * MiB);
    });

    it('signals every process once', async () => {
      const host = start();
      const out = join(tempDir(), 'out');
      const script = `
        my ($out) = @ARGV; my $child = fork; my $who = $child ? "parent" : "child";
        $SIG{TERM} = sub { open F, ">>", $out; syswrite F, "$who\\n"; close F; $done = 1 };
        open F, ">>", "$out.ready"; syswrite F, "$who\\n"; close F;
        sleep 1 until $done; waitpid $child, 0 if $child;`;
      const task = run(host, REF, ['perl', '-e', script, out]);
      await until('both stand', () => lines(`${out}.ready`).length === 2);
      host.observe();
      host.signal(REF, 'SIGTERM');
      expect(await task.ended).toBe(0);
      expect(lines(out).toSorted()).toEqual(['child', 'parent']);
      await emptied(host, REF);
    });

    it.each<[what: string, script: string, isDeadly: boolean]>([
      ['nothing about a signal', '', true],
      ['something', '$SIG{TERM} = sub { exit 0 };', false],
      ['as if there were none', '$SIG{TERM} = "IGNORE";', false],
      [
        'nothing before it has time',
        'use POSIX; sigprocmask SIG_BLOCK, POSIX::SigSet->new(SIGTERM);',
        false,
      ],
    ])('knows of who does %s', async (_, script, isDeadly) => {
      const host = start();
      const ready = join(tempDir(), 'ready');
      const code = `${script} open F, ">", $ARGV[0]; close F; sleep 60;`;
      run(host, REF, ['perl', '-e', code, ready]);
      await until('it stands', () => existsSync(ready));
      host.observe();
      expect(host.signal(REF, 'SIGTERM')).toBe(isDeadly);
      host.kill(REF);
      await emptied(host, REF);
    });

    it('knows that who is over already does nothing about a signal', async () => {
      const host = start();
      const task = run(host, REF, ['true']);
      await task.ended;
      expect(host.signal(REF, 'SIGTERM')).toBe(true);
      await emptied(host, REF);
    });

    it('tells of a signal those who handle it, and of them not the children', async () => {
      const host = start();
      const out = join(tempDir(), 'out');
      // A shell that only waits, a program with a handler, and its worker, which has it as well.
      const script = `
        my ($out) = @ARGV; my $who = 'parent';
        $SIG{USR1} = sub { open F, ">>", $out; syswrite F, "$who\n"; close F };
        $who = 'child' if !fork;
        open F, ">>", "$out.ready"; syswrite F, "$who\n"; close F;
        sleep 1 while 1;`;
      const shell = 'perl -e "$1" "$2"; echo over';
      run(host, REF, ['/bin/sh', '-c', shell, 'sh', script, out]);
      await until('both stand', () => lines(`${out}.ready`).length === 2);
      host.observe();
      expect(host.tell(REF, 'SIGUSR1')).toBe(1);
      await until('it was heard', () => lines(out).length > 0);
      expect(lines(out)).toEqual(['parent']);
      expect(host.tell(REF, 'SIGUSR2')).toBe(0);
      host.observe();
      expect(host.sample(REF)?.usedBytes ?? 0).toBeGreaterThan(0);
      host.kill(REF);
      await emptied(host, REF);
    });

    it('lets one more process into the enclosure of an attempt', async () => {
      const host = start();
      const ready = join(tempDir(), 'ready');
      expect(host.entryOf(REF)).toBeUndefined();
      run(host, REF, ['sleep', '60']);
      const entry = host.entryOf(REF);
      if (entry === undefined) throw new Error('the attempt is open');
      const beside = startIn(entry, [
        program('alloc'),
        '--mib',
        '50',
        '--hold',
        '60',
        '--ready',
        ready,
      ]);
      await until('the memory is there', () => existsSync(ready));
      await until('it is counted with', () => {
        host.observe();
        return (host.sample(REF)?.usedBytes ?? 0) > 50 * MiB;
      });
      host.kill(REF);
      await emptied(host, REF);
      await beside.ended;
    });

    it('ends a tree of 200, and says when it is gone', async () => {
      const host = start();
      const ready = join(tempDir(), 'ready');
      const task = run(host, REF, [
        program('fork-tree'),
        '--count',
        '200',
        '--hold',
        '60',
        '--ready',
        ready,
      ]);
      await until('the tree stands', () => existsSync(ready));
      host.observe();
      expect(host.close(REF)).toBe('populated');
      host.kill(REF);
      expect(await task.ended).toBe('SIGKILL');
      await emptied(host, REF);
    });

    it('ends what ignores SIGTERM', async () => {
      const host = start();
      const ready = join(tempDir(), 'ready');
      const task = run(host, REF, [program('ignore-sigterm'), '--hold', '60', '--ready', ready]);
      await until('it stands', () => existsSync(ready));
      host.signal(REF, 'SIGTERM');
      expect(host.close(REF)).toBe('populated');
      host.kill(REF);
      expect(await task.ended).toBe('SIGKILL');
      await emptied(host, REF);
    });

    it('finds a daemon that left its session, and ends it', async () => {
      const host = start();
      const ready = join(tempDir(), 'ready');
      const args = ['--hold', '60', '--mib', '40', '--ready', ready];
      const task = run(host, REF, [program('daemonize'), ...args]);
      await until('the daemon stands', () => existsSync(ready));
      expect(await task.ended).toBe(0);
      const daemon = Number(/\d+/.exec(readFileSync(ready, 'utf8'))?.[0]);
      host.observe();
      expect(host.close(REF)).toBe('populated');
      host.kill(REF);
      await emptied(host, REF);
      await until('the daemon is gone', () => !isRunning(daemon));
    });

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

    it('lets one that was stopped by somebody hear that it is asked to end', async () => {
      const host = start();
      for (const [attempt, isStill] of [
        [1, true],
        [2, false],
      ] as const) {
        const ref = { ...REF, attempt };
        const task = await runAskable(host, ref);
        process.kill(task.pid, 'SIGSTOP');
        // The other one is told before it has stopped.
        if (isStill) await until('it stands still', () => stateOf(task.pid) === 'T');
        host.signal(ref, 'SIGTERM');
        expect(await task.ended).toBe(7);
        await emptied(host, ref);
      }
    });

    it('keeps attempts apart', async () => {
      const host = start();
      const other = { task: 'job.b', attempt: 2 };
      const ready = tempDir();
      for (const [ref, mib] of [
        [REF, '30'],
        [other, '60'],
      ] as const) {
        const file = join(ready, ref.task);
        run(host, ref, [program('alloc'), '--mib', mib, '--hold', '60', '--ready', file]);
        await until('the memory is there', () => existsSync(file));
      }
      await until('both are measured', () => {
        host.observe();
        const [a, b] = [host.sample(REF), host.sample(other)];
        return (a?.usedBytes ?? 0) >= 30 * MiB && (b?.usedBytes ?? 0) >= 60 * MiB;
      });
      expect(host.sample(REF)?.usedBytes).toBeLessThan(30 * MiB + PERL_BYTES);
      host.kill(other);
      await emptied(host, other);
      host.observe();
      expect(host.sample(REF)?.usedBytes).toBeGreaterThanOrEqual(30 * MiB);
      expect(host.sample(other)).toBeUndefined();
    });

    it('enforces a limit of the task: all of it goes, and the counters say why', async () => {
      const host = start();
      const limits = { limitBytes: 64 * MiB };
      const entry = opened(host, REF, limits);
      const args = ['--mib', '400', '--ramp', '4', '--hold', '60'];
      const task = startIn(entry, [program('alloc'), ...args]);
      host.adopt(REF, task.pid);
      await until('it was killed', () => {
        host.observe();
        host.sample(REF);
        return task.child.signalCode !== null;
      });
      expect(await task.ended).toBe('SIGKILL');
      const tally = await emptied(host, REF);
      expect(tally.oom).toMatchObject(
        host.tier === 'cgroup'
          ? { oomKill: expect.toSatisfy((kills: number) => kills >= 1) as unknown }
          : { oomKill: 0, of: 'sampled' },
      );
    });

    it('dispose ends whatever is left', async () => {
      const host = makeHost(() => performance.now());
      const ready = join(tempDir(), 'ready');
      const task = run(host, REF, [program('ignore-sigterm'), '--hold', '60', '--ready', ready]);
      await until('it stands', () => existsSync(ready));
      expect(await host.dispose()).toEqual([]);
      expect(await task.ended).toBe('SIGKILL');
    });

    it('gives no sample of an attempt that nothing lives in', () => {
      const host = start();
      opened(host, REF, {});
      host.observe();
      expect(host.sample(REF)).toBeUndefined();
      expect(host.close(REF)).toMatchObject({ peakBytes: expect.any(Number) as number });
    });

    it('looks at the host', () => {
      const look = start().observe();
      expect(look.budgetBytes).toBeGreaterThan(0);
      expect(look.ceilingBytes).toBeGreaterThanOrEqual(look.budgetBytes);
      expect(look.capacityBytes).toBeGreaterThan(look.ceilingBytes);
      expect(look.availableBytes).toBeLessThan(look.capacityBytes);
      expect(look.outsideBytes).toBeGreaterThan(0);
    });
  });
}

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

function until<T>(what: string, probe: () => T | undefined | false): Promise<T> {
  return pollUntil(what, probe, DEADLINE_MS);
}

/** Opens an attempt or fails. */
export function opened(host: TaskHost, ref: AttemptRef, limits: { limitBytes?: number }): Entry {
  const entry = host.open(ref, limits);
  if (!entry.ok) throw new Error(entry.error.error);
  return entry.value;
}

/** Opens an attempt and starts `argv` in it. */
export function run(host: TaskHost, ref: AttemptRef, argv: readonly string[]): RealProcess {
  const task = startIn(opened(host, ref, {}), argv);
  host.adopt(ref, task.pid);
  return task;
}

/** Starts a task that ends with code 7 when it is asked to, waits until it would, and looks at it. */
async function runAskable(host: TaskHost, ref: AttemptRef): Promise<RealProcess> {
  const ready = join(tempDir(), 'ready');
  const task = run(host, ref, ['perl', '-e', ASKABLE, ready]);
  await until('it stands', () => existsSync(ready));
  host.observe();
  return task;
}

/** Waits until `close` gives the final count. */
export function emptied(host: TaskHost, ref: AttemptRef) {
  return until('the attempt is empty', () => {
    const tally = host.close(ref);
    return tally !== 'populated' && tally;
  });
}

/** tmpfs, or an overlay that may well lie on one (statfs(2)). */
function isMemory(directory: string): boolean {
  const type = statfsSync(directory).type;
  return type === 0x01021994 || type === 0x794c7630;
}

function lines(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
}

function stateOf(pid: number): string | undefined {
  try {
    return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** Whether a process lives: zombies do not. */
export function isRunning(pid: number): boolean {
  const state = stateOf(pid);
  return state !== undefined && state !== 'Z';
}
