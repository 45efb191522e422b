import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { MEMSCHED, readJournal, runCli, runFolder, startCli } from '../support/cli.js';
import { ofKind, outcomes } from '../support/journal-view.js';
import { until } from '../support/poll.js';
import { program } from '../support/programs.js';
import { tempDir } from '../support/temp-dir.js';

const lines = (...all: string[]): string => all.map((line) => `${line}\n`).join('');

/** Starts `map` with a pipe as its input that the test writes to. */
function startFed(args: readonly string[]) {
  const stateHome = tempDir();
  const child = spawn(process.execPath, [MEMSCHED, 'map', '-q', ...args], {
    cwd: tempDir(),
    env: { ...process.env, XDG_STATE_HOME: stateHome },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  return { child, stateHome, stdout: () => stdout, ended };
}

describe('map', () => {
  it('starts while its input is still being written, and waits for more', async () => {
    const fed = startFed(['--', 'echo', 'got']);
    fed.child.stdin.write('first\n');
    await until('the first line is through', () => fed.stdout().includes('got first\n'), 60_000);
    fed.child.stdin.end('last');
    expect(await fed.ended).toBe(0);
    expect(fed.stdout()).toBe('got first\ngot last\n');
    expect(ofKind(readJournal(fed.stateHome), 'source-ended')).toHaveLength(1);
  });

  it('holds back whoever writes its input', async () => {
    const fed = startFed(['-j1', '--', 'sh', '-c', 'sleep 600']);
    let taken = 0;
    const line = `${'x'.repeat(1000)}\n`;
    const push = (): void => {
      while (taken < 20_000 && fed.child.stdin.write(line)) taken += 1;
      if (taken < 20_000) fed.child.stdin.once('drain', push);
    };
    fed.child.stdin.on('error', () => undefined);
    push();
    await until(
      'the first task runs',
      () => ofKind(readJournal(fed.stateHome), 'attempt-launched').length > 0,
      60_000,
    );
    // What waits inside is far less than what there is.
    expect(ofKind(readJournal(fed.stateHome), 'task-planned').length).toBeLessThanOrEqual(513);
    fed.child.kill('SIGTERM');
    expect(await fed.ended).toBe(143);
    expect(taken).toBeLessThan(20_000);
  });

  it('ends with 1 when a task fails, and says which', async () => {
    const end = await runCli(['map', '-k', '--', 'sh', '-c', 'echo $1; exit $1', 'x'], {
      stdin: lines('0', '3'),
    });
    expect(end.exitCode, end.story).toBe(1);
    expect(end.stdout).toBe('0\n3');
    expect(end.stderr).toContain('sh.2: exit code 3');
    expect(end.stderr).toContain('2 tasks: 1 succeeded, 1 failed');
  });

  it('stops on a closed pipe, and its endless input with it', async () => {
    const stateHome = tempDir();
    const child = spawn(
      'bash',
      [
        '-c',
        'yes | "$0" "$1" map -- echo a | head -n 3; echo ${PIPESTATUS[1]}',
        process.execPath,
        MEMSCHED,
      ],
      { env: { ...process.env, XDG_STATE_HOME: stateHome }, stdio: ['ignore', 'pipe', 'ignore'] },
    );
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    await new Promise((resolve) => child.once('close', resolve));
    expect(out).toBe('a y\na y\na y\n141\n');
  });

  it('starts nothing for no input, and all is well', async () => {
    const end = await runCli(['map', '--', 'false'], { stdin: '' });
    expect(end.exitCode, end.story).toBe(0);
  });

  it('ends with 1, and says why, when its input breaks off', async () => {
    const end = await runCli(['map', '-P', '2', '--', 'true', '::::', '.']);
    expect(end.exitCode, end.story).toBe(1);
    expect(end.stderr).toContain('no more tasks are taken: . cannot be read');
  });

  it('halts as told', async () => {
    const soon = await runCli(['map', '-j1', '--halt', 'soon,fail=1', '--', 'test', 'b', '!='], {
      stdin: lines('a', 'b', 'c', 'd'),
    });
    expect(soon.exitCode, soon.story).toBe(1);
    expect(Object.values(outcomes(soon.events))).toEqual([
      'succeeded',
      'failed',
      'skipped',
      'skipped',
    ]);
    const refused = await runCli(['map', '--halt', 'now,success=1', '--', 'true', ':::', 'a']);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('success=');
  });

  it('gives tasks the memory, environment and folder of its options', async () => {
    const cwd = tempDir();
    mkdirSync(join(cwd, 'sub'));
    const end = await runCli(
      [
        'map', '--memory', '64M', '--cpus', '0.5', '--group', 'mine', '--cwd', 'sub', '--env', 'A=[x', '--timeout', '1m',
        '--retries', '1', '--preemptible', 'high', '--', 'sh', '-c', 'pwd; echo "$A $1"; echo "$MEMSCHED_TASK"', 'x', ':::', 'v',
      ],
      { cwd },
    ); // prettier-ignore
    expect(end.exitCode, end.story).toBe(0);
    expect(end.stdout).toBe(`${join(cwd, 'sub')}\n[x v\nsh.1`);
    const [planned] = ofKind(end.events, 'task-planned');
    expect(planned?.spec).toMatchObject({
      memory: { requestBytes: 64 * 1024 * 1024 },
      cpus: 0.5,
      group: 'mine',
      timeoutMs: 60_000,
      retries: { max: 1 },
      preemptible: 3,
      matrix: { 1: 'v' },
    });
  });

  it('learns of all its tasks as one group, and knows it again', async () => {
    const stateHome = tempDir();
    const cwd = tempDir();
    const run = () =>
      runCli(['map', '--', program('alloc'), '--mib', '20', '--hold', ':::', '0.3', '0.3', '0.3'], {
        stateHome,
        cwd,
      });
    const first = await run();
    const second = await run();
    expect(first.exitCode, first.story).toBe(0);
    const [group] = ofKind(second.events, 'task-planned').map(({ spec }) => spec.group);
    expect(group).toMatch(/^alloc#[0-9a-f]{8}$/);
    const [admitted] = ofKind(second.events, 'attempt-admitted');
    expect(admitted?.reason.estimate.source).not.toBe('unknown');
    expect(second.exitCode, second.story).toBe(0);
  });

  it.each([
    [['map', '--tag', 'true', ':::', 'a'], '--output tag'],
    [['map', '--pipe', 'x'], 'memsched does not have'],
    [['map', '--', 'no-such-program', ':::', 'a'], 'there is no program'],
    [['map', '--resume', '--', 'true', ':::', 'a'], 'need --joblog'],
    [['map', '--', 'x', '{%}', ':::', 'a'], '{%}'],
    [['map', '--', 'true', '::::', 'nowhere'], 'nowhere'],
    [['map', '--', 'true', ':::+', 'a'], 'link to the source before'],
    [['map', '--json', '--output', 'group', '--', 'true', ':::', 'a'], 'both write to stdout'],
    [['map', '--colsep', '(', '--', 'true', ':::', 'a'], 'regular expression'],
    [['map', '-n', '0', '--', 'true', ':::', 'a'], '-n takes'],
    [['map', '--env', 'x y=1', '--', 'true', ':::', 'a'], '--env'],
    [['map', '--memory', 'lots', '--', 'true', ':::', 'a'], '--memory'],
    [['map', '--cpus', '100000', '--', 'true', ':::', 'a'], 'processors'],
    [['map', "sh -c 'echo {}'", ':::', 'a'], 'cannot be filled in safely'],
    [['map', '--', 'sh', '-c', 'echo {}', ':::', '$(touch pwn)'], `sh -c 'cmd "$1"' _ {}`],
    [['map', '--', '/bin/bash', '-euo', 'pipefail', '-c', 'x {1.}', ':::', 'a'], 'as one word'],
    [['map', '-I', '@', '--', 'dash', '-ec', '--', 'x @', ':::', 'a'], `dash -c 'cmd "$1"' _ @`],
    [['map', '--', 'sh', '-c', ':::', 'a'], 'map < commands'],
    [['map', '--joblog', '/nowhere/log', '--', 'true', ':::', 'a'], '--joblog /nowhere/log'],
    [['map', '--joblog', '/dev/full', '--', 'true', ':::', 'a'], '/dev/full cannot be written'],
    [['exec', '--keep-order', 'true'], 'no meaning'],
    [['exec'], 'command'],
  ])('%j: exit 2, and %j in the message', async (args, words) => {
    const end = await runCli(args);
    expect(end.exitCode, end.stderr).toBe(2);
    expect(end.stderr).toContain(words);
    expect(end.events).toEqual([]);
  });
});

it('refuses a name of the command line that is not UTF-8, and takes it from elsewhere', async () => {
  const sh = (script: string) =>
    execa('bash', ['-c', script, process.execPath, MEMSCHED], {
      cwd: tempDir(),
      env: { XDG_STATE_HOME: tempDir() },
      reject: false,
    });
  const refused = await sh(`"$0" "$1" map -- echo ::: $'caf\\xe9'`);
  expect(refused.exitCode, refused.stderr).toBe(2);
  expect(refused.stderr).toContain('is not UTF-8');
  const fromInput = await sh(`printf 'caf\\xe9' | "$0" "$1" map -- echo | od -An -tx1`);
  expect(fromInput.stdout, fromInput.stderr).toBe(' 63 61 66 e9 0a');
  const utf8 = await sh(`"$0" "$1" map -- echo ::: $'\\xef\\xbf\\xbd'`);
  expect(utf8.stdout, utf8.stderr).toBe('\ufffd');
});

it('hands arguments to a shell behind its script, and numbers in it', async () => {
  const words = ['sh', '-c', 'echo {#} "$1"', '_', '{}'];
  const end = await runCli(['map', '-k', '--', ...words, ':::', '$(echo a)', 'b']);
  expect(end.stdout, end.story).toBe('1 $(echo a)\n2 b');
});

describe('what tasks write', () => {
  const speak = ['--', 'sh', '-c', 'echo a$1; sleep 0.$1; echo b$1', 'x', ':::', '3', '1'];

  it('comes by tasks, in the order in which they end or are given', async () => {
    const [group, ordered] = await Promise.all([
      runCli(['map', '-j2', ...speak]),
      runCli(['map', '-j2', '-k', ...speak]),
    ]);
    expect(group.stdout.split('\n').sort()).toEqual(['a1', 'a3', 'b1', 'b3']);
    expect(group.stdout).toMatch(/a3\nb3/);
    expect(group.stdout).toMatch(/a1\nb1/);
    expect(ordered.stdout).toBe('a3\nb3\na1\nb1');
  });

  it('comes line by line while tasks run, with their arguments if told', async () => {
    const folder = tempDir();
    const wait = 'echo a$1; until test -e go; do sleep 0.05; done; echo b$1';
    const cli = startFed([
      '--cwd',
      folder,
      '--output',
      'tag',
      '--',
      'sh',
      '-c',
      wait,
      'x',
      ':::',
      '1',
    ]);
    await until('the first line is through', () => cli.stdout() === '1\ta1\n', 60_000);
    writeFileSync(join(folder, 'go'), '');
    expect(await cli.ended).toBe(0);
    expect(cli.stdout()).toBe('1\ta1\n1\tb1\n');
  });

  it('has a tag of one line, whatever the arguments hold', async () => {
    const end = await runCli([
      'map',
      '--output',
      'tag',
      '--',
      'sh',
      '-c',
      'echo x',
      ':::',
      'a\nb\tc',
    ]);
    expect(end.stdout, end.story).toBe('a\\nb\\tc\tx');
  });

  it('is kept of those that failed, and of all when told', async () => {
    const run = (...more: string[]) =>
      runCli(['map', ...more, '--', 'sh', '-c', 'echo out; exit $1', 'x', ':::', '0', '1']);
    const logs = (stateHome: string): string[] =>
      readdirSync(join(runFolder(stateHome)!, 'logs'))
        .filter((name) => name.endsWith('.out'))
        .sort();
    const end = await run();
    expect(logs(end.stateHome)).toEqual(['sh.2.1.out']);
    const { stdout } = await runCli(['logs', 'latest', 'sh.2'], { stateHome: end.stateHome });
    expect(stdout).toContain('out');
    const gone = await runCli(['logs', 'latest', 'sh.1'], { stateHome: end.stateHome });
    expect(gone.stderr).toContain('was passed on');
    expect(logs((await run('--keep-logs')).stateHome)).toEqual(['sh.1.1.out', 'sh.2.1.out']);
    const none = await run('--output', 'none');
    expect(none.stdout).toBe('');
    expect(logs(none.stateHome)).toEqual(['sh.1.1.out', 'sh.2.1.out']);
  });

  it('is whole, however much it is', async () => {
    const end = await runCli(['map', '-k', '--', 'seq', ':::', '200000', '3']);
    const numbers = end.stdout.split('\n');
    expect(numbers).toHaveLength(200_003);
    expect(numbers.at(199_999)).toBe('200000');
  });

  it('of the last attempt alone, where it comes by tasks', async () => {
    const once = 'echo try $MEMSCHED_ATTEMPT; test $MEMSCHED_ATTEMPT = 2';
    const run = (mode: string) =>
      runCli(['map', '--retries', '1', '--output', mode, '--', 'sh', '-c', once, ':::', '1']);
    const [group, stream] = await Promise.all([run('group'), run('stream')]);
    expect(group.stdout, group.story).toBe('try 2');
    expect(stream.stdout, stream.story).toBe('try 1\ntry 2');
  });

  it('of a jobfile comes when told, the summary then on stderr', async () => {
    const cwd = tempDir();
    writeFileSync(
      join(cwd, 'jobs.yaml'),
      'version: 1\njobs:\n  a: { run: "echo from a" }\n  b: { needs: [a], run: "printf b" }\n',
    );
    const run = (mode: string) =>
      runCli(['run', 'jobs.yaml', '--output', mode, '--joblog', 'log'], { cwd });
    const group = await run('group');
    expect(group.stdout, group.story).toBe('from a\nb');
    expect(group.stderr).toContain('2 tasks: 2 succeeded');
    const log = readFileSync(join(cwd, 'log'), 'utf8').trimEnd().split('\n');
    expect(log.map((line) => line.split('\t').at(-1))).toEqual([
      'Command',
      "bash '-euo' pipefail '-c' 'echo from a'",
      "bash '-euo' pipefail '-c' 'printf b'",
    ]);
    expect((await run('tag')).stdout).toBe('a\tfrom a\nb\tb');
    expect((await run('none')).stdout).toContain('2 tasks: 2 succeeded');
    expect(existsSync(join(runFolder(group.stateHome)!, 'logs', 'a.1.out'))).toBe(true);
  });
});

describe('the views', () => {
  it('know a map', async () => {
    const { stateHome } = await runCli(['map', '--', 'test', 'a', '=', ':::', 'a', 'b']);
    const see = async (...args: string[]): Promise<string> =>
      (await runCli(args, { stateHome })).stdout;
    expect(await see('ps')).toMatch(/test\s+ended\s+2\/2\s+1/);
    const shown = await see('show');
    expect(shown).toMatch(/jobfile\s+map/);
    expect(shown).toMatch(/test\.2\s+failed.* b$/m);
    expect(await see('explain', 'test.2')).toContain('exit code 1');
    const [event] = (await runCli(['map', '--json', '--', 'true', ':::', '1'])).stdout.split('\n');
    expect(JSON.parse(event!)).toMatchObject({ kind: 'run-started', isStreaming: true });
  });
});

describe('exec', () => {
  it.each([
    [['sh', '-c', 'exit 7'], 7],
    [['sh', '-c', 'kill -KILL $$'], 137],
    [['sh', '-c', 'kill -USR1 $$'], 138],
    [['no-such-program'], 127],
    [['/no/such/program'], 127],
    [['/etc/passwd'], 126],
    [['/etc'], 126],
    [['--timeout', '200ms', '--', 'sleep', '60'], 124],
    [['true'], 0],
  ])('%j ends with %i', async (args, code) => {
    const end = await runCli(['exec', ...args]);
    expect(end.exitCode, end.story).toBe(code);
  });

  it('passes standard input, output and error through, and says nothing itself', async () => {
    const end = await runCli(['exec', '--', 'sh', '-c', 'tr a-z A-Z; echo sorry >&2; exit 3'], {
      stdin: 'some text\n',
    });
    expect(end.stdout).toBe('SOME TEXT');
    expect(end.stderr).toBe('sorry');
    expect(end.exitCode).toBe(3);
  });

  it('keeps what it writes when told', async () => {
    const end = await runCli(['exec', '--output', 'group', '--', 'cat'], { stdin: 'kept' });
    expect(end.stdout, end.story).toBe('kept');
    const note = await runCli(['exec', '--', 'echo', 'x'], { stateHome: end.stateHome });
    expect(note.stdout).toBe('x');
    const logs = await runCli(['logs', 'latest', 'echo'], { stateHome: end.stateHome });
    expect(logs.stderr).toContain('went straight to');
  });

  it('passes signals on, and leaves it to the command what to make of them', async () => {
    const script =
      'trap "echo int" INT; trap "echo usr; exit 5" USR1; echo ready; while :; do sleep 0.05; done';
    const cwd = tempDir();
    const out = join(cwd, 'out');
    const cli = startCli(['exec', '--', 'sh', '-c', `{ ${script}; } > ${out}`], { cwd });
    const has = (text: string) => () => existsSync(out) && readFileSync(out, 'utf8').includes(text);
    await until('the command is ready', has('ready'), 60_000);
    cli.kill('SIGINT');
    await until('it got SIGINT', has('int'), 60_000);
    cli.kill('SIGUSR1');
    const end = await cli.finished;
    expect(end.exitCode, end.story).toBe(5);
  });

  it('ends as the command does that a signal ends', async () => {
    const cli = startCli(['exec', '--retries', '3', '--', 'sleep', '60']);
    await until(
      'it runs',
      () => ofKind(readJournal(cli.stateHome), 'attempt-launched').length > 0,
      60_000,
    );
    cli.kill('SIGTERM');
    const end = await cli.finished;
    expect(end.exitCode, end.story).toBe(143);
    expect(ofKind(end.events, 'attempt-admitted')).toHaveLength(1);
  });
});
