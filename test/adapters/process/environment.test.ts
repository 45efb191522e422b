import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { program } from '../../support/programs.js';
import { bench as makeBench, LAUNCHERS, type Bench, type Wanted } from './harness.js';

const PATH = process.env['PATH'] ?? '/usr/bin:/bin';

describe.each(LAUNCHERS)('%s launcher', (kind) => {
  const bench = (environment?: NodeJS.ProcessEnv): Bench => makeBench(kind, environment);

  async function environmentOf(
    ours: NodeJS.ProcessEnv,
    wanted: Wanted = {},
  ): Promise<Record<string, string>> {
    const launched = bench(ours).launch({ ...wanted, argv: [program('show-env')] });
    await launched.end();
    return Object.fromEntries(
      launched
        .stdout()
        .trimEnd()
        .split('\n')
        .map((line): [string, string] => {
          const cut = line.indexOf('=');
          return [line.slice(0, cut), line.slice(cut + 1)];
        }),
    );
  }

  describe('the environment of a task', () => {
    it('is ours and the layers above it, and not one variable more', async () => {
      const env = await environmentOf(
        { PATH, HOME: '/h', A: 'ours', B: 'ours', C: 'ours' },
        {
          spec: { env: { A: 'task', B: 'task', D: 'x y\n"z"' } },
          entry: { env: { A: 'entry', COOKIE: '1' } },
          env: { MEMSCHED_TASK: 't' },
        },
      );
      const { PWD: pwd, ...rest } = env;
      expect(pwd).toMatch(/^\/.*memsched-test-/);
      expect(rest).toEqual({
        PATH,
        HOME: '/h',
        A: 'entry',
        B: 'task',
        C: 'ours',
        D: 'x y\\n"z"',
        COOKIE: '1',
        MEMSCHED_TASK: 't',
      });
    });

    it('lacks what is meant for memsched alone', async () => {
      const env = await environmentOf({
        PATH,
        NOTIFY_SOCKET: '/run/x',
        LISTEN_FDS: '1',
        LISTEN_PID: '7',
        WATCHDOG_USEC: '1',
        JOURNAL_STREAM: '8:1',
        MEMORY_PRESSURE_WATCH: '/sys/fs/cgroup/x',
        NODE_CHANNEL_FD: '3',
        MEMSCHED_RELAUNCHED: '1',
        MEMSCHED_RUN_ID: 'of an outer run',
        MEMSCHED_COOKIE: 'of an outer run',
        OLDPWD: '/somewhere',
        memsched_marker: '/etc/passwd',
      });
      expect(Object.keys(env).sort()).toEqual(['MEMSCHED_COOKIE', 'PATH', 'PWD']);
    });

    it('is not changed by what the shell in between uses itself', async () => {
      const names = {
        procs: '1',
        adj: '2',
        marker: '3',
        PS4: '! ',
        ENV: '/none',
        CDPATH: '/',
      };
      const env = await environmentOf({ PATH, ...names });
      expect(env).toMatchObject(names);
    });

    it('keeps names that dash would drop: exported bash functions, names with dots', async () => {
      const odd = {
        'BASH_FUNC_module%%': '() {  echo loaded\n}',
        'some.name': 'v',
        '@weird-': 'w',
      };
      const launched = bench({ PATH, ...odd }).launch({
        spec: {
          command: {
            kind: 'shell',
            shell: ['bash', '-c'],
            script: 'module; env | grep -c "^some.name=v"',
          },
        },
      });
      expect(await launched.end()).toEqual({ kind: 'code', code: 0 });
      expect(launched.stdout()).toBe('loaded\n1\n');
      expect(await environmentOf({ PATH, ...odd })).toMatchObject({
        'some.name': 'v',
        '@weird-': 'w',
      });
    });

    it('has BASH_ENV read by the task’s bash once, never by ours', async () => {
      const b = bench({ PATH, 'odd.name': '1', BASH_ENV: '' });
      const file = join(b.dir, 'bash-env');
      writeFileSync(file, 'echo read\n');
      const launched = b.launch({
        env: { BASH_ENV: file },
        spec: { command: { kind: 'shell', shell: ['bash', '-c'], script: 'echo "$BASH_ENV"' } },
      });
      await launched.end();
      expect(launched.stdout()).toBe(`read\n${file}\n`);
    });
  });
});
