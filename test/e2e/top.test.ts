import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runCli, startJobs, type LiveCli } from '../support/cli.js';
import { ofKind, outcomes } from '../support/journal-view.js';
import { until } from '../support/poll.js';
import { openTerminal, type Terminal } from '../support/tmux.js';

const SMALL = { memory: '16M', cpus: 0 };

/** A run of four tasks, three of which sleep at once, and one that fails if it comes to that. */
async function sleepers(): Promise<LiveCli> {
  const run = startJobs({
    name: 'nightly',
    max_parallel: 3,
    jobs: {
      sleep: {
        ...SMALL,
        matrix: { n: [1, 2, 3, 4] },
        run: 'echo "hello from $MATRIX_N"; sleep 60',
      },
      after: { ...SMALL, needs: ['sleep'], run: 'true' },
    },
  });
  onTestFinished(async () => {
    run.kill('SIGTERM');
    await run.finished;
  });
  await until('three run', () => ofKind(run.events(), 'attempt-launched').length === 3);
  return run;
}

function shows(terminal: Terminal, pattern: RegExp): Promise<boolean> {
  return until(`${String(pattern)} on the screen`, () => pattern.test(terminal.screen()), 15_000);
}

/** Whether the shell is back, and its terminal as it was. */
async function isClean(terminal: Terminal): Promise<void> {
  await shows(terminal, /^ready>\s*$/m);
  terminal.press('clear; stty -a | grep -o -- "-\\?icanon\\|-\\?echo\\b"', 'Enter');
  await shows(terminal, /^icanon$/m);
  expect(terminal.screen()).toMatch(/^echo$/m);
  expect(terminal.screen()).not.toMatch(/memsched top ·/);
}

/** Process ids of `memsched top` below the terminal's shell. */
function topPids({ pid }: Terminal): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children
    .trim()
    .split(' ')
    .filter((text) => text !== '')
    .map(Number);
}

describe('memsched top', () => {
  it('shows a run in 80 by 24, holds and cancels a task from the keyboard, and leaves a clean terminal', async () => {
    const run = await sleepers();
    const terminal = openTerminal({
      columns: 80,
      rows: 24,
      env: { XDG_STATE_HOME: run.stateHome },
    });
    terminal.press('memsched top', 'Enter');
    await shows(terminal, /▸ sleep\.1 +running/);
    await shows(terminal, /sleep\.4 +queued .*waits for a/);
    const screen = terminal.screen();
    expect(screen).toMatch(/^memsched top · 1 run under way/);
    expect(screen).toMatch(/^host .* of .* available/m);
    expect(screen).toMatch(/^── \d{8}-\d{6}-nightly-\w{5} · live · /m);
    expect(screen).toMatch(/after +blocked .*needs sleep/);
    expect(Math.max(...screen.split('\n').map((line) => line.length))).toBeLessThan(80);
    expect(terminal.screen(true)).toMatch(/\[[\d;]*\b7m.*▸ sleep\.1/);

    terminal.press('End', 'Up', 'h');
    await shows(terminal, /hold sleep\.4\? y: yes/);
    terminal.press('y');
    await shows(terminal, /sleep\.4 is held: it does not start until it is released/);
    expect(ofKind(run.events(), 'task-held')).toMatchObject([{ task: 'sleep.4' }]);

    terminal.press('Home', 'c', 'n');
    await shows(terminal, /nothing was done/);
    terminal.press('c', 'y');
    await until('it is canceled', () =>
      ofKind(run.events(), 'task-finished').some(({ task }) => task === 'sleep.1'),
    );
    expect(outcomes(run.events())).toEqual({ 'sleep.1': 'canceled' });
    terminal.press('q');
    await isClean(terminal);
  });

  it('follows the size of the terminal, filters, and shows a task with the end of its log', async () => {
    const run = await sleepers();
    const terminal = openTerminal({
      columns: 200,
      rows: 50,
      env: { XDG_STATE_HOME: run.stateHome },
    });
    terminal.press('memsched top latest', 'Enter');
    await shows(terminal, /▸ sleep\.1 +running/);
    expect(terminal.screen()).toMatch(/LAST 30s/);
    terminal.press('/', '.', '3', 'Enter');
    await shows(terminal, /▸ sleep\.3 +running/);
    expect(terminal.screen()).not.toContain('sleep.2');
    terminal.press('Enter');
    await shows(terminal, /\| hello from 3/);
    terminal.resize(80, 24);
    await until('the narrow picture', () => {
      const lines = terminal.screen().split('\n');
      return lines[0]?.startsWith('memsched top') === true && lines[0].length === 79;
    });
    await shows(terminal, /\| hello from 3/);
    terminal.press('Escape');
    await shows(terminal, /▸ sleep\.3 +running/);
    terminal.press('C-c');
    await isClean(terminal);
  });

  it('gives the terminal back when it is ended by a signal', async () => {
    const run = await sleepers();
    const terminal = openTerminal({
      columns: 80,
      rows: 24,
      env: { XDG_STATE_HOME: run.stateHome },
    });
    terminal.press('memsched top; echo "code $?"', 'Enter');
    await shows(terminal, /▸ sleep\.1/);
    for (const pid of topPids(terminal)) process.kill(pid, 'SIGTERM');
    await shows(terminal, /^code 143$/m);
    await isClean(terminal);
  });

  it('needs no colours', async () => {
    const run = await sleepers();
    const env = { XDG_STATE_HOME: run.stateHome };
    const terminal = openTerminal({ columns: 80, rows: 24, env });
    terminal.press('NO_COLOR=1 memsched top', 'Enter');
    await shows(terminal, /▸ sleep\.1/);
    expect(terminal.screen(true)).not.toContain('\x1b[');
    terminal.press('q');
    await isClean(terminal);
  });

  it('is text where there is no terminal, and one JSON object on demand', async () => {
    const run = await sleepers();
    const text = await runCli(['top'], { stateHome: run.stateHome });
    expect([text.exitCode, text.stdout]).toEqual([
      0,
      expect.stringMatching(/^memsched top · 1 run under way[\s\S]* sleep\.4 +queued/),
    ]);
    expect(text.stdout).not.toContain('\x1b');
    const json = await runCli(['top', '--json', '--filter', 'sleep.2'], {
      stateHome: run.stateHome,
    });
    expect(JSON.parse(json.stdout)).toMatchObject({
      runs: [{ name: 'nightly', state: 'live', tasks: [{ task: 'sleep.2', state: 'running' }] }],
    });
    const idle = await runCli(['top', '--once']);
    expect(idle.stdout).toContain('no run is under way');
    const wrong = await runCli(['top', '--interval', '1h']);
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('250ms to 60s')]);
  });
});
