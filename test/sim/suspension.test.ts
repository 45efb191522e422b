import { describe, expect, test } from 'vitest';
import type { TaskSpec } from '../../src/core/task-spec.js';
import { GiB, MiB } from '../../src/util/bytes.js';
import { violations } from './checkers/all.js';
import { eventsOf } from './checkers/checker.js';
import { idleMachine } from './machine-spec.js';
import { rampAndHold } from './program.js';
import type { Recording } from './recording.js';
import {
  alike,
  figuresOf,
  machineWithBudget,
  outcomesOf,
  play,
  type Scenario,
  type ScenarioTask,
} from './scenario.js';
import { simulate } from './simulate.js';
import { plainConfig, plainTask } from './specs.js';
import { workload } from './workload.js';

const TIGHT = { memory: { grow: { kind: 'none' }, requestBytes: 50 * MiB } } as const;

/** Plays a scenario and holds it to every promise. */
function run(scenario: Scenario): Recording {
  const recording = play(scenario);
  expect(violations(recording)).toEqual([]);
  return recording;
}

function frozen(recording: Recording): string[] {
  return eventsOf(recording, 'attempt-suspended').map(({ task }) => task);
}

/** Each far larger than it says, and all of them together too large. */
function ramps(count: number, peakMiB: number, spec: Partial<TaskSpec>): ScenarioTask[] {
  return alike('ramp', count, rampAndHold(peakMiB * MiB, 20_000, 5000), {
    ...TIGHT,
    profile: 'none',
    preemptible: 1,
    ...spec,
  });
}

const ON_1G = { machine: machineWithBudget(GiB) };

describe('tasks that may be frozen', () => {
  test('lose nothing where the older one has room to finish; without that, work is lost', () => {
    const softly = run({ ...ON_1G, tasks: ramps(2, 550, { maySuspend: true }) });
    expect(outcomesOf(softly)).toEqual({ succeeded: 2 });
    expect(frozen(softly)).toEqual(['ramp.1']);
    expect(figuresOf(softly)).toMatchObject({ preemptions: 0, wastedS: 0, oomKills: 0 });
    const hard = run({ ...ON_1G, tasks: ramps(2, 550, {}) });
    expect(frozen(hard)).toEqual([]);
    expect(figuresOf(hard).preemptions).toBeGreaterThan(0);
    expect(figuresOf(hard).wastedS).toBeGreaterThan(0);
  });

  test('are preempted where what they hold keeps the older one from finishing', () => {
    const recording = run({ ...ON_1G, tasks: ramps(2, 800, { maySuspend: true }) });
    expect(outcomesOf(recording)).toEqual({ succeeded: 2 });
    expect(frozen(recording)[0]).toBe('ramp.1');
    const [first] = eventsOf(recording, 'attempt-stopping');
    expect(first).toMatchObject({ task: 'ramp.1', reason: { kind: 'preempted' } });
    expect(figuresOf(recording).oomKills).toBe(0);
  });

  test('are never stopped for memory where they are not preemptible', () => {
    const tasks = ramps(3, 450, { maySuspend: true, preemptible: 0 });
    const recording = run({ ...ON_1G, tasks });
    expect(outcomesOf(recording)).toEqual({ succeeded: 3 });
    expect(frozen(recording).length).toBeGreaterThan(0);
    expect(eventsOf(recording, 'attempt-stopping')).toEqual([]);
  });

  test('make room by way of swap, where there is some', () => {
    const swap = { totalBytes: 2 * GiB, bytesPerMs: 200 * 1024 };
    const machine = { ...ON_1G.machine, swap };
    const recording = run({ machine, tasks: ramps(2, 800, { maySuspend: true }) });
    expect(outcomesOf(recording)).toEqual({ succeeded: 2 });
    expect(eventsOf(recording, 'attempt-suspended')[0]?.reclaimBytes).toBeGreaterThan(100 * MiB);
    expect(figuresOf(recording)).toMatchObject({ preemptions: 0, wastedS: 0, oomKills: 0 });
  });

  test('have all of their timeout for themselves', () => {
    const tasks = ramps(2, 550, { maySuspend: true, timeoutMs: 27_000 });
    const recording = run({ ...ON_1G, tasks });
    expect(outcomesOf(recording)).toEqual({ succeeded: 2 });
    const ended = eventsOf(recording, 'attempt-ended').find(({ task }) => task === 'ramp.1');
    expect(ended?.frozenMs).toBeGreaterThan(3000);
    expect(ended?.ranMs).toBeLessThan(27_000);
  });
});

