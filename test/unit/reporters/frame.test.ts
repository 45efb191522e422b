import { stripVTControlCharacters } from 'node:util';
import { Chalk } from 'chalk';
import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../../src/core/events.js';
import { evolve } from '../../../src/core/evolve.js';
import { emptyRunState, type RunState } from '../../../src/core/run-state.js';
import { frame, type FrameOptions } from '../../../src/reporters/tty/frame.js';
import { columnsOf } from '../../../src/reporters/width.js';
import { journalNames, recorded, stateAt } from '../../support/journals.js';

const plain = new Chalk({ level: 0 });
const colour = new Chalk({ level: 1 });

function draw(state: RunState, nowMs: number, change: Partial<FrameOptions> = {}): string {
  return frame(state, nowMs, { columns: 80, rows: 24, colour: plain, ...change });
}

describe('frame', () => {
  test('80x24, in the middle of a run', () => {
    expect(`\n${draw(stateAt('preempted-then-succeeded', 3500), 3500, { etaMs: 12_300 })}\n`)
      .toMatchInlineSnapshot(`
        "
        preempted-then-succeeded · 10 tasks · tier cgroup              3.5s · ETA 12s
        tasks    ███▒▒▒▒▒▒▒▒▒▒░░░ 2/10 · 6 running · 1 queued · 1 blocked
        memory   █████████████||▒ 1.2G of 1.5G · claims 1.6G · hold 1.2G · preempt 1.4G
        level    hold · 1 preemption
        TASK     ATTEMPT       MEMORY  TIME  STATE
        small.c        1    60M / 78M  1.6s  running
        align.a        1  323M / 200M  3.5s  running
        align.b        1  323M / 200M  3.5s  running
        align.d        1   94M / 200M  1.6s  running
        index.a        1   71M / 200M  1.6s  running
        index.b        1   71M / 200M  1.6s  running
        next     align.c waits out its back-off, 0.7s more
        "
      `);
  });

  test('200x50, in the middle of a run', () => {
    const state = stateAt('preempted-then-succeeded', 10_000);
    expect(`\n${draw(state, 10_000, { columns: 200, rows: 50, note: 'preempt align.a' })}\n`)
      .toMatchInlineSnapshot(`
        "
        preempted-then-succeeded · 10 tasks · tier cgroup                                                                                                                                         10s · ETA –
        tasks    ██████████████████████████████▒▒▒▒▒▒▒▒▒▒▒▒░░░░░░░░░░░░░░░░░░ 5/10 · 2 running · 2 queued · 1 blocked
        memory   ██████████████████████████████████████▒▒▒▒▒▒▒▒▒▒|▒▒▒░░|░░░░░ 975M of 1.5G · claims 1.3G · hold 1.2G · preempt 1.4G
        level    open · 4 preemptions
        TASK     ATTEMPT      MEMORY  TIME  STATE
        align.a        2    – / 720M  0.2s  running
        align.c        2  75M / 440M  1.4s  running
        next     align.b was held back, and is looked at again now that the level is open
        last     preempt align.a
        "
      `);
  });

  test('a kill that is waited for, failures in the counts', () => {
    expect(`\n${draw(stateAt('many-ends', 3000), 3000)}\n`).toMatchInlineSnapshot(`
      "
      many-ends · 6 tasks · tier cgroup                                3.0s · ETA –
      tasks    ███▓▓▓▓▓▒▒▒▒▒▒▒▒ 3/6 · 2 failed · 3 running · 0 queued
      memory   █▒▒▒▒▒▒▒░░░░░||░ 200M of 3.5G · claims 1.9G · hold 2.8G · preempt 3.2G
      level    open
      TASK   ATTEMPT       MEMORY  TIME  STATE
      slow         1  100M / 899M  3.0s  timed out, kill in 3.5s
      stuck        1     – / 899M  1.0s  running
      fine         1     – / 899M  0.6s  running
      "
    `);
  });

  test('before anything has happened', () => {
    expect(draw(emptyRunState(), 0)).toContain('0 tasks');
  });

  test('colour adds nothing but colour', () => {
    const state = stateAt('preempted-then-succeeded', 3500);
    const painted = draw(state, 3500, { colour });
    expect(painted).toContain('\x1b[');
    expect(stripVTControlCharacters(painted)).toBe(draw(state, 3500));
  });

  test.each(journalNames())(
    '%s: fits whatever the size of the terminal, at every moment',
    (name) => {
      const state = emptyRunState();
      for (const event of recorded(name)) {
        evolve(state, event);
        for (const [columns, rows] of [
          [40, 8],
          [80, 24],
          [200, 50],
        ] as const) {
          const lines = draw(state, event.tMs, { columns, rows, note: 'x'.repeat(300) }).split(
            '\n',
          );
          expect(lines.length).toBeLessThan(rows);
          expect(Math.max(...lines.map(columnsOf))).toBeLessThan(columns);
        }
      }
    },
  );

  test('with more running than fit, those that use most are shown and the others counted', () => {
    const state = crowd(300);
    const lines = draw(state, 2000).split('\n');
    expect(lines.length).toBe(23);
    expect(lines.find((line) => line.startsWith('+'))).toMatch(/^\+28\d more$/);
    expect(lines.some((line) => line.startsWith('t.299 '))).toBe(true);
    expect(lines.some((line) => line.startsWith('t.0 '))).toBe(false);
  });
});

/** So many running tasks; the last uses most. */
function crowd(count: number): RunState {
  const events = recorded('skipped-by-need');
  const [started] = events;
  const planned = events.find((event) => event.kind === 'task-planned');
  const admitted = events.find((event) => event.kind === 'attempt-admitted');
  const sampled = events.find((event) => event.kind === 'sampled');
  if (
    started === undefined ||
    planned === undefined ||
    admitted === undefined ||
    sampled === undefined
  )
    throw new Error('not as recorded');
  const state = emptyRunState();
  const all: RunEvent[] = [started];
  for (let index = 0; index < count; index += 1) {
    all.push({ ...planned, spec: { ...planned.spec, id: `t.${index}`, index, needs: [] } });
    all.push({ ...admitted, task: `t.${index}` });
  }
  const attempts = Array.from({ length: count }, (_, index) => ({
    task: `t.${index}`,
    attempt: 1,
    usedBytes: index * 1000,
    peakBytes: index * 1000,
  }));
  all.push({ ...sampled, attempts });
  for (const event of all) evolve(state, event);
  return state;
}
