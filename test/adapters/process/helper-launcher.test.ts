import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HelperLauncher } from '../../../src/adapters/process/helper-launcher.js';
import { findPerl } from '../../../src/adapters/process/perl.js';
import { until } from '../../support/poll.js';
import { childrenOf, isRunning, statOf } from '../../support/processes.js';
import { program } from '../../support/programs.js';
import { tempDir } from '../../support/temp-dir.js';
import { bench, launchWith, orderOf, type Bench } from './harness.js';

const PERL = findPerl() ?? 'perl';
const OK = { kind: 'code', code: 0 };

/** The helper behind a bench, once it is there. */
function helperOf(b: Bench): Promise<number> {
  return until('a helper', b.helperPid);
}

/** A task that runs until the test is over. */
function lasting(b: Bench): ReturnType<Bench['launch']> {
  const launched = b.launch({ argv: ['sleep', '600'] });
  onTestFinished(async () => {
    const pid = await launched.pid();
    if (isRunning(pid)) process.kill(pid, 'SIGKILL');
  });
  return launched;
}

describe('the launch helper', () => {
  it('has a name, a session of its own, and hardly any descriptors', async () => {
    const b = bench('helper');
    await b.launch({}).end();
    const helper = await helperOf(b);
    expect(readFileSync(`/proc/${helper}/cmdline`, 'utf8')).toMatch(/^memsched: launcher\0*$/);
    expect(statOf(helper)?.[3]).toBe(String(helper));
    expect(readdirSync(`/proc/${helper}/fd`).length).toBeLessThan(10);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGPIPE', 'SIGUSR1', 'SIGIO'] as const)(
    'goes on after %s',
    async (signal) => {
      const b = bench('helper');
      await b.launch({}).end();
      const helper = await helperOf(b);
      process.kill(helper, signal);
      expect(await b.launch({}).end()).toEqual(OK);
      expect(await helperOf(b)).toBe(helper);
    },
  );

  it('leaves no zombie, and misses no end, however many come together', async () => {
    const b = bench('helper');
    const rounds = 10;
    for (let round = 0; round < rounds; round += 1) {
      const launched = Array.from({ length: 60 }, (_, at) =>
        b.launch({ argv: at % 2 === 0 ? ['true'] : [program('exit-with'), String(at)] }),
      );
      const ends = await Promise.all(launched.map((one) => one.end()));
      expect(ends).toEqual(launched.map((_, at) => ({ kind: 'code', code: at % 2 && at })));
    }
    expect(childrenOf(await helperOf(b))).toEqual([]);
  });

  it('tells death by a real-time signal, which Node cannot name', async () => {
    const b = bench('helper');
    const ends = await Promise.all(
      [34, 36, 64].map((number) =>
        b.launch({ argv: [program('kill-self'), String(number)] }).end(),
      ),
    );
    expect(ends).toEqual([
      { kind: 'signal', signal: 'SIGRTMIN' },
      { kind: 'signal', signal: 'SIGRTMIN+2' },
      { kind: 'signal', signal: 'SIGRTMIN+30' },
    ]);
  });

  it('keeps what the user has set for Perl from itself, and hands it on', async () => {
    const PERL5OPT = '-Mno::such::module';
    const b = bench('helper', { PATH: process.env['PATH'], PERL5OPT, PERL_UNICODE: 'SAD' });
    const launched = b.launch({ argv: ['sh', '-c', 'echo "$PERL5OPT $PERL_UNICODE"'] });
    expect(await launched.end()).toEqual(OK);
    expect(launched.stdout()).toBe(`${PERL5OPT} SAD\n`);
    expect(b.warnings).toEqual([]);
  });

  it('ends with us, and its children do not', async () => {
    const b = bench('helper');
    const task = await lasting(b).pid();
    const helper = await helperOf(b);
    await b.launcher.close();
    expect(isRunning(helper)).toBe(false);
    expect(isRunning(task)).toBe(true);
  });
});

describe('between order and start', () => {
  /** A child that stands before its enclosure: a pipe in the place of `cgroup.procs` lets it in when it is read. */
  async function waiting(b: Bench) {
    const procsFile = join(b.dir, 'procs');
    execFileSync('mkfifo', [procsFile]);
    const launched = b.launch({ argv: ['touch', 'proof'], entry: { procsFile, env: {} } });
    const helper = await helperOf(b);
    const child = await until('the child', () => childrenOf(helper)[0]);
    const letIn = (): void => {
      const fd = openSync(procsFile, 'r');
      onTestFinished(() => {
        closeSync(fd);
      });
    };
    return { launched, child, letIn };
  }

  it('nothing is told before it is in its enclosure', async () => {
    const b = bench('helper');
    const { launched, child, letIn } = await waiting(b);
    expect(await b.launch({}).end()).toEqual(OK);
    expect(launched.news).toEqual([]);
    letIn();
    expect(await launched.pid()).toBe(child);
    expect(await launched.end()).toEqual(OK);
  });

  it('a signal is not lost: it ends the task before its command is executed', async () => {
    const b = bench('helper');
    const { launched, child, letIn } = await waiting(b);
    process.kill(child, 'SIGTERM');
    letIn();
    expect(await launched.end()).toEqual({ kind: 'signal', signal: 'SIGTERM' });
    expect(readdirSync(b.dir)).not.toContain('proof');
  });

  it('one that is killed has ended, and has never started', async () => {
    const b = bench('helper');
    const { launched, child } = await waiting(b);
    process.kill(child, 'SIGKILL');
    expect(await launched.end()).toEqual({ kind: 'signal', signal: 'SIGKILL' });
    expect(launched.news).toEqual(['ended']);
  });

  it('close() waits for those who are on their way', async () => {
    const b = bench('helper');
    const launched = Array.from({ length: 20 }, () => b.launch({ argv: ['sleep', '600'] }));
    await b.launcher.close();
    const pids = await Promise.all(launched.map((one) => one.pid()));
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    expect(pids).toHaveLength(20);
  });
});

describe('when the helper dies', () => {
  it('its tasks are lost and say so, and a new one takes over', async () => {
    const b = bench('helper');
    const launched = [lasting(b), lasting(b)];
    for (const one of launched) await one.pid();
    const first = await helperOf(b);
    process.kill(first, 'SIGKILL');
    for (const one of launched) {
      expect(await one.end()).toEqual({
        kind: 'unknown',
        why: expect.stringContaining(`(process ${first}) was ended by SIGKILL`) as string,
      });
    }
    expect(b.warnings).toEqual([expect.stringContaining('was ended by SIGKILL')]);
    expect(await b.launch({}).end()).toEqual(OK);
    expect(await helperOf(b)).not.toBe(first);
  });

  it('an order that comes in the meantime is not forgotten', async () => {
    const b = bench('helper');
    await b.launch({}).end();
    process.kill(await helperOf(b), 'SIGKILL');
    // It may reach the old one no more, and then it is lost, or be the first of the new one.
    const end = await b.launch({}).end();
    expect(['unknown', 'code']).toContain(end.kind);
    expect(await b.launch({}).end()).toEqual(OK);
  });

  it('again and again, tasks are started without', async () => {
    const b = bench('helper');
    for (let times = 0; times < 4; times += 1) {
      await b.launch({}).end();
      const helper = await helperOf(b);
      process.kill(helper, 'SIGKILL');
      await until('the death to be told', () => b.warnings.length > times);
    }
    expect(await b.launch({}).end()).toEqual(OK);
    expect(b.helperPid()).toBeUndefined();
    expect(b.warnings.at(-1)).toContain('started without');
  });
});

describe('where no helper comes up', () => {
  /** A launcher with something else in the place of Perl. */
  function withPerl(perl: string): Bench {
    const plain = bench('in-process');
    const warnings: string[] = [];
    const launcher = new HelperLauncher({
      perl,
      fallBack: () => plain.launcher,
      warn: (sentence) => warnings.push(sentence),
    });
    onTestFinished(() => launcher.close());
    let count = 0;
    const launch: Bench['launch'] = (wanted) =>
      launchWith(launcher, orderOf(plain.dir, (count += 1), wanted));
    return { dir: plain.dir, launcher, helperPid: () => launcher.helperPid, warnings, launch };
  }

  it.each([
    ['there is no such program', '/none/perl'],
    ['it ends at once', '/bin/false'],
  ])('%s: what was ordered is started all the same, and it is said once', async (_, perl) => {
    const b = withPerl(perl);
    const early = b.launch({ argv: ['echo', 'early'] });
    const wrong = b.launch({ argv: ['sh'], entry: { procsFile: '/none/procs', env: {} } });
    expect(await early.end()).toEqual(OK);
    expect(early.news).toEqual(['started', 'ended']);
    expect(early.stdout()).toBe('early\n');
    expect(await wrong.failure()).toContain('could not enter');
    expect(await b.launch({}).end()).toEqual(OK);
    expect(b.warnings).toEqual([expect.stringContaining('without the launch helper')]);
  });

  it('a Perl without its modules says what it lacks', async () => {
    const dir = tempDir();
    const perl = join(dir, 'perl');
    writeFileSync(perl, `#!/bin/sh\nexec ${PERL} -e 'require No::Such::Module'\n`);
    chmodSync(perl, 0o755);
    const b = withPerl(perl);
    expect(await b.launch({}).end()).toEqual(OK);
    expect(b.warnings[0]).toMatch(/Can't locate No\/Such\/Module\.pm/);
  });

  it('a fork that the kernel refuses is a launch that failed', async () => {
    const dir = tempDir();
    const perl = join(dir, 'perl');
    // Root may have any number of processes.
    const asNobody = process.geteuid?.() === 0 ? 'setpriv --reuid=65534 --clear-groups ' : '';
    writeFileSync(perl, `#!/bin/sh\nexec ${asNobody}prlimit --nproc=1:1 ${PERL} "$@"\n`);
    chmodSync(perl, 0o755);
    const b = withPerl(perl);
    chmodSync(b.dir, 0o777);
    expect(await b.launch({}).failure()).toMatch(/^cannot start a process: .*\(EAGAIN\)$/);
    expect(b.warnings).toEqual([]);
  });
});
