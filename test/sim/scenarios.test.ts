import { afterAll, describe, expect, test } from 'vitest';
import type { PreemptibleLevel } from '../../src/core/task-spec.js';
import { GiB, MiB } from '../../src/util/bytes.js';
import { violations } from './checkers/all.js';
import { idleMachine } from './machine-spec.js';
import { rampAndHold, type Program } from './program.js';
import { Random } from './random.js';
import {
  alike,
  figuresOf,
  learnedFrom,
  machineWithBudget,
  outcomesOf,
  play,
  type Figures,
  type Scenario,
  type ScenarioTask,
} from './scenario.js';
import type { Recording } from './recording.js';

/** Ceilings that stand where the policy is today, in seconds of virtual time: a better one lowers them. */
const STRANGERS_S = 720;
const LONG_ONES_S = 1300;

const table: Record<string, Figures> = {};

/** Plays a scenario, holds it to every promise, and puts its figures into the table. */
function run(name: string, scenario: Scenario): { recording: Recording; figures: Figures } {
  const recording = play(scenario);
  expect(violations(recording)).toEqual([]);
  const figures = figuresOf(recording);
  table[name] = figures;
  return { recording, figures };
}

afterAll(() => {
  console.table(table);
});

/** Sixty tasks of sixty kinds: 0.2 to 8 GiB, 5 to 60 s, ramps of all lengths. */
function strangers(preemptible: PreemptibleLevel): ScenarioTask[] {
  const chance = new Random(60);
  return Array.from({ length: 60 }, (_, at) => {
    const totalMs = chance.between(5000, 60_000);
    const rampMs = totalMs * chance.between(0.05, 0.8);
    const program = rampAndHold(chance.logBetween(0.2 * GiB, 8 * GiB), rampMs, totalMs - rampMs);
    return { id: `task${at}`, program, spec: { preemptible } };
  });
}

/** One task in twenty needs ten times as much as its group. */
function heavyTail(row: number): Program {
  return rampAndHold(row % 20 === 13 ? 3 * GiB : 300 * MiB, 2000, 4000);
}

describe('without any settings, level 0', () => {
  test('12 tasks of 300 MB finish on 1.4 GiB', () => {
    const { recording, figures } = run('12 × 300 MB on 1.4 GiB', {
      machine: idleMachine(2 * GiB),
      tasks: alike('demo', 12, rampAndHold(300 * 1000 * 1000, 2000, 3000)),
    });
    expect(outcomesOf(recording)).toEqual({ succeeded: 12 });
    expect(figures.oomKills).toBe(0);
    expect(figures.makespanS).toBeLessThan(30);
  });

  test('60 strangers finish on 32 GiB without an OOM kill', () => {
    const { recording, figures } = run('60 strangers on 32 GiB, level 0', {
      machine: idleMachine(32 * GiB, 16),
      tasks: strangers(0),
    });
    expect(outcomesOf(recording)).toEqual({ succeeded: 60 });
    expect(figures.oomKills).toBe(0);
    expect(figures.makespanS).toBeLessThan(STRANGERS_S);
  });

  test('a herd of 500 small tasks is not held up by caution', () => {
    const { recording, figures } = run('500 × 100 MB × 0.5 s on 8 GiB', {
      machine: idleMachine(8 * GiB),
      tasks: alike('herd', 500, rampAndHold(100 * MiB, 100, 400)),
    });
    expect(outcomesOf(recording)).toEqual({ succeeded: 500 });
    expect(figures.oomKills).toBe(0);
    expect(figures.makespanS).toBeLessThan(2 * figures.boundS);
  });

  test('long tasks of one kind do not wait for the first to finish', () => {
    const { figures } = run('16 × 1 GB × 10 min on 32 GiB', {
      machine: idleMachine(32 * GiB, 16),
      tasks: alike('long', 16, rampAndHold(1 * GiB, 5000, 600_000)),
    });
    expect(figures.oomKills).toBe(0);
    expect(figures.makespanS).toBeLessThan(LONG_ONES_S);
  });

  test('tasks that read files are not slowed by their page cache', () => {
    const program = { ...rampAndHold(100 * MiB, 500, 4500), cacheBytesPerS: 500 * MiB };
    const { recording, figures } = run('12 × 100 MB and much page cache on 1.4 GiB', {
      machine: idleMachine(2 * GiB),
      tasks: alike('reader', 12, program),
    });
    expect(outcomesOf(recording)).toEqual({ succeeded: 12 });
    expect(recording.events.some(({ kind }) => kind === 'level-changed')).toBe(false);
    expect(figures.oomKills).toBe(0);
  });

  test('a heavy tail in a group costs time and no task', () => {
    const { recording } = run('40, heavy tail, 8 GiB, level 0', {
      machine: idleMachine(8 * GiB),
      tasks: alike('tail', 40, heavyTail),
    });
    expect(outcomesOf(recording)).toEqual({ succeeded: 40 });
  });
});

