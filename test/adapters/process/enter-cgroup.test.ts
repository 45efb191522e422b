import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { errorCode } from '../../../src/util/system-error.js';
import { until } from '../../support/poll.js';
import { program } from '../../support/programs.js';
import { bench, LAUNCHERS } from './harness.js';

/** A new cgroup v2, removed with the test; the test is skipped aloud where none can be made, and fails in CI. */
async function newCgroup(context: TestContext): Promise<string> {
  const mount = /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/self/mounts', 'utf8'))?.[1];
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  const path = join(
    mount ?? '/none',
    own ?? '',
    `memsched-test-${String(process.pid)}-${context.task.id}`,
  );
  try {
    mkdirSync(path);
  } catch (error) {
    if (process.env['CI'] !== undefined) throw error;
    return context.skip(`no cgroup can be made here (${String(errorCode(error))}): ${path}`);
  }
  context.onTestFinished(async () => {
    await until('the cgroup to be empty', () => {
      try {
        rmdirSync(path);
        return true;
      } catch (error) {
        if (errorCode(error) === 'EBUSY') return false;
        throw error;
      }
    });
  });
  return Promise.resolve(path);
}

describe.each(LAUNCHERS)('%s launcher, in a real cgroup', (kind) => {
  it('the command and its descendants are inside, from the first', async (context) => {
    const cgroup = await newCgroup(context);
    const launched = bench(kind).launch({
      argv: ['sh', '-c', '"$0"; (cat /proc/self/cgroup)', program('show-process')],
      entry: { procsFile: join(cgroup, 'cgroup.procs'), env: {} },
    });
    expect(await launched.end()).toEqual({ kind: 'code', code: 0 });
    const places = [...launched.stdout().matchAll(/0::(\S+)/g)].map((match) => match[1]);
    expect(places).toHaveLength(2);
    for (const place of places) expect(cgroup.endsWith(place ?? '?')).toBe(true);
  });

  it('one that is gone again is entered by nothing', async (context) => {
    const cgroup = join(await newCgroup(context), 'gone');
    mkdirSync(cgroup);
    rmdirSync(cgroup);
    const launched = bench(kind).launch({
      argv: [program('show-process')],
      entry: { procsFile: join(cgroup, 'cgroup.procs'), env: {} },
    });
    expect(await launched.end()).toMatchObject({ kind: 'could-not-start' });
    expect(launched.stdout()).toBe('');
  });
});
