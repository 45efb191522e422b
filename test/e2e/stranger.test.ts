import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { MEMSCHED, runCli, runFolder, runJobs, type FinishedCli } from '../support/cli.js';
import { ofKind } from '../support/journal-view.js';
import { tempDir } from '../support/temp-dir.js';

const ESC = '\u001b';
/** Clears the screen, names the window, and asks the terminal to type something. */
const EVIL = `${ESC}[2J${ESC}]0;owned\u0007\u009b6n\u202e`;
/** What a terminal obeys, but for line feeds and tabs. */
const OBEYED = /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/u;
const SMALL = { memory: '16M', cpus: 0 };

function expectQuiet({ stdout, stderr }: Pick<FinishedCli, 'stdout' | 'stderr'>): void {
  expect(stdout).not.toMatch(OBEYED);
  expect(stderr).not.toMatch(OBEYED);
}

/** Everything that a run has left in its folder, and in the folder that it was started in, but for some files. */
function everythingIn(folder: string, but: readonly string[]): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !but.includes(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

describe('the jobfile of a stranger', () => {
  it('is looked at without running, opening or making anything', async () => {
    const cwd = tempDir();
    const bin = join(cwd, 'bin');
    mkdirSync(bin);
    // Whatever it might want to start: each of these would leave a trace.
    for (const name of ['sh', 'bash', 'evil', 'git', 'true'])
      writeFileSync(join(bin, name), `#!/bin/sh\n: > '${cwd}/ran-${name}'\n`, { mode: 0o755 });
    await execa('mkfifo', [join(cwd, 'pipe')]);
    const jobs = {
      a: { ...SMALL, run: 'evil', stdin: 'pipe' },
      b: {
        ...SMALL,
        run: ['evil', '$(evil)'],
        cwd: '/root',
        stdin: '/dev/zero',
        inputs: ['/proc/kcore'],
      },
      c: { ...SMALL, matrix: { x: ['$(evil)', '../../../x', '-rf'] }, run: 'echo ${{ matrix.x }}' },
      d: { ...SMALL, run: 'true', shell: './evil -c', cwd: '../..', env: { BASH_ENV: 'evil' } },
    };
    writeFileSync(join(cwd, 'jobs.yaml'), JSON.stringify({ version: 1, jobs }));
    const stateHome = join(cwd, 'state');
    for (const args of [
      ['plan'],
      ['plan', '--json'],
      ['plan', '--simulate'],
      ['run', '--dry-run'],
    ]) {
      const [name = '', ...rest] = args;
      const done = await execa(process.execPath, [MEMSCHED, name, 'jobs.yaml', ...rest], {
        cwd,
        env: { PATH: `${bin}:/usr/bin:/bin`, XDG_STATE_HOME: stateHome, NO_COLOR: '1' },
        reject: false,
        timeout: 100_000,
      });
      expect(done.exitCode, done.stderr).toBe(0);
    }
    expect(readdirSync(cwd).sort()).toEqual(['bin', 'jobs.yaml', 'pipe']);
    expect(existsSync(stateHome)).toBe(false);
  });

  it('says nothing to the terminal, right or wrong', async () => {
    const stateHome = tempDir();
    const a = { ...SMALL, matrix: { x: [EVIL] }, run: "printf '%s\\n' ${{ matrix.x }}; exit 3" };
    const ended = await runJobs({ jobs: { a } }, ['--verbose'], { stateHome });
    expect(ended.exitCode, ended.story).toBe(1);
    expectQuiet(ended);
    const task = ofKind(ended.events, 'task-planned')[0]?.spec.id ?? '';
    expect(task).toMatch(/^a\.[A-Za-z0-9_-]+$/);
    for (const args of [
      ['show'],
      ['show', '--json'],
      ['show', '--markdown'],
      ['explain', task],
      ['explain', task, '--json'],
      ['ps'],
      ['ps', '--json'],
      ['top', '--once'],
      ['profile', 'ls'],
      ['profile', 'ls', '--json'],
      ['show', EVIL],
      ['logs', EVIL],
      ['profile', 'show', EVIL],
      [EVIL],
      ['run', EVIL],
      ['run', `--${EVIL}`],
      ['map', '--cwd', EVIL, '--', 'true', ':::', 'a'],
    ])
      expectQuiet(await runCli(args, { stateHome }));
    const wrong = `version: 1\njobs:\n  "a${EVIL}": { run: "${EVIL}", memroy: 1 }\n`;
    const refused = await runCli(['run', '-'], { stateHome, stdin: wrong });
    expect(refused.exitCode).toBe(2);
    expectQuiet(refused);
  });
});

describe('what is secret', () => {
  it('in the environment is written nowhere, and what is masked is not quoted', async () => {
    const cwd = tempDir();
    const stateHome = tempDir();
    const masked = 'open-sesame-4711';
    const files = ['report', 'junit', 'summary', 'metrics', 'events', 'joblog'];
    const jobs = {
      fails: {
        ...SMALL,
        run: `echo "::add-mask::$MASKED"; echo "it is $MASKED" >&2; exit 3`,
      },
    };
    const summary = join(cwd, 'step-summary');
    const ended = await runJobs(
      { jobs },
      [
        ...files.flatMap((name) => [`--${name}`, join(cwd, `${name}.out`)]),
        ...['--set', 'fails.env.TOKEN=secret-of-an-option'],
      ],
      {
        cwd,
        stateHome,
        env: {
          INHERITED: 'secret-of-the-environment',
          MASKED: masked,
          GITHUB_ACTIONS: 'true',
          GITHUB_STEP_SUMMARY: summary,
        },
      },
    );
    expect(ended.exitCode, ended.story).toBe(1);
    const logs = ['fails.1.out', 'fails.1.err'];
    const written = `${everythingIn(cwd, [])}${everythingIn(stateHome, logs)}`;
    expect(written).toContain('it is ***');
    for (const secret of ['secret-of-the-environment', 'secret-of-an-option', masked]) {
      expect(written).not.toContain(secret);
      expect(`${ended.stdout}${ended.stderr}`).not.toContain(secret);
    }
    const log = join(runFolder(stateHome) ?? '', 'logs', 'fails.1.err');
    expect(readFileSync(log, 'utf8')).toBe(`it is ${masked}\n`);
  });
});
