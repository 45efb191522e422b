import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { until } from '../../support/poll.js';
import { program, type ProgramName } from '../../support/programs.js';
import { tempDir } from '../../support/temp-dir.js';

/** What perl itself needs, at the most. */
const PERL_MIB = 8;

/** Starts a program that says when it stands; ended with the test, descendants in its group included. */
async function standing(name: ProgramName, ...args: readonly string[]): Promise<number> {
  const ready = join(tempDir(), 'ready');
  const child = spawn(program(name), [...args, '--ready', ready], {
    stdio: 'ignore',
    detached: true,
  });
  onTestFinished(() => {
    if (child.pid !== undefined && existsSync(`/proc/${String(child.pid)}`))
      process.kill(-child.pid, 'SIGKILL');
  });
  return Number(
    await until(
      `${name} to stand`,
      () => existsSync(ready) && (readFileSync(ready, 'utf8').trim() || undefined),
    ),
  );
}

function rssMib(pid: number): number {
  const kib = /^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}

it.each([
  ['at full speed', ['--mib', '64']],
  ['along a ramp', ['--mib', '64', '--ramp', '0.3']],
  ['down a curve', ['--curve', '0:10,0.2:200,0.4:64']],
  ['in large steps', ['--mib', '64', '--chunk', '16']],
])('alloc uses as much as it says, %s', async (_, args) => {
  const mib = rssMib(await standing('alloc', ...args, '--hold', '60'));
  expect(mib).toBeGreaterThan(64);
  expect(mib).toBeLessThan(64 + PERL_MIB);
});

it('fork-tree has as many processes as it says, in one group', async () => {
  const root = await standing('fork-tree', '--count', '40', '--hold', '60');
  const members = readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return (
        / \d+ (\d+) /.exec(
          readFileSync(`/proc/${name}/stat`, 'utf8').split(')').at(-1) ?? '',
        )?.[1] === String(root)
      );
    } catch {
      // Gone while we looked.
      return false;
    }
  });
  expect(members).toHaveLength(40);
});
