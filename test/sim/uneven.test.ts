import { describe, expect, test } from 'vitest';
import { MiB } from '../../src/util/bytes.js';
import { unevenTasks } from '../support/uneven.js';
import { violations } from './checkers/all.js';
import { rampAndHold, type Program } from './program.js';
import {
  figuresOf,
  learnedFrom,
  machineWithBudget,
  outcomesOf,
  play,
  type Scenario,
} from './scenario.js';

/** What a task of the jobfile does, as the guest's suite runs it for real. */
function programOf(corners: readonly (readonly [number, number])[]): Program {
  const points = corners.map(([s, mib]) => ({ atMs: s * 1000, bytes: mib * MiB }));
  const start = points[0]?.atMs === 0 ? [] : [{ atMs: 0, bytes: 0 }];
  const durationMs = points.at(-1)?.atMs ?? 0;
  return { ...rampAndHold(0, 0, durationMs), curve: [...start, ...points], durationMs, cpus: 0.1 };
}

describe('forty tasks with uneven curves', () => {
  test('preempt less and end sooner in their second run', () => {
    const scenario: Scenario = {
      machine: machineWithBudget(720 * MiB, 2),
      tasks: unevenTasks().map(({ name, corners, requestMib }) => ({
        id: name,
        program: programOf(corners),
        spec: {
          preemptible: 1,
          cpus: 0,
          memory: {
            grow: { kind: 'none' },
            ...(requestMib === undefined ? {} : { requestBytes: requestMib * MiB }),
          },
        },
      })),
    };
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
