import { describe, expect, test } from 'vitest';
import { violations } from './checkers/all.js';
import { figuresOf, learnedFrom, outcomesOf, play } from './scenario.js';
import { unevenScenario } from './uneven-scenario.js';

describe('forty tasks with uneven curves', () => {
  test('preempt less and end sooner in their second run', () => {
    const scenario = unevenScenario();
    const first = play(scenario);
    const second = play({ ...scenario, priors: learnedFrom(first) });
    console.table({ first: figuresOf(first), second: figuresOf(second) });
    for (const run of [first, second]) {
      expect(violations(run)).toEqual([]);
      expect(outcomesOf(run)).toEqual({ succeeded: 40 });
      expect(figuresOf(run).oomKills).toBe(0);
    }
    expect(figuresOf(second).preemptions).toBeLessThan(figuresOf(first).preemptions);
    expect(figuresOf(second).makespanS).toBeLessThan(figuresOf(first).makespanS);
  });
});
