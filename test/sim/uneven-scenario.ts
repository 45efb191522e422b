import { MiB } from '../../src/util/bytes.js';
import { unevenTasks, type Corner } from '../support/uneven.js';
import { NO_MISHAPS, rampAndHold, type Program } from './program.js';
import { machineWithBudget, type Scenario } from './scenario.js';

/** The budget that the guest's suite gives them, too. */
export const UNEVEN_BUDGET_MIB = 720;

/**
 * The forty uneven tasks as the guest's suite runs them for real.
 *
 * @param startUpMs - from the start of a process until it follows its curve.
 */
export function unevenScenario(startUpMs = 5): Scenario {
  return {
    machine: machineWithBudget(UNEVEN_BUDGET_MIB * MiB, 2),
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
    mishapsOf: () => ({
      ...NO_MISHAPS,
      spawn: { kind: 'ok', latencyMs: startUpMs, toldAfterMs: 0 },
    }),
  };
}

/** It follows the clock, however busy the processors are. */
function programOf(corners: readonly Corner[]): Program {
  const points = corners.map(([s, mib]) => ({ atMs: s * 1000, bytes: mib * MiB }));
  const start = points[0]?.atMs === 0 ? [] : [{ atMs: 0, bytes: 0 }];
  const durationMs = points.at(-1)?.atMs ?? 0;
  return { ...rampAndHold(0, 0, durationMs), curve: [...start, ...points], durationMs, cpus: 0.1 };
}
