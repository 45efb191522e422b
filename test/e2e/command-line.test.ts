import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evolve } from '../../src/core/evolve.js';
import type { RunEvent } from '../../src/core/events.js';
import { emptyRunState } from '../../src/core/run-state.js';
import { MEMSCHED, readJournal, runCli, runJobs, startJobs, taskOutput } from '../support/cli.js';
import { ofKind, outcomes } from '../support/journal-view.js';
import { until } from '../support/poll.js';
import { tempDir } from '../support/temp-dir.js';

const SMALL =
  'version: 1\njobs:\n  a: { run: "echo from-a" }\n  b: { needs: [a], run: "echo sorry >&2; exit 2" }\n';

describe('what is wrong on the command line', () => {
  it.each([
    [['run', 'nowhere.yaml'], 'nowhere.yaml'],
    [['run', '.'], 'folder'],
    [['rnu', 'jobs.yaml'], 'run'],
    [['run', '--bugdet', '1G', 'jobs.yaml'], '--budget'],
    [['run', '--tier', 'magic', 'jobs.yaml'], 'procfs'],
    [['run', '--quiet', '--verbose', 'jobs.yaml'], 'contradict'],
    [['run', '--set', 'nonsense', 'jobs.yaml'], 'JOB.KEY=VALUE'],
    [['plan', 'jobs.yaml', '--cpus', '4'], '--cpus goes with --simulate'],
    [['plan', 'jobs.yaml', '--simulate', '--cpus', 'x'], 'a number of processors'],
    [['plan', 'jobs.yaml', '--simulate', '--budget', '50%'], 'of what machine'],
    [['plan', 'jobs.yaml', '--simulate', '--assume-duration', 'x'], 'takes a duration'],
    [['resume'], 'no runs yet'],
    [['show', 'no-such-run'], 'no'],
    [['logs', 'latest', 'x'], 'no runs yet'],
  ])('%j: exit 2, and %j in the message', async (args, words) => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'jobs.yaml'), SMALL);
    const end = await runCli(args, { cwd });
    expect(end.exitCode, end.stderr).toBe(2);
    expect(end.stderr).toContain(words);
    expect(end.stderr).not.toMatch(/^\s+at .*\.js:\d+/m);
    expect(end.events).toEqual([]);
  });

  it('a jobfile that is wrong starts nothing', async () => {
    const end = await runJobs({ jobs: { a: { run: 'true', memroy: '2G' } } });
    expect(end.exitCode).toBe(2);
    expect(end.stderr).toContain('did you mean "memory"');
    expect(end.events).toEqual([]);
  });

  it('a request over the budget is refused, an override is named', async () => {
    const end = await runJobs({ jobs: { a: { run: 'true', memory: '2G' } } }, ['--budget', '1G']);
    expect(end.exitCode, end.stderr).toBe(2);
    const bad = await runJobs({ jobs: { a: { run: 'true' } } }, ['--hold', '99%']);
    expect(bad.exitCode).toBe(2);
    expect(bad.stderr).toContain('--hold');
  });
});

describe('what is printed', () => {
  it('results go to stdout, the rest to stderr, and neither holds escape codes', async () => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'jobs.yaml'), SMALL);
    const end = await runCli(['run', 'jobs.yaml'], { cwd });
    expect(end.exitCode).toBe(1);
    expect(end.stdout).toContain('2 tasks: 1 succeeded, 1 failed');
    expect(end.stdout).not.toContain('start');
    expect(end.stderr).toContain('sorry');
    expect(`${end.stdout}${end.stderr}`).not.toContain('\u001b');
  });

  it('--json is the journal, and the journal replays to the end of the run', async () => {
    const end = await runJobs({ jobs: { a: { matrix: { i: [1, 2, 3] }, run: 'true' } } }, [
      '--json',
    ]);
    const printed = end.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as RunEvent);
    expect(printed).toEqual(end.events);
    const state = emptyRunState();
    for (const event of printed) evolve(state, event);
    expect(state.ended).toMatchObject({ outcomes: { succeeded: 3 } });
    expect(state.live.size).toBe(0);
  });

  it('--dry-run and plan start nothing and show everything', async () => {
    for (const args of [['run', '--dry-run'], ['plan']]) {
      const cwd = tempDir();
      writeFileSync(join(cwd, 'jobs.yaml'), SMALL);
      const end = await runCli([...args, 'jobs.yaml'], { cwd });
      expect(end.exitCode, end.stderr).toBe(0);
      expect(end.stdout).toMatch(/a .*at once/);
      expect(end.stdout).toMatch(/b .*after a/);
      expect(end.events).toEqual([]);
    }
  });

  it('the jobfile may come from standard input', async () => {
    const end = await runCli(['run', '-'], { stdin: 'version: 1\njobs: { a: { run: "true" } }\n' });
    expect(end.exitCode, end.story).toBe(0);
  });

  it('the views tell of the run', async () => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'jobs.yaml'), SMALL);
    const { stateHome } = await runCli(['run', 'jobs.yaml'], { cwd });
    const view = async (...args: string[]): Promise<string> => {
      const end = await runCli(args, { stateHome, cwd });
      expect(end.exitCode, `${args.join(' ')}: ${end.stderr}`).toBe(0);
      return end.stdout;
    };
    expect(await view('ps')).toContain('jobs');
    expect(await view('show')).toMatch(/b\s.*failed/);
    expect(await view('logs', 'latest', 'a')).toContain('from-a');
    expect(await view('explain', 'latest', 'b')).toContain('exit code 2');
    const wrong = await runCli(['logs', 'latest', 'bb'], { stateHome, cwd });
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain('"b"');
  });

  it('schema prints the JSON Schema of jobfiles', async () => {
    const end = await runCli(['schema']);
    expect(end.exitCode).toBe(0);
    expect(JSON.parse(end.stdout)).toMatchObject({
      type: 'object',
      properties: { jobs: {}, memory: {} },
    });
  });

  it('doctor says which tier this host has', async () => {
    const end = await runCli(['doctor', '--json']);
    expect(end.exitCode, end.stderr).toBe(0);
    expect(JSON.parse(end.stdout)).toMatchObject({
      tier: expect.stringMatching(/cgroup|hybrid|procfs/) as string,
    });
  });
});

