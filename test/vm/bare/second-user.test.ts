import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCli } from '../../support/cli.js';
import {
  asStranger,
  CONNECT,
  entriesBelow,
  openDir,
  ownFolder,
  STRANGER,
  strangersFolder,
} from '../../support/second-user.js';
import { runFolder, startJobs } from '../../support/cli.js';
import { listeningSocket } from '../../support/control-socket.js';
import { ofKind } from '../../support/journal-view.js';
import { until } from '../../support/poll.js';
import { describeCgroup } from '../support/guard.js';
import { expectNothingLeft } from '../support/host-health.js';

const JOBFILE = 'version: 1\njobs: { a: { run: "true", memory: 16M } }\n';
/** The guest is emulated, and may share its host with others. */
const DEADLINE_MS = 120_000;

describeCgroup('a second user', () => {
  expectNothingLeft();

  test('cannot put a state folder in the place of ours', async () => {
    // The guest shows its host's files, and that may be a container; what is removed, is removed from the guest alone.
    rmSync('/.dockerenv', { force: true });
    const top = openDir(0o1777);
    const theirs = strangersFolder(join(top, 'theirs'), '1777');
    const open = ownFolder(join(top, 'open'), 0o777);
    const ours = ownFolder(join(top, 'ours'), 0o755);
    for (const [stateHome, words] of [
      [theirs, `${theirs} on the way to it belongs to someone else (user ${STRANGER})`],
      [open, `${open} on the way to it can be written to by everybody`],
    ] as const) {
      const refused = await runCli(['run', '-'], { stateHome, stdin: JOBFILE });
      expect(refused.exitCode, refused.story).toBe(3);
      expect(refused.stderr).toContain(words);
    }
    const done = await runCli(['run', '-'], { stateHome: ours, stdin: JOBFILE });
    expect(done.exitCode, done.story).toBe(0);
  });

  test('cannot see, enter or control a run', async () => {
    const stateHome = openDir();
    const live = startJobs({ jobs: { a: { run: 'sleep 600', memory: '16M' } } }, [], { stateHome });
    await until('it runs', () => ofKind(live.events(), 'attempt-launched')[0], DEADLINE_MS);
    const folder = runFolder(stateHome) ?? '';
    const socket = await listeningSocket(stateHome, DEADLINE_MS);
    const entries = entriesBelow(join(stateHome, 'memsched'));
    for (const { name, kind, mode, uid } of entries)
      expect({ name, mode, uid }).toEqual({
        name,
        mode: kind === 'folder' ? '0700' : '0600',
        uid: 0,
      });
    expect(asStranger(CONNECT, socket).said).toMatch(/Permission denied/);
    expect(asStranger('ls "$1"', folder).said).toMatch(/Permission denied/);
    const group = `/sys/fs/cgroup/memsched-${folder.split('/').at(-1) ?? ''}`;
    for (const file of ['tasks/cgroup.procs', 'tasks/memory.max', 'tasks/cgroup.kill'])
      expect(asStranger('echo 0 > "$1"', join(group, file)).code).not.toBe(0);
    live.kill('SIGTERM');
    expect((await live.finished).exitCode).toBe(143);
  });
});
