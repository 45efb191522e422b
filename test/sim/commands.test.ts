import { expect, test } from 'vitest';
import { GiB, MiB } from '../../src/util/bytes.js';
import { violations } from './checkers/all.js';
import { idleMachine } from './machine-spec.js';
import { rampAndHold } from './program.js';
import type { Recording, TimedCommand } from './recording.js';
import { alike } from './scenario.js';
import { simulate } from './simulate.js';
import { plainConfig, plainTask } from './specs.js';
import { workload } from './workload.js';

const CONFIG = plainConfig({ budget: { kind: 'bytes', bytes: 8 * GiB } });

/** Twenty tasks of half a GiB, and what the user says meanwhile. */
function run(commands: readonly TimedCommand[]): Recording {
  const declared = {
    memory: { requestBytes: 520 * MiB, grow: { kind: 'none' } },
    cpus: 0,
  } as const;
  const tasks = alike('job', 20, rampAndHold(500 * MiB, 500, 4500), declared);
  return simulate({
    seed: 0,
    machine: { ...idleMachine(16 * GiB), budget: CONFIG.budget },
    workload: workload(
      CONFIG,
      tasks.map(({ id, program, spec = {} }) => ({ spec: plainTask(id, spec), program })),
    ),
    commands,
  });
}

/** The budgets by which tasks were let in from this time on. */
function budgetsAfter({ events }: Recording, fromMs: number): Set<number> {
  return new Set(
    events.flatMap((event) =>
      event.kind === 'attempt-admitted' && event.tMs > fromMs
        ? [event.reason.numbers.budgetBytes]
        : [],
    ),
  );
}

test('a smaller budget holds for whom is started from then on', () => {
  const config = { ...CONFIG, budget: { kind: 'bytes', bytes: 2 * GiB } } as const;
  const change = { key: 'budget', before: '8G', after: '2G', config };
  const recording = run([{ atMs: 1000, command: { kind: 'set', ...change } }]);
  expect(violations(recording).filter((what) => !what.startsWith('the budget'))).toEqual([]);
  expect(budgetsAfter(run([]), 1100)).toEqual(new Set([8 * GiB]));
  expect(budgetsAfter(recording, 1100)).toEqual(new Set([2 * GiB]));
});

test('a run that is held stands still, and ends when it is released', () => {
  const recording = run([
    { atMs: 500, command: { kind: 'hold' } },
    { atMs: 60_000, command: { kind: 'release' } },
  ]);
  expect(violations(recording)).toEqual([]);
  const started = recording.events.flatMap((event) =>
    event.kind === 'attempt-admitted' ? [event.tMs] : [],
  );
  expect(started.filter((tMs) => tMs > 600 && tMs < 60_000)).toEqual([]);
  expect(started).toHaveLength(20);
});
