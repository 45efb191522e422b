import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../support/temp-dir.js';
import {
  emptied,
  lines,
  REF,
  run,
  runAskable,
  stateOf,
  until,
  type Start,
} from './contract-tasks.js';

/** How signals reach a task, tried with real processes. */
export function signalsContract(start: Start): void {
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
}
