import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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

  it('forwards a signal, once', async () => {
    const dir = tempDir();
    const [ready, got] = [join(dir, 'ready'), join(dir, 'got')];
    const script = `trap 'echo USR2 >> ${got}; n=1' USR2; echo > ${ready}; until [ "$n" ]; do sleep 0.05; done; exit 9`;
    const end = relaunch({ command: DIRECTLY, self: shell(script), env });
    await until('the relaunched side stands', () => existsSync(ready));
    process.kill(process.pid, 'SIGUSR2');
    expect(await end).toEqual({ kind: 'ran', exitCode: 9 });
    expect(readFileSync(got, 'utf8')).toBe('USR2\n');
    expect(process.listenerCount('SIGUSR2')).toBe(0);
  });
});
