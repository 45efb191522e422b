import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HostError } from '../../../src/adapters/host/host-error.js';
import { keepJobfile, logPaths, runFolder } from '../../../src/adapters/journal/run-folder.js';
import { compareRunIds, isRunId, runIdOf } from '../../../src/adapters/journal/run-id.js';
import { openRunStore } from '../../../src/adapters/journal/run-store.js';
import { checkStateDirUsable, stateDir } from '../../../src/adapters/journal/state-dir.js';
import { livenessOf, markSupervised } from '../../../src/adapters/journal/supervisor-mark.js';
import { tempDir } from '../../support/temp-dir.js';
import { until } from '../../support/poll.js';

const START_MS = Date.UTC(2026, 10, 23, 6, 49, 27, 723);
const PID = 4711;

function hostErrorOf(action: () => unknown): HostError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(HostError);
    return error as HostError;
  }
  throw new Error('nothing was thrown');
}

describe('a run id', () => {
  it.each([
    ['nightly-align', '20261123-064927-nightly-align-k33mv'],
    ['', '20261123-064927-run-k33mv'],
    ['../../etc/passwd', '20261123-064927-etc-passwd-k33mv'],
    ['Größe: 5 µm!', '20261123-064927-Gro-e-5-m-k33mv'],
    ['x'.repeat(99), `20261123-064927-${'x'.repeat(40)}-k33mv`],
  ])('of %j', (name, id) => {
    expect(runIdOf(name, START_MS, PID)).toBe(id);
    expect(isRunId(id)).toBe(true);
  });

  it('sorts by start, whatever the names', () => {
    const starts = [0, 1, 35, 36, 276, 277, 999, 1000, 61_000].map((ms) => START_MS + ms);
    const ids = starts.map((ms, i) => runIdOf(i % 2 === 0 ? 'zebra' : 'ant', ms, PID - i));
    expect([...ids].reverse().sort(compareRunIds)).toEqual(ids);
  });

  it('is another one in another process, though it be of the same millisecond', () => {
    const pids = [1, 2, 4711, 4712, 32_767, 4_194_303];
    const ids = pids.map((pid) => runIdOf('same', START_MS, pid));
    expect(new Set(ids).size).toBe(pids.length);
    for (const id of ids) expect(id).toHaveLength('20261123-064927-same-k33mv'.length);
  });

  it('may be one of before, without a process: it sorts among the others', () => {
    const old = '20261123-064927-ant-k3';
    expect(isRunId(old)).toBe(true);
    const earlier = runIdOf('zebra', START_MS - 1, PID);
    const later = runIdOf('zebra', START_MS + 1, PID);
    expect([later, old, earlier].sort(compareRunIds)).toEqual([earlier, old, later]);
  });
});

describe('the state folder', () => {
  it('is $XDG_STATE_HOME/memsched, else under ~/.local/state', () => {
    expect(stateDir({ XDG_STATE_HOME: '/s', HOME: '/h' })).toBe('/s/memsched');
    expect(stateDir({ XDG_STATE_HOME: '', HOME: '/h' })).toBe('/h/.local/state/memsched');
    expect(stateDir({ HOME: '/h' })).toBe('/h/.local/state/memsched');
    expect(hostErrorOf(() => stateDir({ XDG_STATE_HOME: 'state' })).message).toMatch(/absolute/);
  });

  it('is found usable or not without being made', () => {
    const folder = tempDir();
    const path = join(folder, 'not', 'there', 'memsched');
    checkStateDirUsable(path);
    expect(existsSync(join(folder, 'not'))).toBe(false);
    writeFileSync(join(folder, 'file'), '');
    const { message, mend } = hostErrorOf(() => {
      checkStateDirUsable(join(folder, 'file', 'memsched'));
    });
    expect(message).toMatch(/not a folder/);
    expect(mend).toMatch(/XDG_STATE_HOME/);
    expect(
      hostErrorOf(() => {
        checkStateDirUsable(join(folder, 'file'));
      }).message,
    ).toMatch(/not a folder/);
  });

  it('is made by the first run and not before, and private whatever the umask', () => {
    const path = join(tempDir(), 'a', 'memsched');
    const store = openRunStore(path);
    expect(store.list()).toEqual([]);
    expect(existsSync(path)).toBe(false);
    const before = process.umask(0);
    try {
      const folder = store.create('x', START_MS);
      for (const made of [path, join(path, 'runs'), folder.path])
        expect(statSync(made).mode & 0o777).toBe(0o700);
    } finally {
      process.umask(before);
    }
  });

  it('is refused below a file, with what to type', () => {
    const file = join(tempDir(), 'file');
    writeFileSync(file, '');
    const store = openRunStore(join(file, 'memsched'));
    for (const action of [() => store.create('x', START_MS), () => store.list()]) {
      const error = hostErrorOf(action);
      expect(error.message).toMatch(/a part of the path is not a folder \(ENOTDIR\)/);
      expect(error.mend).toMatch(/^export XDG_STATE_HOME=/);
    }
  });

  it('is refused when others may write to it, with the command that mends it', () => {
    const path = join(tempDir(), 'memsched');
    mkdirSync(path);
    chmodSync(path, 0o777);
    for (const action of [
      () => openRunStore(path).create('x', START_MS),
      () => openRunStore(path).list(),
    ]) {
      const error = hostErrorOf(action);
      expect(error.message).toMatch(/others may write/);
      expect(error.mend).toBe(`chmod 700 ${path}`);
    }
    expect(readdirSync(path)).toEqual([]);
  });

  it('is refused when it is no folder or cannot be made, naming XDG_STATE_HOME', () => {
    const file = join(tempDir(), 'memsched');
    writeFileSync(file, '');
    const dangling = join(tempDir(), 'memsched');
    symlinkSync('/none', dangling);
    for (const path of [file, dangling, '/proc/none/memsched']) {
      expect(hostErrorOf(() => openRunStore(path).create('x', START_MS)).mend).toMatch(
        /XDG_STATE_HOME/,
      );
    }
  });

  it.runIf(process.geteuid?.() === 0)('is refused when it belongs to someone else', () => {
    const path = join(tempDir(), 'memsched');
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, 12345, 12345);
    expect(hostErrorOf(() => openRunStore(path).list()).message).toMatch(
      /belongs to someone else \(user 12345\)/,
    );
  });
});