/** The same two, and somebody who does something while the newer one is frozen. */
function disturbed(change: Partial<Parameters<typeof simulate>[0]>, stopsAtMs: readonly number[]) {
  const tasks = ramps(2, 550, { maySuspend: true });
  const recording = simulate({
    seed: 0,
    machine: ON_1G.machine,
    workload: {
      ...workload(
        plainConfig(),
        tasks.map(({ id, spec, program }) => ({ spec: plainTask(id, spec), program })),
      ),
      stopsAtMs,
    },
    ...change,
  });
  expect(violations(recording)).toEqual([]);
  expect(frozen(recording)).toEqual(['ramp.1']);
  return recording;
}

describe('a run with a frozen task', () => {
  test('that the user holds thaws it all the same', () => {
    const commands = [{ atMs: 19_000, command: { kind: 'hold' } as const }];
    const recording = disturbed({ commands }, []);
    expect(outcomesOf(recording)).toEqual({ succeeded: 2 });
    expect(eventsOf(recording, 'attempt-thawed')).toMatchObject([{ task: 'ramp.1' }]);
  });

  test('ends when it is told to, and leaves nothing frozen', () => {
    const recording = disturbed({}, [20_000]);
    expect(outcomesOf(recording)).toEqual({ canceled: 2 });
    expect(eventsOf(recording, 'attempt-thawed')).toEqual([]);
    expect(recording.makespanMs).toBeLessThan(27_000);
    expect(recording.leftOpen).toEqual([]);
  });

  test('ends at once when it is told twice', () => {
    const recording = disturbed({}, [20_000, 20_050]);
    expect(outcomesOf(recording)).toEqual({ canceled: 2 });
    expect(recording.makespanMs).toBeLessThan(21_000);
  });

  test('cancels it like any other', () => {
    const command = { kind: 'cancel', task: 'ramp.1' } as const;
    const recording = disturbed({ commands: [{ atMs: 20_000, command }] }, []);
    expect(outcomesOf(recording)).toEqual({ succeeded: 1, canceled: 1 });
  });
});

test('a frozen task that keeps its work is asked for it before it ends, and saves it', () => {
  const tasks = ramps(2, 550, {
    maySuspend: true,
    checkpoint: {
      ask: { by: { kind: 'signal', signal: 'SIGUSR1' }, timeoutMs: 3000 },
      exitCode: 85,
      stale: 'any',
    },
  });
  const saves = { answer: 'saves', takesMs: 100, code: 85 } as const;
  const savers = tasks.map(({ id, spec, program }) => ({
    spec: plainTask(id, spec),
    program: { ...program, saves },
  }));
  const recording = simulate({
    seed: 0,
    machine: ON_1G.machine,
    workload: { ...workload(plainConfig(), savers), stopsAtMs: [17_000] },
  });
  expect(violations(recording)).toEqual([]);
  expect(frozen(recording)).toEqual(['ramp.1']);
  expect(eventsOf(recording, 'attempt-thawed')).toEqual([]);
  const made = eventsOf(recording, 'checkpoint-made').filter(({ how }) => how === 'folder');
  expect(made.map(({ task }) => task).sort()).toEqual(['ramp.0', 'ramp.1']);
});

test('an idle machine freezes nobody', () => {
  const tasks = ramps(3, 300, { maySuspend: true });
  expect(frozen(run({ machine: idleMachine(8 * GiB), tasks }))).toEqual([]);
});
