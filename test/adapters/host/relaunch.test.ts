import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readProcStat } from '../../../src/adapters/host/processes.js';
import { relaunch, RELAUNCHED_VARIABLE } from '../../../src/adapters/host/relaunch.js';
import { until } from '../../support/poll.js';
import { tempDir } from '../../support/temp-dir.js';

const env = { ...process.env };
/** Stands for `systemd-run … --`: runs what follows. */
const DIRECTLY = ['/usr/bin/env', '--'];

function shell(script: string): readonly string[] {
  return ['/bin/sh', '-c', script];
}

describe('relaunch', () => {
  it('gives the exit code back, also of a signal', async () => {
    const code = await relaunch({ command: DIRECTLY, self: shell('exit 7'), env });
    expect(code).toEqual({ kind: 'ran', exitCode: 7 });
    const killed = await relaunch({ command: DIRECTLY, self: shell('kill -9 $$'), env });
    expect(killed).toEqual({ kind: 'ran', exitCode: 137 });
  });

  it('tells a failure of the relauncher from one of the program', async () => {
    const refuse = [...shell('echo "Failed to connect to bus" >&2; exit 1'), 'sh'];
    expect(await relaunch({ command: refuse, self: shell('exit 0'), env })).toEqual({
      kind: 'could-not-start',
      why: 'Failed to connect to bus',
    });
    const silent = await relaunch({ command: ['/bin/false'], self: shell('exit 0'), env });
    expect(silent).toMatchObject({ kind: 'could-not-start', why: '/bin/false gave no reason' });
    const absent = await relaunch({ command: ['/no/such/program'], self: shell(''), env });
    expect(absent).toMatchObject({ kind: 'could-not-start' });
  });

  it('marks the other side, and leaves it nothing but the standard streams', async () => {
    const out = join(tempDir(), 'out');
    const script =
      `echo "$${RELAUNCHED_VARIABLE}" > ${out}; readlink /proc/self/fd/2 >> ${out};` +
      ` for fd in 3 4; do [ ! -e /proc/$$/fd/$fd ] || echo "left open: $fd" >> ${out}; done`;
    await relaunch({ command: DIRECTLY, self: shell(script), env });
    expect(readFileSync(out, 'utf8')).toBe(`1\n${readlinkSync('/proc/self/fd/2')}\n`);
  });

  it.each(['USR2', 'INT', 'QUIT', 'TERM', 'TSTP', 'WINCH'] as const)(
    'forwards SIG%s, once',
    async (name) => {
      const signal = `SIG${name}` as const;
      const before = process.listenerCount(signal);
      const dir = tempDir();
      const [ready, got] = [join(dir, 'ready'), join(dir, 'got')];
      const script = `trap 'echo ${name} >> ${got}; n=1' ${name}; echo > ${ready}; until [ "$n" ]; do sleep 0.05; done; exit 9`;
      const end = relaunch({ command: DIRECTLY, self: shell(script), env });
      await until('the relaunched side stands', () => existsSync(ready));
      process.kill(process.pid, signal);
      expect(await end).toEqual({ kind: 'ran', exitCode: 9 });
      expect(readFileSync(got, 'utf8')).toBe(`${name}\n`);
      expect(process.listenerCount(signal)).toBe(before);
    },
  );

  it('Ctrl-C and Ctrl-Z at the terminal come through once, and stop neither side', async () => {
    const dir = tempDir();
    const [ready, got] = [join(dir, 'ready'), join(dir, 'got')];
    const script =
      `trap 'echo INT >> ${got}' INT; trap 'echo TSTP >> ${got}' TSTP; echo > ${ready};` +
      ` until grep -qs TSTP ${got} && grep -q INT ${got}; do sleep 0.05; done; exit 9`;
    // The same group as ours is what a terminal would send to: the relaunched side is in another session.
    const end = relaunch({
      command: DIRECTLY,
      self: shell(`echo $$ > ${got}.pid; ${script}`),
      env,
    });
    await until('the relaunched side stands', () => existsSync(ready));
    const child = readProcStat('/proc', Number(readFileSync(`${got}.pid`, 'utf8')));
    expect(child?.session).toBe(child?.pid);
    process.kill(process.pid, 'SIGINT');
    process.kill(process.pid, 'SIGTSTP');
    expect(await end).toEqual({ kind: 'ran', exitCode: 9 });
    expect(readFileSync(got, 'utf8').split('\n').filter(Boolean).toSorted()).toEqual([
      'INT',
      'TSTP',
    ]);
  });
});
