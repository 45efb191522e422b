import { stripVTControlCharacters } from 'node:util';
import { Chalk } from 'chalk';
import { describe, expect, test } from 'vitest';
import { evolve } from '../../../src/core/evolve.js';
import { emptyRunState } from '../../../src/core/run-state.js';
import { createLiveReporter } from '../../../src/reporters/tty/live.js';
import { recorded } from '../../support/journals.js';
import { fakeTerminal } from '../../support/fake-terminal.js';
import { until } from '../../support/poll.js';

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';

const logs = { pathsFor: () => ({ stdoutPath: '/nonexistent', stderrPath: '/nonexistent' }) };

describe('live area', () => {
  test('draws, lets failures scroll away above, and leaves a clean terminal with a cursor', async () => {
    const terminal = fakeTerminal();
    const reporter = createLiveReporter({
      terminal,
      colour: new Chalk({ level: 0 }),
      logs,
      verbosity: 'normal',
    });
    const state = emptyRunState();
    for (const event of recorded('halted').filter(({ kind }) => kind !== 'run-ended')) {
      evolve(state, event);
      reporter.event(event, state);
    }
    const drawn = await until(
      'a picture',
      () => terminal.text().includes('2 running') || terminal.text().includes('6/6'),
    );
    expect(drawn).toBe(true);
    await reporter.close(state);
    const text = terminal.text();
    expect(text).toContain('failed     test.b: exit code 1');
    expect(text.indexOf(HIDE_CURSOR)).toBeGreaterThanOrEqual(0);
    expect(text.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(text.lastIndexOf(HIDE_CURSOR));
    expect(text.slice(text.lastIndexOf('halted · 6 tasks'))).toContain('\x1b[0K');
    expect(terminal.listeners.size).toBe(0);
    expect(text).not.toMatch(/\x1b\[3\dm/); // eslint-disable-line no-control-regex -- no colour was allowed
  });

  test('nothing is drawn after close, and no timer is left', async () => {
    const terminal = fakeTerminal();
    const reporter = createLiveReporter({
      terminal,
      colour: new Chalk({ level: 0 }),
      logs,
      verbosity: 'normal',
    });
    const state = emptyRunState();
    const events = recorded('halted');
    for (const event of events.slice(0, 12)) {
      evolve(state, event);
      reporter.event(event, state);
    }
    await reporter.close(state);
    const length = terminal.text().length;
    for (const event of events.slice(12)) {
      evolve(state, event);
      reporter.event(event, state);
    }
    await reporter.close(state);
    const after = stripVTControlCharacters(terminal.text().slice(length));
    expect(after).not.toContain('running');
  });

  test('a narrower terminal: the rows that the old picture broke into are cleared, too', async () => {
    const terminal = fakeTerminal();
    const reporter = createLiveReporter({
      terminal,
      colour: new Chalk({ level: 0 }),
      logs,
      verbosity: 'normal',
    });
    const state = emptyRunState();
    for (const event of recorded('preempted-then-succeeded').filter(({ tMs }) => tMs < 3500)) {
      evolve(state, event);
      reporter.event(event, state);
    }
    await until('a picture', () => terminal.text().includes('align.a'));
    const before = terminal.text().length;
    terminal.resize(50);
    await until(
      'a picture of the new size',
      () => terminal.text().length > before && terminal.text().slice(before).includes('align.a'),
    );
    await reporter.close(state);
    const text = terminal.text();
    expect(text).toContain('\x1b[0J');
    const written = text.slice(text.lastIndexOf('\x1b[0J'));
    expect(written).toContain('align.a');
    // Pictures follow each other without a newline: the cursor goes back to the first column.
    const lines = stripVTControlCharacters(written.replaceAll('\x1b[1G', '\n')).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(50);
  });
});
