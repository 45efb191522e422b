import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runCli, startJobs, type FinishedCli, type LiveCli } from '../support/cli.js';
import { listeningSocket } from '../support/control-socket.js';
import { ofKind, outcomes } from '../support/journal-view.js';
import { until } from '../support/poll.js';

const SMALL = { memory: '16M', cpus: 0 };

/** A command to the run that is under way. */
function tell(run: LiveCli, ...args: string[]): Promise<FinishedCli> {
  const [name = '', ...rest] = args;
  return runCli([name, 'latest', ...rest], { stateHome: run.stateHome });
}

function running(run: LiveCli, task: string): Promise<unknown> {
  return until(`${task} runs`, () =>
    ofKind(run.events(), 'attempt-launched').some((event) => event.task === task),
  );
}

describe('a live run', () => {
  it('is held, released, changed and its tasks canceled; all of it is in the journal', async () => {
    const run = startJobs({
      max_parallel: 1,
      jobs: {
        first: { ...SMALL, run: 'sleep 60' },
        second: { ...SMALL, run: 'true' },
        third: { ...SMALL, run: 'true', needs: ['second'] },
        last: { ...SMALL, run: 'sleep 60' },
      },
    });
    await running(run, 'first');
    const socket = await listeningSocket(run.stateHome);

    expect((await tell(run, 'hold')).stdout).toContain('the run is held');
    expect((await tell(run, 'cancel', 'first')).stdout).toContain('first is asked to end');
    await until('first ended', () =>
      ofKind(run.events(), 'task-finished').some(({ task }) => task === 'first'),
    );
    const shown = await runCli(['show', 'latest'], { stateHome: run.stateHome });
    expect(shown.stdout).toContain('the run is held by the user');
    expect((await tell(run, 'cancel', 'second', '--json')).stdout).toContain('"task-canceled"');
    expect((await tell(run, 'set', 'max_parallel=3')).stdout).toBe(
      'max_parallel is 3 now, and was 1',
    );
    expect((await tell(run, 'release')).stdout).toContain('the run is released');
    await running(run, 'last');
    expect((await tell(run, 'cancel')).stdout).toContain('the run is canceled');

    const end = await run.finished;
    expect(end.exitCode, end.story).toBe(143);
    expect(outcomes(end.events)).toEqual({
      first: 'canceled',
      second: 'canceled',
      third: 'skipped',
      last: 'canceled',
    });
    expect(existsSync(socket)).toBe(false);
    expect(end.events.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining([
        'run-held',
        'run-released',
        'cancel-requested',
        'config-changed',
        'stop-requested',
      ]),
    );
    const told = await runCli(['explain', 'latest', 'last'], { stateHome: run.stateHome });
    expect(told.stdout).toContain('the user holds the run');
    expect(told.stdout).toContain('the user has set max_parallel from 1 to 3');
    expect(told.stdout).toContain('the user cancels the run');
  });

  it('says what is wrong with a command, and goes on', async () => {
    const run = startJobs({ jobs: { only: { ...SMALL, run: 'sleep 60' } } });
    await running(run, 'only');
    const wrong = await Promise.all([
      tell(run, 'cancel', 'onyl'),
      tell(run, 'set', 'hold=99%'),
      tell(run, 'set', 'max_paralel=2'),
      tell(run, 'set', 'hold'),
    ]);
    expect(wrong.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2, 2]);
    const said = wrong.map(({ stderr }) => stderr);
    expect(said[0]).toContain('no task "onyl"; the nearest is "only"');
    expect(said[1]).toContain('must be above memory.hold (99%)');
    expect(said[2]).toContain('did you mean "max_parallel"?');
    expect(said[3]).toContain('KEY=VALUE');
    run.kill('SIGTERM');
    expect(ofKind((await run.finished).events, 'config-changed')).toEqual([]);
  });
});

it('a run that is dead, over or unknown cannot be told anything, and that is said', async () => {
  const run = startJobs({ jobs: { only: { ...SMALL, run: 'sleep 60' } } }, ['--tier', 'procfs']);
  await running(run, 'only');
  const pid = ofKind(run.events(), 'attempt-launched')[0]?.pid ?? 0;
  await listeningSocket(run.stateHome);
  run.kill('SIGKILL');
  await run.finished;
  process.kill(-pid, 'SIGKILL');
  // The socket of the dead is still there.
  const dead = await tell(run, 'hold');
  expect([dead.exitCode, dead.stderr]).toEqual([
    2,
    expect.stringContaining('is not under way any more'),
  ]);
  const unknown = await runCli(['cancel', 'nightly'], { stateHome: run.stateHome });
  expect([unknown.exitCode, unknown.stderr]).toEqual([
    2,
    expect.stringContaining('there is no run "nightly"'),
  ]);
});
