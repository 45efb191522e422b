import { describe, expect, test } from 'vitest';
import {
  boundMsOf,
  lengthMsOf,
  longPile,
  piles,
  type Pile,
  type PileTask,
} from '../../bench/makespan/workloads.js';
import { MiB } from '../../src/util/bytes.js';
import { NO_MISHAPS, rampAndHold, type Program } from './program.js';
import { figuresOf, learnedFrom, machineWithBudget, play, type Scenario } from './scenario.js';

const DRAWS = [0, 1, 2];
/** What is left of the benchmark's guests for tasks. */
const BUDGET_SHARE = 0.7;
const SPAWN_MS = 50;

function budgetOf({ guestMib }: Pile): number {
  return BUDGET_SHARE * guestMib * MiB;
}

function programOf(task: PileTask): Program {
  const curve = task.curve.map(([atMs, mib]) => ({ atMs, bytes: mib * MiB }));
  const durationMs = lengthMsOf(task);
  return { ...rampAndHold(0, 0, durationMs), curve, durationMs, cpus: 0.1 };
}

function scenarioOf(pile: Pile): Scenario {
  return {
    machine: machineWithBudget(budgetOf(pile), 2),
    tasks: pile.tasks.map((task, at) => ({
      id: `task-${at + 1}`,
      program: programOf(task),
      spec: { group: task.group, job: `task-${at + 1}`, preemptible: 1, cpus: 0 },
    })),
    mishapsOf: () => ({
      ...NO_MISHAPS,
      spawn: { kind: 'ok', latencyMs: SPAWN_MS, toldAfterMs: 0 },
    }),
  };
}

interface Figures {
  /** Makespan to the time that no schedule can beat. */
  readonly toBound: number;
  readonly lostPct: number;
  readonly oomKills: number;
}

/** A first run, of which nothing was known before, and a second that knows of the first. */
function twice(pile: Pile): readonly [first: Figures, second: Figures] {
  const scenario = scenarioOf(pile);
  const first = play(scenario);
  const second = play({ ...scenario, priors: learnedFrom(first) });
  const boundS = boundMsOf(pile, budgetOf(pile)) / 1000;
  const workS = pile.tasks.reduce((sum, task) => sum + lengthMsOf(task), 0) / 1000;
  const told = (run: typeof first): Figures => {
    const { makespanS, wastedS, oomKills } = figuresOf(run);
    return { toBound: makespanS / boundS, lostPct: (100 * wastedS) / workS, oomKills };
  };
  return [told(first), told(second)];
}

function meanOf(figures: readonly Figures[], key: 'toBound' | 'lostPct'): number {
  return figures.reduce((sum, one) => sum + one[key], 0) / figures.length;
}

describe('the piles of the benchmark, in the simulator', () => {
  const runs = DRAWS.flatMap((draw) => [...piles(false, draw), longPile(draw)].map(twice));
  const firsts = runs.map(([first]) => first);
  const seconds = runs.map(([, second]) => second);

  test('a first run is within 2.5 times the bound, and loses at most 3 % of its work', () => {
    expect(meanOf(firsts, 'toBound')).toBeLessThan(2.5);
    expect(meanOf(firsts, 'lostPct')).toBeLessThan(3);
  });

  test('a second run is within 1.8 times the bound, and loses at most 1 %', () => {
    expect(meanOf(seconds, 'toBound')).toBeLessThan(1.8);
    expect(meanOf(seconds, 'lostPct')).toBeLessThan(1);
  });

  test('nobody is killed by the kernel', () => {
    expect([...firsts, ...seconds].filter(({ oomKills }) => oomKills > 0)).toEqual([]);
  });
});
