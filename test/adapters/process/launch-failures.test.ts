import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  bench as makeBench,
  LAUNCHERS,
  type Bench,
  type Launched,
  type Wanted,
} from './harness.js';

describe.each(LAUNCHERS)('%s launcher', (kind) => {
  const bench = (environment?: NodeJS.ProcessEnv): Bench => makeBench(kind, environment);

  describe('what cannot be started is a sentence at once', () => {
    it.each([
      [
        'a program that does not exist',
        { argv: ['no-such-program'] },
        /no program "no-such-program" in PATH/,
      ],
      [
        'a path that does not exist',
        { argv: ['./none.sh'] },
        /cannot execute .\/none.sh .*no such file or folder \(ENOENT\)/,
      ],
      ['a folder as program', { argv: ['/tmp'] }, /\/tmp is a folder, not a program/],
      [
        'a file that is not executable',
        { argv: ['/etc/passwd'] },
        /\/etc\/passwd is not executable.*chmod \+x/,
      ],
      ['an empty name', { argv: [''] }, /empty name/],
      ['an option as name', { argv: ['-x'] }, /write ".\/-x"/],
      ['a NUL in an argument', { argv: ['echo', 'a\0b'] }, /command contains a NUL/],
      ['a NUL in the environment', { env: { BAD: 'a\0b' } }, /variable BAD contains a NUL/],
      [
        'a folder that does not exist',
        { spec: { cwd: '/none' } },
        /cannot start in \/none: .*ENOENT/,
      ],
      [
        'a file as folder',
        { spec: { cwd: '/etc/passwd' } },
        /cannot start in \/etc\/passwd: it is not a folder/,
      ],
      [
        'a stdin that does not exist',
        { spec: { stdin: '/none' } },
        /cannot read stdin from \/none: .*ENOENT/,
      ],
      ['a folder as stdin', { spec: { stdin: '/tmp' } }, /stdin from \/tmp: it is a folder/],
    ])('%s', (_, wanted, sentence) => {
      const launched = bench().launch(wanted);
      expect(launched.result).toEqual({
        ok: false,
        error: expect.stringMatching(sentence) as string,
      });
    });

    it('a pipe as stdin, without waiting for its writer', () => {
      const b = bench();
      const stdin = join(b.dir, 'fifo');
      execFileSync('mkfifo', [stdin]);
      const launched = b.launch({ argv: ['cat'], spec: { stdin } });
      expect(launched.result).toEqual({
        ok: false,
        error: expect.stringMatching(/pipe or a socket/) as string,
      });
    });
  });

  describe('what cannot be started is a sentence, at once or a little later', () => {
    it.each<[string, Wanted, RegExp]>([
      [
        'a log in no folder',
        { stdoutPath: '/etc/passwd/x.out' },
        /output to \/etc\/passwd\/x.out: .*ENOTDIR/,
      ],
      ['a folder as log', { stderrPath: '/tmp' }, /output to .*: it is a folder/],
      [
        'a log where no folder can be made',
        { stderrPath: '/proc/memsched/x.err' },
        /output to .*ENOENT/,
      ],
      [
        'arguments that are too long',
        { argv: ['true', 'x'.repeat(200_000)] },
        /too long for the kernel \(E2BIG\)/,
      ],
      [
        'an environment that is too long',
        {
          env: Object.fromEntries(
            Array.from({ length: 40 }, (_, at) => [`V${at}`, 'x'.repeat(100_000)]),
          ),
        },
        /too long for the kernel \(E2BIG\)/,
      ],
    ])('%s', async (_, wanted, sentence) => {
      const b = bench();
      expect(await b.launch(wanted).failure()).toMatch(sentence);
      expect(await b.launch({}).end()).toEqual({ kind: 'code', code: 0 });
    });
  });

  it('a program is found again where it was, and elsewhere when it has moved', async () => {
    const b = bench({ PATH: '/usr/bin:/bin' });
    const place = (name: string): string => join(b.dir, name, 'tool');
    for (const name of ['one', 'two']) mkdirSync(join(b.dir, name));
    const env = { PATH: `${join(b.dir, 'one')}:${join(b.dir, 'two')}:/usr/bin:/bin` };
    const run = (): Launched => b.launch({ argv: ['tool'], env });
    writeFileSync(place('one'), '#!/bin/sh\necho "$0"\n', { mode: 0o755 });
    for (let times = 0; times < 2; times += 1) {
      const launched = run();
      expect(await launched.end()).toEqual({ kind: 'code', code: 0 });
      expect(launched.stdout()).toBe(`${place('one')}\n`);
    }
    renameSync(place('one'), place('two'));
    const moved = run();
    expect(await moved.end()).toEqual({ kind: 'code', code: 0 });
    expect(moved.stdout()).toBe(`${place('two')}\n`);
    rmSync(place('two'));
    expect(await run().failure()).toContain('there is no program "tool" in PATH');
  });

  describe('what fails after the fork is no exit code of the task', () => {
    it('a cgroup that cannot be entered: the command is never executed', async () => {
      const b = bench();
      const procsFile = join(b.dir, 'gone', 'cgroup.procs');
      const proof = join(b.dir, 'proof');
      const launched = b.launch({ argv: ['touch', proof], entry: { procsFile, env: {} } });
      expect(await launched.end()).toEqual({
        kind: 'could-not-start',
        fault: {
          error: expect.stringContaining(`could not enter the cgroup of ${procsFile}: `) as string,
        },
      });
      expect(readdirSync(b.dir)).not.toContain('proof');
      if (kind === 'in-process') expect(readdirSync(join(b.dir, 'status'))).toEqual([]);
    });

    it('a kernel that refuses the entry', async () => {
      // Any file of /proc/sys that wants a number in a range refuses 0 with EINVAL, as cgroup.procs may with EBUSY.
      const launched = bench().launch({
        entry: { procsFile: '/proc/sys/kernel/pid_max', env: {} },
      });
      expect(await launched.end()).toMatchObject({ kind: 'could-not-start' });
    });

    it('a script whose interpreter does not exist', async () => {
      const b = bench();
      const script = join(b.dir, 'script');
      writeFileSync(script, '#!/no/such/interpreter\n');
      chmodSync(script, 0o755);
      const launched = b.launch({ argv: ['./script'] });
      expect(await launched.end()).toMatchObject({
        kind: 'could-not-start',
        fault: {
          error: expect.stringMatching(/could not execute .\/script: .*not found/i) as string,
        },
      });
    });

    it('the same with a bash as the shell in between', async () => {
      const b = bench({ ...process.env, 'ODD.NAME': '1' });
      const script = join(b.dir, 'script');
      writeFileSync(script, '#!/no/such/interpreter\n');
      chmodSync(script, 0o755);
      const ends = [
        await b.launch({ argv: ['./script'] }).end(),
        await b.launch({ entry: { procsFile: '/none/cgroup.procs', env: {} } }).end(),
      ];
      expect(ends.map(({ kind }) => kind)).toEqual(['could-not-start', 'could-not-start']);
    });

    it('a script without a first line is run by the shell, as from a command line', async () => {
      const b = bench();
      mkdirSync(join(b.dir, 'bin'));
      const script = join(b.dir, 'bin', 'plain');
      writeFileSync(script, 'echo "plain $1"\n');
      chmodSync(script, 0o755);
      const launched = b.launch({
        argv: ['plain', 'x'],
        env: { PATH: `${b.dir}/bin:/usr/bin:/bin` },
      });
      expect(await launched.end()).toEqual({ kind: 'code', code: 0 });
      expect(launched.stdout()).toBe('plain x\n');
    });
  });
});
