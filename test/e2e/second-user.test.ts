import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { runCli, runFolder, startCli, startJobs, type LiveCli } from '../support/cli.js';
import { listeningSocket } from '../support/control-socket.js';
import { ofKind } from '../support/journal-view.js';
import { until } from '../support/poll.js';
import {
  asStranger,
  canBeStranger,
  CONNECT,
  entriesBelow,
  openDir,
  strangersFolder,
  type Entry,
} from '../support/second-user.js';
import { tempDir } from '../support/temp-dir.js';

const OPERATORS = fileURLToPath(new URL('../../docs/operators.md', import.meta.url));
const JOBS = {
  jobs: {
    ended: {
      run: 'umask; echo out; echo err >&2',
      memory: '16M',
      cpus: 0,
      env: { TOKEN: 'sesame' },
    },
    waits: { run: 'sleep 120', memory: '16M', cpus: 0 },
  },
};

/** Starts what `start` starts with this umask. */
function withUmask<T>(mask: number, start: () => T): T {
  const before = process.umask(mask);
  try {
    return start();
  } finally {
    process.umask(before);
  }
}

/** A run of which one task is finished and one goes on, in a folder that everybody may search. */
async function liveRun(mask: number): Promise<{ run: LiveCli; folder: string }> {
  const stateHome = openDir();
  const run = withUmask(mask, () => startJobs(JOBS, [], { stateHome }));
  onTestFinished(() => {
    run.kill('SIGKILL');
  });
  await until('one has ended and one runs', () => {
    const events = run.events();
    const launched = ofKind(events, 'attempt-launched').some(({ task }) => task === 'waits');
    return launched && ofKind(events, 'task-finished').length === 1;
  });
  await listeningSocket(stateHome);
  return { run, folder: runFolder(stateHome) ?? '' };
}