describe('the runs', () => {
  it('have folders of their own, even in one millisecond', () => {
    const store = openRunStore(join(tempDir(), 'memsched'));
    const ids = Array.from({ length: 50 }, () => store.create('same', START_MS).runId);
    expect(new Set(ids).size).toBe(50);
    expect(store.list().map(({ runId }) => runId)).toEqual([...ids].reverse());
  });

  it('are found by id, by a unique beginning, and as the latest', () => {
    const store = openRunStore(join(tempDir(), 'memsched'));
    expect(store.resolve(undefined)).toEqual({
      ok: false,
      error: expect.stringMatching(/no runs yet/) as string,
    });
    const [first, second] = [
      store.create('alpha', START_MS),
      store.create('beta', START_MS + 1000),
    ];
    mkdirSync(join(store.path, 'runs', 'not-a-run'));
    expect(store.resolve(undefined)).toEqual({ ok: true, value: second });
    expect(store.resolve('latest')).toEqual({ ok: true, value: second });
    expect(store.resolve(first.runId)).toEqual({ ok: true, value: first });
    expect(store.resolve('20261123-064927')).toEqual({ ok: true, value: first });
  });

  it.each([
    ['2026', /"2026" may mean 2 runs: .*beta.*, .*alpha.*; type more/],
    ['', /no run ""; "memsched ps" lists/],
    ['20261123-064927-alhpa-k3', /the nearest is "20261123-064927-alpha-k3.{3}"/],
    ['../../etc', /no run "..\/..\/etc"; "memsched ps" lists/],
    ['not-a-run', /no run "not-a-run"; "memsched ps" lists/],
  ])('RUN %j is not guessed at', (run, sentence) => {
    const store = openRunStore(join(tempDir(), 'memsched'));
    store.create('alpha', START_MS);
    store.create('beta', START_MS + 1000);
    expect(store.resolve(run)).toEqual({
      ok: false,
      error: expect.stringMatching(sentence) as string,
    });
  });

  it('keep the jobfile as it was, and have logs by task and attempt', () => {
    const folder = openRunStore(join(tempDir(), 'memsched')).create('x', START_MS);
    keepJobfile(folder, Buffer.from([0x61, 0xff]));
    expect(readFileSync(folder.jobfilePath)).toEqual(Buffer.from([0x61, 0xff]));
    expect(statSync(folder.jobfilePath).mode & 0o777).toBe(0o600);
    expect(logPaths(folder).pathsFor('align.a', 2)).toEqual({
      stdoutPath: join(folder.path, 'logs/align.a.2.out'),
      stderrPath: join(folder.path, 'logs/align.a.2.err'),
    });
    for (const bad of ['', '..', 'a/b'])
      expect(() => logPaths(folder).pathsFor(bad, 1)).toThrow(/safe file name/);
  });
});

describe('whether a run is live', () => {
  it('is so for this process, privately noted', () => {
    const folder = runFolder(tempDir());
    expect(livenessOf(folder)).toEqual({ kind: 'over' });
    markSupervised(folder);
    expect(livenessOf(folder)).toEqual({ kind: 'live', pid: process.pid });
    expect(readdirSync(folder.path)).toEqual(['supervisor.json']);
    expect(statSync(folder.markPath).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['another boot', { bootId: 'x' }, { kind: 'over' }],
    ['a pid that was given to another process', { startTicks: 1 }, { kind: 'over' }],
    ['another container', { pidNamespace: 'pid:[1]' }, { kind: 'elsewhere', pid: process.pid }],
    ['a version we do not know', { version: 9 }, { kind: 'over' }],
  ])('tells %s', (_, change, liveness) => {
    const folder = runFolder(tempDir());
    markSupervised(folder);
    const mark = JSON.parse(readFileSync(folder.markPath, 'utf8')) as object;
    writeFileSync(folder.markPath, JSON.stringify({ ...mark, ...change }));
    expect(livenessOf(folder)).toEqual(liveness);
    writeFileSync(folder.markPath, '{"half');
    expect(livenessOf(folder)).toEqual({ kind: 'over' });
  });

  it('is over once the process is gone', async () => {
    const folder = runFolder(tempDir());
    markSupervised(folder);
    const child = spawn('sleep', ['60']);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const pid = child.pid!;
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    const startTicks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    const mark = JSON.parse(readFileSync(folder.markPath, 'utf8')) as object;
    writeFileSync(folder.markPath, JSON.stringify({ ...mark, pid, startTicks }));
    expect(livenessOf(folder)).toEqual({ kind: 'live', pid });
    child.kill('SIGKILL');
    await ended;
    await until('the mark to be void', () => livenessOf(folder).kind === 'over');
  });
});
