import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MEMSCHED, runJobs } from '../support/cli.js';
import { tempDir } from '../support/temp-dir.js';

const COMMANDS = [
  ['schema'],
  ['doctor'],
  ['--help'],
  ['--version'],
  ['help', 'run'],
  ['plan', 'jobs.yaml', '--json'],
  ['plan', 'jobs.yaml'],
  ['ps'],
  ['completion', 'bash'],
];

/** Runs a command line of memsched whose stdout a shell leads somewhere; the exit code is memsched's. */
function inShell(args: readonly string[], where: string) {
  const cwd = tempDir();
  writeFileSync(join(cwd, 'jobs.yaml'), 'version: 1\njobs: { a: { run: echo a } }\n');
  const script = `mkfifo fifo; "$@" ${where}; exit "\${PIPESTATUS[0]}"`;
  return spawnSync('bash', ['-c', script, 'bash', process.execPath, MEMSCHED, ...args], {
    cwd,
    env: { ...process.env, XDG_STATE_HOME: tempDir() },
    encoding: 'utf8',
  });
}

describe('stdout', () => {
  it.each(COMMANDS)('that nobody reads is no error: %s %s', (...args) => {
    expect(inShell(args, '| true')).toMatchObject({ stderr: '', status: 0 });
  });

  it.each(COMMANDS)('that is full is told of in one sentence: %s %s', (...args) => {
    const end = inShell(args, '> /dev/full');
    expect(end.stderr).toBe(
      'memsched: standard output cannot be written: no space left on the device (ENOSPC)\n',
    );
    expect(end.status).toBe(3);
  });

  const FULL =
    'memsched: standard output cannot be written: no space left on the device (ENOSPC)\n';
  const RUNS = [
    [['run', 'jobs.yaml', '--no-profile']],
    [['run', 'jobs.yaml', '--no-profile', '--json']],
    [['run', 'jobs.yaml', '--no-profile', '--output', 'group']],
    [['map', '--no-profile', '--', 'echo', ':::', 'a', 'b']],
  ];

  it.each(RUNS)('that is full is no success of a run: %j', (args) => {
    const end = inShell(args, '> /dev/full');
    expect(end.stderr.split(FULL)).toHaveLength(2);
    expect(end.status).toBe(3);
  });

  /** A pipe whose reader has gone before anything is written. */
  const UNREAD = '3<> fifo 4> fifo 3<&- >&4';

  it.each(RUNS.slice(2))('that nobody reads ends a run that passes output on: %j', (args) => {
    const end = inShell(args, UNREAD);
    expect(end.stderr).not.toContain('cannot be written');
    expect(end.status).toBe(141);
  });

  it.each(RUNS.slice(0, 2))('that nobody reads does not hurt a run: %j', (args) => {
    expect(inShell(args, UNREAD).status).toBe(0);
  });

  it('a joblog on a full disk is refused before anything starts', async () => {
    const end = await runJobs({ jobs: { a: { run: 'true' } } }, ['--joblog', '/dev/full']);
    expect(end.exitCode).toBe(2);
    expect(end.stderr).toBe(
      'memsched: --joblog /dev/full cannot be written: no space left on the device (ENOSPC)',
    );
    expect(end.events).toEqual([]);
  });

  it('complaints that nobody reads are no error of their own', () => {
    expect(inShell(['show', 'nope'], '2>&1 | true')).toMatchObject({ stderr: '', status: 2 });
  });
});