/** The rows of the table of files, as the operators' page has them. */
function rowsOfTable(): readonly string[] {
  const rows = readFileSync(OPERATORS, 'utf8').split('\n');
  return rows.filter((row) => /^\| `memsched/.test(row)).map(withoutWords);
}

function withoutWords(row: string): string {
  return row
    .split('|')
    .slice(1, 4)
    .map((cell) => cell.trim().replaceAll('`', ''))
    .join(' ');
}

function rowOf({ name, kind, mode }: Entry): string {
  return `${name} ${kind} ${mode}`;
}

beforeAll(() => {
  if (!canBeStranger) throw new Error('these tests need root: only root can become a second user');
});

describe('the files of memsched', () => {
  it.each([0o000, 0o022, 0o027, 0o077])(
    'are as the table in docs/operators.md says, with umask %o',
    async (mask) => {
      const { run, folder } = await liveRun(mask);
      const state = join(run.stateHome, 'memsched');
      const seen = [...entriesBelow(state)];
      run.kill('SIGKILL');
      await run.finished;
      await until('the helper has left word', () =>
        entriesBelow(folder).some(({ name }) => name.includes('left-')),
      );
      seen.push(...entriesBelow(state));
      const ended = await runCli(['run', '-'], {
        stateHome: run.stateHome,
        stdin: 'version: 1\njobs: { one: { run: "true", memory: 16M } }\n',
      });
      expect(ended.exitCode, ended.story).toBe(0);
      const mapped = await runCli(['map', '--keep-logs', '--', 'true', ':::', 'a'], {
        stateHome: run.stateHome,
      });
      expect(mapped.exitCode, mapped.story).toBe(0);
      seen.push(...entriesBelow(state));
      expect([...new Set(seen.map(({ uid }) => uid))]).toEqual([process.geteuid?.()]);
      const rows = [...new Set(seen.map(rowOf))].sort();
      expect(rows).toEqual([...rowsOfTable()].sort());
      expect(readFileSync(join(folder, 'logs', 'ended.1.out'), 'utf8')).toBe(
        `${mask.toString(8).padStart(4, '0')}\nout\n`,
      );
    },
  );

  it.each([
    [0o000, '0666'],
    [0o022, '0644'],
    [0o077, '0600'],
  ])(
    'that the user names keep to umask %o, and what is there keeps its mode',
    async (mask, open) => {
      const cwd = tempDir();
      const mode = (name: string): string =>
        (statSync(join(cwd, name)).mode & 0o7777).toString(8).padStart(4, '0');
      writeFileSync(join(cwd, 'kept.html'), '', { mode: 0o600 });
      writeFileSync(join(cwd, 'kept.xml'), '', { mode: 0o600 });
      const args = (to: string): string[] =>
        ['--report', `${to}.html`, '--junit', `${to}.xml`, '--summary', `${to}.md`].concat(
          ['--metrics', `${to}.prom`, '--events', `${to}.jsonl`, '--joblog', `${to}.log`],
          ['--profile-file', `${to}.profiles`],
        );
      writeFileSync(
        join(cwd, 'jobs.yaml'),
        'version: 1\njobs: { a: { run: "true", memory: 16M, profile: peak } }\n',
      );
      for (const name of ['new', 'kept']) {
        const done = await withUmask(mask, () =>
          startCli(['run', 'jobs.yaml', ...args(name)], { cwd }),
        ).finished;
        expect(done.exitCode, done.story).toBe(0);
      }
      for (const end of ['html', 'xml', 'md', 'prom']) expect(mode(`new.${end}`)).toBe(open);
      for (const end of ['jsonl', 'log', 'profiles']) expect(mode(`new.${end}`)).toBe('0600');
      expect([mode('kept.html'), mode('kept.xml')]).toEqual(['0600', '0600']);
    },
  );
});

describe('a second user', () => {
  it('can neither read, nor write, nor plant, nor control anything of a run', async () => {
    const { run, folder } = await liveRun(0o000);
    const state = join(run.stateHome, 'memsched');
    const before = entriesBelow(state).length;
    for (const path of [
      state,
      join(state, 'runs'),
      folder,
      ...['journal.jsonl', 'jobfile.yaml', 'origin.json', 'logs/ended.1.out'].map((name) =>
        join(folder, name),
      ),
    ]) {
      expect(asStranger('cat "$1" || ls "$1"', path), path).toMatchObject({
        code: 2,
        said: expect.stringMatching(/Permission denied/) as string,
      });
    }
    for (const plant of [
      'touch "$1/x"',
      'mkdir "$1/x"',
      'ln -s /etc/passwd "$1/x"',
      'ln /etc/hostname "$1/x"',
      'mv "$1" "$1.old"',
      'rm -r "$1"',
      'chmod 777 "$1"',
    ])
      for (const path of [state, join(state, 'runs'), folder])
        expect(asStranger(plant, path).code, plant).not.toBe(0);
    expect(asStranger(CONNECT, join(folder, 'control.sock')).said).toMatch(/Permission denied/);
    const waits = ofKind(run.events(), 'attempt-launched').find(({ task }) => task === 'waits');
    for (const pid of [run.pid, waits?.pid ?? 0]) {
      expect(asStranger('kill -TERM "$1"', String(pid)).said).toMatch(/not permitted/);
      expect(asStranger('cat "/proc/$1/environ"', String(pid)).said).toMatch(/Permission denied/);
    }
    // All that the folders keep away, the socket and the files keep away, too.
    for (const path of [state, join(state, 'runs'), folder]) chmodSync(path, 0o711);
    expect(asStranger(CONNECT, join(folder, 'control.sock')).said).toMatch(/Permission denied/);
    expect(asStranger('cat "$1"', join(folder, 'journal.jsonl')).said).toMatch(/Permission denied/);
    for (const path of [state, join(state, 'runs'), folder]) chmodSync(path, 0o700);
    expect(entriesBelow(state)).toHaveLength(before);
    const done = await runCli(['cancel', 'latest'], { stateHome: run.stateHome });
    expect(done.exitCode, done.story).toBe(0);
    expect((await run.finished).exitCode).toBe(143);
  });

  it.each([
    ['a folder of theirs', 'mkdir "$1"'],
    ['a folder of theirs that is open', 'mkdir "$1" && chmod 777 "$1"'],
    ['a link of theirs to a folder of ours', 'ln -s "$2" "$1"'],
  ])('who was there first with %s gets nothing', async (_, plant) => {
    const stateHome = openDir(0o1777);
    const ours = openDir();
    expect(asStranger(plant, join(stateHome, 'memsched'), ours)).toEqual({ code: 0, said: '' });
    for (const args of [['run', '-'], ['ps'], ['resume'], ['profile', 'ls']]) {
      const done = await runCli(args, {
        stateHome,
        stdin: 'version: 1\njobs: { a: { run: "true" } }\n',
      });
      expect(done.exitCode, done.story).not.toBe(0);
      expect(done.stderr).toMatch(/belongs to someone else \(user 65534\)/);
    }
    expect(entriesBelow(ours)).toHaveLength(1);
  });

  it('who calls a process as ours are called does not hold up resume', async () => {
    const { run, folder } = await liveRun(0o022);
    const name = `memsched: launcher ${folder.split('/').at(-1) ?? ''}`;
    const loop = `perl -e '$0 = shift; print "up\\n"; close STDOUT; sleep 120' "$1" & echo $!`;
    const { said } = asStranger(loop, name);
    const pid = Number(/^\d+$/m.exec(said)?.[0]);
    onTestFinished(() => {
      process.kill(pid, 'SIGKILL');
    });
    run.kill('SIGKILL');
    await run.finished;
    const next = startCli(['resume'], { stateHome: run.stateHome });
    await until('it is resumed', () => ofKind(next.events(), 'run-resumed').length === 1, 60_000);
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    next.kill('SIGTERM');
    await next.finished;
  });

  it('whose runtime folder was left in the environment is not asked for anything', async () => {
    const theirs = strangersFolder(join(openDir(0o1777), 'run'), '755');
    asStranger('mkdir -p "$1/systemd" && touch "$1/systemd/private"', theirs);
    const done = await runCli(['doctor', '--json'], { env: { XDG_RUNTIME_DIR: theirs } });
    expect(done.stdout).not.toContain(theirs);
  });
});
