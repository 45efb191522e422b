import { existsSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TaskHost } from '../../../src/supervisor/ports.js';
import { MiB } from '../../../src/util/bytes.js';
import { program } from '../../support/programs.js';
import { tempDir } from '../../support/temp-dir.js';
import { emptied, isRunning, opened, REF, run, until, type Start } from './contract-tasks.js';
import { freezingContract } from './freezing-contract.js';
import { startIn } from './real-process.js';
import { signalsContract } from './signals-contract.js';

const PERL_BYTES = 12 * MiB;

/** What every tier has to do alike, tried with real processes. */
export function taskHostContract(name: string, makeHost: (now: () => number) => TaskHost): void {
  describe(`${name}: what every tier does`, () => {
    const start: Start = (now = () => performance.now()) => {
      const host = makeHost(now);
      onTestFinished(async () => {
        expect(await host.dispose()).toEqual([]);
      });
      return host;
    };

    signalsContract(start);
    freezingContract(start);

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

    it('passes over who stands still among many, but not when one begins to grow', async () => {
      let nowMs = 0;
      const host = start(() => nowMs);
      const grow = join(tempDir(), 'grow');
      const grower = run(host, REF, [
        'perl',
        '-e',
        'for my $n (1 .. 3) { select undef, undef, undef, 0.05 until -e "$ARGV[0].$n"; $x .= "x" x ($n ? 1e8 : 0) } sleep 60',
        grow,
      ]);
      const others = Array.from({ length: 25 }, (_, at) => ({ task: `job.${at}`, attempt: 1 }));
      for (const ref of others) run(host, ref, ['sleep', '60']);
      const all = [REF, ...others];
      /** How many of them the next look is at. */
      const looked = (): number => {
        nowMs += 100;
        host.observe();
        return all.filter((ref) => host.sample(ref) !== undefined).length;
      };
      await until('all run', () => looked() === all.length);
      nowMs += 3000;
      await until('they are passed over', () => looked() < 5);
      const counts = Array.from({ length: 20 }, looked);
      expect(counts).toContain(all.length);
      expect(counts.filter((count) => count < 5).length).toBeGreaterThan(5);
      expect(host.observe().usedBytes).toBeGreaterThan(2 * MiB);
      // Who gives back as much in the same moment may hide it once.
      const atOnce: number[] = [];
      for (const n of [1, 2, 3]) {
        await until('all were just looked at', () => looked() === all.length);
        writeFileSync(`${grow}.${n}`, '');
        await until('it has grown', () => residentBytes(grower.pid) > (n + 1) * 90 * MiB);
        atOnce.push(looked());
      }
      expect(atOnce).toContain(all.length);
      expect(host.sample(REF)?.usedBytes).toBeGreaterThan(90 * MiB);
      for (const ref of all) host.kill(ref);
      for (const ref of all) await emptied(host, ref);
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

function residentBytes(pid: number): number {
  const pages = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1];
  return Number(pages) * 4096;
}

/** tmpfs, or an overlay that may well lie on one (statfs(2)). */
function isMemory(directory: string): boolean {
  const type = statfsSync(directory).type;
  return type === 0x01021994 || type === 0x794c7630;
}
