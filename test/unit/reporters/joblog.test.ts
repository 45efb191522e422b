import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../src/core/outcome.js';
import { commandText } from '../../../src/reporters/command-text.js';
import { createJoblogReporter } from '../../../src/reporters/joblog.js';
import { evolve } from '../../../src/core/evolve.js';
import { emptyRunState } from '../../../src/core/run-state.js';
import { recorded, stateAt } from '../../support/journals.js';
import { Loop } from '../core/loop.js';
import { plainTask } from '../../sim/specs.js';
import { started } from '../journal/events.js';

const OOM = { oomKill: 1, oom: 1, max: 1 };

function lineFor(verdict: Verdict): readonly string[] {
  const loop = new Loop([plainTask('a')]);
  evolve(loop.state, { ...started, startedAtMs: 1_000_000 });
  loop.tick();
  loop.launchAll();
  const ended = { kind: 'attempt-ended', task: 'a', attempt: 1, verdict, peakBytes: 1 } as const;
  evolve(loop.state, { ...ended, tMs: 1700, cpuMs: 1, ranMs: 1500 });
  const finished = { kind: 'task-finished', tMs: 1700, task: 'a', outcome: 'failed' } as const;
  evolve(loop.state, finished);
  let text = '';
  const out = { write: (line: string) => (text += line), close: () => undefined };
  createJoblogReporter({ out, commandOf: () => 'two\nlines' }).event(finished, loop.state);
  return text.split('\t');
}

describe('the joblog', () => {
  it('has one line for each task that ran', () => {
    expect(lineFor({ kind: 'exit', code: 3 })).toEqual([
      '1',
      ':',
      '1000.200',
      '     1.500',
      '0',
      '0',
      '3',
      '0',
      'two\0lines\n',
    ]);
  });

  it.each([
    [{ kind: 'exit', code: 0 }, '0', '0'],
    [{ kind: 'external-signal', signal: 'SIGKILL' }, '0', '9'],
    [{ kind: 'external-signal', signal: 'SIGRTMIN+2' }, '0', '36'],
    [{ kind: 'timed-out', timeoutMs: 1 }, '-1', '15'],
    [{ kind: 'own-limit', limitBytes: 1, peakBytes: 1, oom: OOM }, '-1', '9'],
    [{ kind: 'canceled', by: 'signal' }, '-1', '15'],
    [{ kind: 'lost', why: '' }, '-1', '0'],
  ] as readonly (readonly [Verdict, string, string])[])(
    '%j is %s and %s',
    (verdict, exit, signal) => {
      expect(lineFor(verdict).slice(6, 8)).toEqual([exit, signal]);
    },
  );

  it('has a line for each task of a recorded run, and none for what was skipped', () => {
    const lines: string[] = [];
    const out = { write: (line: string) => lines.push(line), close: () => undefined };
    const reporter = createJoblogReporter({ out, commandOf: (task) => task });
    const state = emptyRunState();
    for (const event of recorded('preempted-then-succeeded')) {
      evolve(state, event);
      reporter.event(event, state);
    }
    const ran = [...stateAt('preempted-then-succeeded').tasks.values()].filter(
      ({ attempts }) => attempts > 0,
    );
    expect(lines.map((line) => line.trim().split('\t').at(-1)).sort()).toEqual(
      ran.map(({ spec }) => spec.id).sort(),
    );
  });
});

describe('a command as text', () => {
  const launch = { cwd: '/', env: { MATRIX_A: 'x y', SECRET: 'no' } };

  it('is one line for a shell, with the values that its script reads and no other', () => {
    const shell = ['bash', '-c'];
    expect(
      commandText({ ...launch, command: { kind: 'shell', shell, script: 'echo "${MATRIX_A}"' } }),
    ).toBe(`MATRIX_A='x y' bash '-c' 'echo "\${MATRIX_A}"'`);
    expect(commandText({ ...launch, command: { kind: 'argv', argv: ['echo', 'a b'] } })).toBe(
      "echo 'a b'",
    );
  });
});
