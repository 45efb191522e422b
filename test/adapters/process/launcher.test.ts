import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { program } from '../../support/programs.js';
import { until } from '../../support/poll.js';
import { bench as makeBench, LAUNCHERS, type Bench } from './harness.js';

/** The KEY=VALUE lines of show-process and show-env. */
function facts(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .trimEnd()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}

describe.each(LAUNCHERS)('%s launcher', (kind) => {
  const bench = (environment?: NodeJS.ProcessEnv): Bench => makeBench(kind, environment);

  describe('a launched process', () => {
    it('has its own session and process group, under the process id that is told', async () => {
      const launched = bench().launch({ argv: [program('show-process')] });
      const pid = String(await launched.pid());
      expect(await launched.end()).toEqual({ kind: 'code', code: 0 });
      expect(facts(launched.stdout())).toMatchObject({ pid, pgrp: pid, session: pid });
    });

    it('gets default signal dispositions, an empty mask, our umask and no descriptor of ours', async () => {
      const before = process.umask(0o027);
      try {
        const launched = bench().launch({ argv: [program('show-process')] });
        await launched.end();
        const plain = spawnSync(program('show-process'), { encoding: 'utf8' });
        expect(facts(launched.stdout())).toMatchObject({
          SigBlk: '0000000000000000',
          SigIgn: '0000000000000000',
          umask: '0027',
          // As any child of ours: high descriptors that the test runner itself inherited may be among them.
          fds: facts(plain.stdout)['fds'],
        });
      } finally {
        process.umask(before);
      }
    });

    it('dies of SIGPIPE like any command, though Node ignores that signal', async () => {
      const launched = bench().launch({
        spec: {
          command: {
            kind: 'shell',
            shell: ['bash', '-c'],
            script: 'yes | head -1; echo "${PIPESTATUS[0]}"',
          },
        },
      });
      expect(await launched.end()).toEqual({ kind: 'code', code: 0 });
      expect(launched.stdout()).toBe('y\n141\n');
    });

    it('starts in its folder and with the open-files limit that our parent has', async () => {
      const b = bench();
      const cwd = join(b.dir, 'a folder');
      mkdirSync(cwd);
      const launched = b.launch({ argv: [program('show-process')], spec: { cwd } });
      await launched.end();
      const parents = /^Max open files\s+(\d+)/m.exec(
        readFileSync(`/proc/${String(process.ppid)}/limits`, 'utf8'),
      )?.[1];
      expect(facts(launched.stdout())).toMatchObject({ cwd, open_files: parents });
    });

    it.each([0, 300, 1000])(
      'has oom_score_adj %i, and so have its descendants',
      async (oomScoreAdj) => {
        const launched = bench().launch({
          argv: ['sh', '-c', 'cat /proc/self/oom_score_adj; (cat /proc/self/oom_score_adj)'],
          oomScoreAdj,
        });
        expect(await launched.end()).toEqual({ kind: 'code', code: 0 });
        expect(launched.stdout()).toBe(`${String(oomScoreAdj)}\n${String(oomScoreAdj)}\n`);
      },
    );

    it('reads from the file named as stdin, and from nothing otherwise', async () => {
      const b = bench();
      const stdin = join(b.dir, 'input.txt');
      writeFileSync(stdin, 'from the file\n');
      const fed = b.launch({ argv: ['cat'], spec: { stdin } });
      const unfed = b.launch({ argv: ['cat'] });
      await Promise.all([fed.end(), unfed.end()]);
      expect(fed.stdout()).toBe('from the file\n');
      expect(unfed.stdout()).toBe('');
    });

    it('writes straight to its logs, which are private and keep the order when they are one file', async () => {
      const b = bench();
      const both = join(b.dir, 'both.log');
      const separate = b.launch({ argv: [program('print-lines'), '2'] });
      const together = b.launch({
        argv: [program('print-lines'), '2'],
        stdoutPath: both,
        stderrPath: both,
      });
      await Promise.all([separate.end(), together.end()]);
      expect(separate.stdout()).toBe('out 1 \nout 2 \n');
      expect(separate.stderr()).toBe('err 1 \nerr 2 \n');
      expect(together.stdout()).toBe('out 1 \nerr 1 \nout 2 \nerr 2 \n');
      expect(statSync(both).mode & 0o777).toBe(0o600);
    });

    it('has the folder of its logs made for it, private', async () => {
      const b = bench();
      const logs = join(b.dir, 'logs', 'job');
      await b.launch({ stdoutPath: join(logs, '1.out'), stderrPath: join(logs, '1.err') }).end();
      expect(readdirSync(logs)).toEqual(['1.err', '1.out']);
      expect(statSync(logs).mode & 0o777).toBe(0o700);
    });

    it('gets its arguments verbatim', async () => {
      const odd = ['', ' ', '-n', '$(touch x)', '`id`', "'", '"', '\\', 'a\nb', '*', 'ü€', '--'];
      const launched = bench().launch({ argv: ['printf', '<%s>', ...odd] });
      await launched.end();
      expect(launched.stdout()).toBe(odd.map((word) => `<${word}>`).join(''));
    });

    it('enters its enclosure before the command is executed', async () => {
      const b = bench();
      const procsFile = join(b.dir, 'cgroup.procs');
      writeFileSync(procsFile, '');
      const launched = b.launch({ argv: ['cat', procsFile], entry: { procsFile, env: {} } });
      await launched.end();
      expect(launched.stdout()).toBe('0\n');
    });
  });

  describe('how it ended', () => {
    it.each([0, 1, 75, 125, 126, 127, 255])('code %i is the task’s own', async (code) => {
      const launched = bench().launch({ argv: [program('exit-with'), String(code)] });
      expect(launched.ends).toEqual([]);
      expect(await launched.end()).toEqual({ kind: 'code', code });
    });

    it.each(['TERM', 'KILL', 'SEGV', 'INT', 'HUP'])('signal %s', async (name) => {
      const launched = bench().launch({ argv: [program('kill-self'), name] });
      expect(await launched.end()).toEqual({ kind: 'signal', signal: `SIG${name}` });
    });

    it('is told once, after launch() has returned and after the start, however many end together', async () => {
      const b = bench();
      const launched = Array.from({ length: 30 }, () => b.launch({ argv: ['true'] }));
      expect(launched.every(({ news }) => news.length === 0)).toBe(true);
      await Promise.all(launched.map((one) => one.end()));
      expect(launched.map(({ news }) => news)).toEqual(launched.map(() => ['started', 'ended']));
      if (kind === 'in-process') expect(readdirSync(join(b.dir, 'status'))).toEqual([]);
    });

    it('does not wait for descendants that keep the log open', async () => {
      const b = bench();
      const ready = join(b.dir, 'ready');
      const launched = b.launch({ argv: [program('daemonize'), '--hold', '60', '--ready', ready] });
      expect(await launched.end()).toEqual({ kind: 'code', code: 0 });
      const daemon = Number(readFileSync(ready, 'utf8'));
      expect(() => process.kill(daemon, 'SIGKILL')).not.toThrow();
      await until('the daemon to be gone', () => !isAlive(daemon));
    });
  });

  describe('what memsched itself leaves behind', () => {
    it('no descriptor, whether a launch succeeds or fails', async () => {
      const b = bench();
      const stdin = join(b.dir, 'in');
      writeFileSync(stdin, '');
      const round = async (): Promise<void> => {
        const started = [
          b.launch({ argv: ['true'], spec: { stdin } }),
          b.launch({ argv: [program('kill-self'), 'KILL'] }),
          b.launch({
            argv: ['sh'],
            entry: { procsFile: join(b.dir, 'none/cgroup.procs'), env: {} },
          }),
        ];
        const failed = [
          b.launch({ argv: ['no-such-program'] }),
          b.launch({ spec: { stdin: join(b.dir, 'none') } }),
          b.launch({ spec: { cwd: join(b.dir, 'none') } }),
          b.launch({ stderrPath: '/etc/passwd/err' }),
          b.launch({ argv: ['true', 'x'.repeat(200_000)] }),
        ];
        const failures = await Promise.all(failed.map((one) => one.failure()));
        for (const failure of failures) expect(failure).not.toContain('it ended');
        await Promise.all(started.map((one) => one.end()));
      };
      await round();
      const before = readdirSync('/proc/self/fd').length;
      for (let i = 0; i < 5; i += 1) await round();
      expect(readdirSync('/proc/self/fd').length).toBe(before);
    });
  });
});
