import { appendFileSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { eventLine } from '../../../src/adapters/journal/bounded-event.js';
import { logPaths, runFolder, type RunFolder } from '../../../src/adapters/journal/run-folder.js';
import { markSupervised } from '../../../src/adapters/journal/supervisor-mark.js';
import { explainCommand } from '../../../src/cli/commands/explain.js';
import { logsCommand } from '../../../src/cli/commands/logs.js';
import { psCommand } from '../../../src/cli/commands/ps.js';
import { showCommand } from '../../../src/cli/commands/show.js';
import { UsageError } from '../../../src/cli/errors.js';
import { journalPath, recorded } from '../../support/journals.js';
import { until } from '../../support/poll.js';
import { tempDir } from '../../support/temp-dir.js';

let runsPath = '';
let stdout = '';
let stderr = '';

beforeEach(() => {
  const state = tempDir();
  runsPath = join(state, 'memsched', 'runs');
  mkdirSync(runsPath, { recursive: true, mode: 0o700 });
  vi.stubEnv('XDG_STATE_HOME', state);
  stdout = '';
  stderr = '';
  const keep =
    (into: (text: string) => void) =>
    (chunk: unknown, ...rest: unknown[]): boolean => {
      into(Buffer.isBuffer(chunk) ? chunk.toString() : String(chunk));
      const done = rest.at(-1);
      if (typeof done === 'function') (done as () => void)();
      return true;
    };
  vi.spyOn(process.stdout, 'write').mockImplementation(keep((text) => (stdout += text)));
  vi.spyOn(process.stderr, 'write').mockImplementation(keep((text) => (stderr += text)));
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** A run in the store, with a recorded journal. */
function store(name: string, runId = recordedId(name)): RunFolder {
  const folder = runFolder(join(runsPath, runId));
  mkdirSync(folder.path, { mode: 0o700 });
  copyFileSync(journalPath(name), folder.journalPath);
  return folder;
}

function recordedId(name: string): string {
  const [started] = recorded(name);
  return started?.kind === 'run-started' ? started.runId : '';
}

function writeLog(
  folder: RunFolder,
  task: string,
  attempt: number,
  out: string,
  err: string,
): void {
  const { stdoutPath, stderrPath } = logPaths(folder).pathsFor(task, attempt);
  mkdirSync(dirname(stdoutPath), { recursive: true });
  writeFileSync(stdoutPath, out);
  writeFileSync(stderrPath, err);
}

async function run(command: Command, ...args: string[]): Promise<string> {
  stdout = '';
  await command.exitOverride().parseAsync(['node', 'memsched', ...args]);
  return stdout;
}

describe('ps', () => {
  test('newest first, with how each stands', async () => {
    store('torn-last-line');
    store('many-ends');
    const lines = (await run(psCommand())).split('\n');
    expect(lines[0]).toMatch(/^RUN +NAME +STATE +FINISHED +UNSUCCESSFUL +STARTED +TOOK$/);
    expect(lines[1]).toMatch(
      /^20261123-070112-torn-last-line-3h +preempted-then-succeeded +died +5\/10 +0 .* 16s$/,
    );
    expect(lines[2]).toMatch(/^20261123-064927-many-ends-34 +many-ends +ended +6\/6 +4 .* 15s$/);
  });

  test('a run whose supervisor lives is live', async () => {
    markSupervised(store('torn-last-line'));
    expect(JSON.parse(await run(psCommand(), '--json'))).toMatchObject({
      state: 'live',
      finished: 5,
      tasks: 10,
    });
  });

  test('a damaged journal spoils its own line only', async () => {
    const folder = store('many-ends');
    store('halted');
    const lines = readFileSync(folder.journalPath, 'utf8').split('\n');
    lines[7] = '{"kind":';
    writeFileSync(folder.journalPath, lines.slice(0, -2).join('\n') + '\n');
    const text = await run(psCommand());
    expect(text).toMatch(/many-ends-34 +unreadable/);
    expect(text).toMatch(/halted-34 +halted +ended/);
    expect(text).toContain('journal.jsonl:8: this is not a line of JSON');
  });

  test('says how many it left out, and that there is nothing', async () => {
    expect(await run(psCommand())).toBe('no runs yet; "memsched run jobs.yaml" starts one\n');
    store('halted');
    store('many-ends');
    expect(await run(psCommand(), '-n', '1')).toContain('1 older run: memsched ps --all');
  });
});

describe('show', () => {
  test('tasks, attempts of those that did not simply succeed, totals', async () => {
    store('own-limit-grows');
    const text = await run(showCommand());
    expect(text).toContain('run       20261123-064927-own-limit-grows-34 (ended)\n');
    expect(text).toMatch(
      /^convert\.a +succeeded +2 +0 +550M +2\.8s\n {4}1: killed by the kernel at its own limit: .*; ran 0\.8s, estimate 400M\n {4}2: succeeded; /m,
    );
    expect(text).toMatch(
      /3 tasks: 2 succeeded, 1 oom-killed · 0 preemptions · 2 OOM kills · .* · 3\.8s\n$/,
    );
  });

  test('--failed', async () => {
    store('own-limit-grows');
    const text = await run(showCommand(), '--failed');
    expect(text).toContain('stubborn');
    expect(text).not.toContain('convert.a');
  });

  test('--json: one object for each task', async () => {
    store('own-limit-grows');
    const tasks = (await run(showCommand(), '--json'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(tasks).toHaveLength(3);
    expect(tasks[0]).toMatchObject({
      task: 'convert.a',
      outcome: 'succeeded',
      attempts: 2,
      growths: 1,
      past: [{ number: 1, verdict: { kind: 'own-limit' } }, { number: 2 }],
    });
  });

  test('a run that died says so, and on which machine it cannot be any more', async () => {
    store('torn-last-line');
    const text = await run(showCommand());
    expect(text).toContain('(died)');
    expect(text).toContain(
      'run 20261123-070112-torn-last-line-3h died: its supervisor is gone and the journal has no end; the machine was started anew since, or is another one. What',
    );
  });

  test('a run that died ends with what ran at the last look, who grew, and what was told last', async () => {
    store('torn-last-line');
    const lines = (await run(showCommand())).split('\n');
    const at = lines.findIndex((line) => line.startsWith('At the last look'));
    expect(lines[at]).toMatch(
      /^At the last look, 15s after the start \(2026-11-23 \d\d:\d\d:27\), the level was open: used 1\.2G of budget 1\.5G, host has 698M available\.$/,
    );
    expect(lines.slice(at + 1, at + 3)).toEqual([
      'TASK     ATTEMPT  USED  PEAK  ESTIMATE           GREW  STATE',
      'align.a        2  600M  600M      720M  +555M in 5.0s  running',
    ]);
    const told = lines.indexOf('The last that it told:');
    expect(lines.slice(told + 1, lines.indexOf('', told))).toHaveLength(8);
    expect(lines[lines.indexOf('', told) - 1]).toContain('wait       align.b waits for memory');
    const [json = ''] = (await run(showCommand(), '--json'))
      .split('\n')
      .filter((line) => line.includes('usedBytes'));
    expect(JSON.parse(json)).toMatchObject({
      task: 'align.a',
      peakBytes: 629145600,
      usedBytes: 629145600,
    });
  });

  test('a run that ended tells of no last look', async () => {
    store('many-ends');
    expect(await run(showCommand())).not.toMatch(/last look|last that it told/);
  });

  test('in Markdown: what became of it, or that it died, with what ran then', async () => {
    store('many-ends');
    expect(await run(showCommand(), '--markdown')).toMatch(
      /^## memsched many-ends: \d+ tasks did not succeed\n/,
    );
    store('torn-last-line');
    const died = await run(showCommand(), '--markdown');
    expect(died).toMatch(/^## memsched preempted-then-succeeded: died\n/);
    expect(died).toContain('| <code>align.a</code> | 2 | 600M | 600M | 720M |');
    await expect(run(showCommand(), '--markdown', '--json')).rejects.toThrow(UsageError);
  });

  test('an unknown run is a usage error with a suggestion', async () => {
    store('halted');
    await expect(run(showCommand(), '20261123-064927-haltet-34')).rejects.toThrow(UsageError);
    await expect(run(showCommand(), '20261123-064927-haltet-34')).rejects.toThrow(
      'the nearest is "20261123-064927-halted-34"',
    );
  });
});

describe('explain', () => {
  test('RUN may be left out, or `latest`, or the beginning of an id', async () => {
    store('preempted-then-succeeded');
    const text = await run(explainCommand(), 'align.c');
    expect(text).toMatch(/^align\.c in run 20261123-064927-preempted-then-succeeded-34\n/);
    expect(await run(explainCommand(), 'latest', 'align.c')).toBe(text);
    expect(await run(explainCommand(), '20261123-0649', 'align.c')).toBe(text);
  });

  test('where a task of a dead run was left', async () => {
    store('torn-last-line');
    expect(await run(explainCommand(), 'align.b')).toContain(
      'in the end: queued: waits for memory: ',
    );
  });

  test('an unknown task, a job of several, a run alone: usage errors that help', async () => {
    store('preempted-then-succeeded');
    await expect(run(explainCommand(), 'algin.c')).rejects.toThrow('the nearest is "align.c"');
    await expect(run(explainCommand(), 'align')).rejects.toThrow(
      '"align" is a job with 4 tasks; name one of them, such as "align.a"',
    );
    await expect(run(explainCommand(), recordedId('preempted-then-succeeded'))).rejects.toThrow(
      'is a run; name one of its tasks, too',
    );
    await expect(run(explainCommand())).rejects.toThrow('which task?');
  });

  test('a journal whose events do not fit together names the line', async () => {
    const folder = store('halted');
    const lines = readFileSync(folder.journalPath, 'utf8').split('\n');
    const at = lines.findIndex((line) => line.includes('"attempt-admitted"'));
    lines.splice(at + 1, 0, lines[at] ?? '');
    writeFileSync(folder.journalPath, lines.join('\n'));
    await expect(run(explainCommand(), 'test.a')).rejects.toThrow(
      `journal.jsonl:${at + 2}: "attempt-admitted" does not fit what came before it`,
    );
  });
});

describe('logs', () => {
  test('both streams of the last attempt, labelled', async () => {
    const folder = store('preempted-then-succeeded');
    writeLog(folder, 'align.c', 1, 'old\n', '');
    writeLog(folder, 'align.c', 2, 'new\n', 'warning\n');
    expect(await run(logsCommand(), 'align.c')).toBe(
      '==> align.c, attempt 2, stdout <==\nnew\n==> align.c, attempt 2, stderr <==\nwarning\n',
    );
  });

  test('one stream of one attempt comes out as it was written', async () => {
    const folder = store('preempted-then-succeeded');
    writeLog(folder, 'align.c', 1, 'a\x1b[31m\r\nno newline', '');
    expect(await run(logsCommand(), 'align.c', '--attempt', '1', '--stdout')).toBe(
      'a\x1b[31m\r\nno newline',
    );
  });

  test('a task that never ran says why, an attempt that never was is a usage error', async () => {
    store('skipped-by-need');
    expect(await run(logsCommand(), 'align.a')).toBe('');
    expect(stderr).toContain(
      'align.a has written nothing: skipped: it needs fetch, which did not succeed',
    );
    await expect(run(logsCommand(), 'fetch', '--attempt', '9')).rejects.toThrow(
      'has had 3 attempts; there is no attempt 9',
    );
  });

  test('-f goes on over all attempts until the task is finished', async () => {
    const events = recorded('preempted-then-succeeded');
    const running =
      events.findIndex((event) => event.kind === 'attempt-launched' && event.task === 'align.c') +
      1;
    const requeued =
      events.findIndex((event) => event.kind === 'task-requeued' && event.task === 'align.c') + 1;
    const folder = store('preempted-then-succeeded');
    writeFileSync(folder.journalPath, events.slice(0, running).map(eventLine).join(''));
    markSupervised(folder);
    writeLog(folder, 'align.c', 1, 'one\n', '');
    const following = run(logsCommand(), 'align.c', '-f');
    await until('the first line', () => stdout.includes('out | one\n'));
    appendFileSync(logPaths(folder).pathsFor('align.c', 1).stdoutPath, 'two\nhalf a li');
    await until('the second line', () => stdout.includes('out | two\n'));
    expect(stdout).not.toContain('half');
    appendFileSync(folder.journalPath, events.slice(running, requeued).map(eventLine).join(''));
    await until('the end of the first attempt', () =>
      stderr.includes('attempt 1 is over: preempted at a peak of 340M'),
    );
    expect(stdout).toContain('out | half a li\n');
    writeLog(folder, 'align.c', 2, 'again\n', 'oops\n');
    appendFileSync(folder.journalPath, events.slice(requeued).map(eventLine).join(''));
    await following;
    expect(stdout).toBe('out | one\nout | two\nout | half a li\nout | again\nerr | oops\n');
    expect(stderr).toContain('memsched: succeeded\n');
  });
});
