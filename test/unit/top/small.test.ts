import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../../src/core/events.js';
import { changes, Screen } from '../../../src/reporters/tty/screen.js';
import { cell, leftAndRight, wrap } from '../../../src/reporters/tty/top/cells.js';
import { MemoryHistory } from '../../../src/reporters/tty/top/memory-history.js';
import { sparkline } from '../../../src/reporters/tty/top/sparkline.js';
import { fakeTerminal } from '../../support/fake-terminal.js';
import { until } from '../../support/poll.js';

describe('a sparkline', () => {
  test.each([
    [[0, 50, 100], 100, 10, '▁▅█'],
    [[1, 2, 3, 4], 4, 2, '▇█'],
    [[500], 100, 4, '█'],
    [[], 100, 4, ''],
    [[0, 0], 0, 4, '▁▁'],
    [[5], 10, 0, ''],
  ])('of %j up to %i in %i columns', (values, most, columns, text) => {
    expect(sparkline(values, most, columns)).toBe(text);
  });
});

describe('cells', () => {
  test('are as wide as they were told', () => {
    expect(cell('abc', 5)).toBe('abc  ');
    expect(cell('abc', 5, 'right')).toBe('  abc');
    expect(cell('abcdef', 4)).toBe('abc…');
    expect(leftAndRight('left', 'right', 12)).toBe('left   right');
    expect(leftAndRight('too long to fit', 'right', 12)).toBe('too l… right');
    expect(leftAndRight('left', 'right', 4)).toBe('rig…');
  });

  test('long texts are broken at spaces', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('unbreakable', 5)).toEqual(['unbr…']);
    expect(wrap('', 5)).toEqual(['']);
  });
});

describe('the history of memory', () => {
  const sampled = (usedBytes: number, attempt = 1, tMs = 0): RunEvent => ({
    kind: 'sampled',
    tMs,
    level: 'open',
    claimedBytes: 0,
    numbers: { usedBytes, budgetBytes: 1, availableBytes: 1, growthBytesPerS: 0 },
    attempts: [{ task: 'a', attempt, usedBytes, peakBytes: usedBytes }],
  });

  test('keeps the last minute of those that live', () => {
    const history = new MemoryHistory();
    for (let at = 1; at <= 100; at += 1) history.event(sampled(at));
    expect(history.of('a')).toHaveLength(60);
    expect(history.of('a').at(-1)).toBe(100);
    history.event({
      kind: 'attempt-ended',
      tMs: 0,
      task: 'a',
      attempt: 1,
      verdict: { kind: 'exit', code: 0 },
      peakBytes: 1,
      cpuMs: 1,
      ranMs: 1,
    });
    expect(history.of('a')).toEqual([]);
  });

  test('is one of seconds, however far looks are apart', () => {
    const history = new MemoryHistory();
    const looks = [
      [1, 0],
      [2, 1010],
      [3, 3005],
      [4, 3020],
    ] as const;
    for (const [bytes, ms] of looks) history.event(sampled(bytes, 1, ms));
    expect(history.of('a')).toEqual([1, 2, 3, 3, 4]);
    history.event(sampled(5, 1, 1_000_000));
    expect(history.of('a')).toEqual(Array(60).fill(5));
  });

  test('begins anew with the next attempt', () => {
    const history = new MemoryHistory();
    history.event(sampled(5));
    history.event(sampled(7, 2));
    expect(history.of('a')).toEqual([7]);
  });
});

describe('the screen', () => {
  test('is written to where it has changed, and nowhere else', () => {
    expect(changes(['a', 'b', 'c'], ['a', 'x', 'c'])).toBe('\x1b[2;1Hx\x1b[K');
    expect(changes(['a', 'b'], ['a'])).toBe('\x1b[2;1H\x1b[K');
    expect(changes(['a'], ['a'])).toBe('');
    expect(changes([], ['a', ''])).toBe('\x1b[1;1Ha\x1b[K');
  });

  test('is the alternate one, without a cursor, and given back once', async () => {
    const terminal = fakeTerminal();
    const screen = new Screen(terminal);
    screen.enter();
    screen.draw(['hello']);
    await until('the picture', () => terminal.text().includes('hello'));
    screen.leave();
    screen.leave();
    screen.draw(['after']);
    const text = terminal.text();
    expect(text.startsWith('\x1b[?1049h\x1b[?25l')).toBe(true);
    expect(text.endsWith('\x1b[0m\x1b[?25h\x1b[?1049l')).toBe(true);
    expect(text.split('[?1049l')).toHaveLength(2);
    expect(text).not.toContain('after');
  });

  test('leaves pictures out while the terminal has not taken the last one', async () => {
    const terminal = fakeTerminal();
    const screen = new Screen(terminal);
    screen.enter();
    for (let at = 0; at < 1000; at += 1) screen.draw([`picture ${at}`]);
    await until('the last picture', () => terminal.text().includes('picture 999'));
    expect(terminal.text().match(/picture/g)?.length).toBeLessThan(10);
  });

  test('is drawn as a whole when it was spoilt', async () => {
    const terminal = fakeTerminal();
    const screen = new Screen(terminal);
    screen.enter();
    screen.draw(['same']);
    await until('the picture', () => terminal.text().includes('same'));
    screen.spoil();
    screen.draw(['same']);
    await until('it again', () => terminal.text().match(/same/g)?.length === 2);
  });
});