describe('signals', () => {
  const slow = {
    jobs: {
      a: { run: 'trap "echo bye; exit 0" TERM; echo ready; sleep 60 & wait' },
      b: { needs: ['a'], run: 'true' },
    },
  };

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s asks everyone to stop; exit %i', async (signal, code) => {
    const run = startJobs(slow);
    await until('the task listens', () => taskOutput(run.stateHome, 'a').includes('ready'));
    run.kill(signal);
    const end = await run.finished;
    expect(end.exitCode, end.story).toBe(code);
    expect(outcomes(end.events)).toEqual({ a: 'canceled', b: 'canceled' });
  });

  it('a second one kills at once', async () => {
    const run = startJobs({
      jobs: {
        deaf: {
          run: 'trap "" TERM; echo ready; while :; do sleep 0.1; done',
          on_preempt: { grace: '1h' },
        },
      },
    });
    await until('it is deaf', () => taskOutput(run.stateHome, 'deaf').includes('ready'));
    run.kill('SIGTERM');
    await until('the first was taken', () => ofKind(run.events(), 'stop-requested').length > 0);
    run.kill('SIGTERM');
    const end = await run.finished;
    expect(end.exitCode, end.story).toBe(143);
    expect(ofKind(end.events, 'attempt-killed')).toMatchObject([{ because: 'second-signal' }]);
  });

  it('SIGHUP does no harm', async () => {
    const run = startJobs({ jobs: { a: { run: 'sleep 0.5' } } });
    await until('the task runs', () => ofKind(run.events(), 'attempt-launched').length > 0);
    run.kill('SIGHUP');
    const end = await run.finished;
    expect(end.exitCode, end.story).toBe(0);
  });

  describe('after the last task', () => {
    /** A run whose output nobody reads, and that has ended but for that. */
    async function endedUnread(): Promise<ChildProcess> {
      const cwd = tempDir();
      const many = Array.from({ length: 1000 }, (_, at) => at);
      const jobs = { a: { run: 'false' }, b: { needs: ['a'], matrix: { many }, run: 'true' } };
      writeFileSync(join(cwd, 'jobs.yaml'), JSON.stringify({ version: 1, jobs }));
      const child = spawn(process.execPath, [MEMSCHED, 'run', 'jobs.yaml', '--json'], {
        cwd,
        env: { ...process.env, XDG_STATE_HOME: cwd },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      await until('the run has ended', () => ofKind(readJournal(cwd), 'run-ended').length > 0);
      expect(child.exitCode, 'it waits for its reader').toBeNull();
      return child;
    }

    function exitOf(child: ChildProcess): Promise<unknown> {
      return new Promise((resolve) => {
        child.once('exit', (...end) => {
          resolve(end);
        });
      });
    }

    it('a signal changes nothing', async () => {
      const child = await endedUnread();
      const exit = exitOf(child);
      child.kill('SIGTERM');
      child.stdout?.resume();
      expect(await exit).toEqual([1, null]);
    });

    it('signals end at most the wait for a reader who does not read', async () => {
      const child = await endedUnread();
      const exit = exitOf(child);
      await until('it leaves', () => !child.kill('SIGTERM'));
      expect(await exit).toEqual([1, null]);
    });
  });

  it('a reader that goes away does no harm', async () => {
    const cwd = tempDir();
    writeFileSync(
      join(cwd, 'jobs.yaml'),
      'version: 1\njobs: { a: { matrix: { i: [1, 2, 3] }, run: "sleep 0.2; echo x" } }\n',
    );
    const env = { ...process.env, XDG_STATE_HOME: cwd };
    const child = spawn(process.execPath, [MEMSCHED, 'run', 'jobs.yaml', '--json'], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    child.stdout.destroy();
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect(code).toBe(0);
    const shown = execFileSync(process.execPath, [MEMSCHED, 'show', '--json'], {
      cwd,
      env,
      encoding: 'utf8',
    });
    expect(shown).toContain('succeeded');
  });
});