describe('what the run before has shown', () => {
  test.each([
    ['level 0', 0],
    ['level high', 3],
  ] as const)('lets 60 strangers in by what they need: %s', (name, level) => {
    const scenario = { machine: idleMachine(32 * GiB, 16), tasks: strangers(level) };
    const first = run(`60 strangers, ${name}, first run`, scenario);
    const priors = learnedFrom(first.recording);
    const second = run(`60 strangers, ${name}, second run`, { ...scenario, priors });
    expect(second.figures.oomKills).toBe(0);
    expect(second.figures.makespanS).toBeLessThan(first.figures.makespanS);
    expect(second.figures.preemptions).toBeLessThanOrEqual(first.figures.preemptions);
  });

  test.each([
    ['level 0', 0],
    ['level medium', 2],
  ] as const)('tells of a heavy tail: %s', (name, preemptible) => {
    const scenario = {
      machine: idleMachine(8 * GiB),
      tasks: alike('tail', 40, heavyTail, { preemptible }),
    };
    const first = run(`40, heavy tail, ${name}, first run`, scenario);
    const priors = learnedFrom(first.recording);
    const second = run(`40, heavy tail, ${name}, second run`, { ...scenario, priors });
    expect(outcomesOf(second.recording)).toEqual({ succeeded: 40 });
    expect(second.figures.oomKills).toBe(0);
  });
});

describe('preemptible tasks', () => {
  test('60 strangers at level high finish on 32 GiB', () => {
    const { recording, figures } = run('60 strangers on 32 GiB, level high', {
      machine: idleMachine(32 * GiB, 16),
      tasks: strangers(3),
    });
    expect(outcomesOf(recording)).toEqual({ succeeded: 60 });
    expect(figures.oomKills).toBe(0);
    expect(figures.makespanS).toBeLessThan(STRANGERS_S);
  });

  test('a heavy tail in a group costs work and no task', () => {
    const { recording } = run('40, heavy tail, 8 GiB, level medium', {
      machine: idleMachine(8 * GiB),
      tasks: alike('tail', 40, heavyTail, { preemptible: 2 }),
    });
    expect(outcomesOf(recording)).toEqual({ succeeded: 40 });
  });

  test('go from level 4 to level 1, and level 0 stays', () => {
    const lie = { memory: { grow: { kind: 'none' }, requestBytes: 50 * MiB } } as const;
    const levels: PreemptibleLevel[] = [0, 1, 2, 3, 4];
    const { recording } = run('levels 0 to 4, each lies', {
      machine: machineWithBudget(2 * GiB),
      tasks: levels.map((preemptible) => ({
        id: `level${preemptible}`,
        program: rampAndHold(1200 * MiB, 8000, 8000),
        spec: { ...lie, preemptible },
      })),
    });
    const order: string[] = [];
    for (const event of recording.events) {
      if (event.kind !== 'attempt-stopping' || order.includes(event.task)) continue;
      order.push(event.task);
    }
    expect(order).toEqual(['level4', 'level3', 'level2', 'level1'].slice(0, order.length));
    expect(order.length).toBeGreaterThan(2);
    expect(outcomesOf(recording)).toEqual({ succeeded: 5 });
  });

  test('a task preempted again and again still finishes, and the ping-pong is bounded', () => {
    const lie = { memory: { grow: { kind: 'none' }, requestBytes: 10 * MiB } } as const;
    const { recording, figures } = run('10 liars of 1 GB on 2 GiB', {
      machine: machineWithBudget(2 * GiB),
      tasks: alike('liar', 10, rampAndHold(1 * GiB, 4000, 4000), {
        ...lie,
        profile: 'none',
        preemptible: 4,
      }),
    });
    expect(outcomesOf(recording)).toEqual({ succeeded: 10 });
    expect(figures.preemptions).toBeGreaterThan(0);
    expect(figures.preemptions).toBeLessThanOrEqual(50);
  });

  test('a task larger than the budget is told so, and the others finish', () => {
    const { recording } = run('one of 3 GB among 9 on 2 GiB', {
      machine: machineWithBudget(2 * GiB),
      tasks: [
        { id: 'giant', program: rampAndHold(3 * GiB, 6000, 3000), spec: { preemptible: 1 } },
        ...alike('small', 9, rampAndHold(200 * MiB, 1000, 2000), { preemptible: 1 }),
      ],
    });
    expect(outcomesOf(recording)).toEqual({ succeeded: 9, 'oom-killed': 1 });
    const { past } = recording.supervisor.state.tasks.get('giant')!;
    expect(past.at(-1)?.verdict.kind).toBe('over-budget');
  });
});
