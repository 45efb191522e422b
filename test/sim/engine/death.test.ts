import { describe, expect, test } from 'vitest';
import { GiB, MiB } from '../../../src/util/bytes.js';
import { deathLosesNothing } from '../checkers/replay.js';
import { idleMachine } from '../machine-spec.js';
import { rampAndHold } from '../program.js';
import type { Recording, Setup } from '../recording.js';
import { simulate } from '../simulate.js';
import { plainConfig, plainTask } from '../specs.js';
import { resume } from '../successor.js';
import { workload } from '../workload.js';

function setup(): Setup {
  const tasks = Array.from({ length: 6 }, (_, row) => ({
    spec: plainTask(`task.${row}`, { job: 'task', cpus: 0 }),
    program: rampAndHold(100 * MiB, 200, 1000),
  }));
  return {
    seed: 1,
    machine: idleMachine(4 * GiB),
    workload: workload(plainConfig({ maxParallel: 2 }), tasks),
  };
}

function diesAt(at: 'event' | 'deed', after: number, more: Partial<Setup> = {}): Recording {
  return simulate({ ...setup(), death: { at, after, tornShare: 0.6 }, ...more });
}

function finishedIn({ events }: Pick<Recording, 'events'>): string[] {
  return events.flatMap((event) => (event.kind === 'task-finished' ? [event.task] : [])).sort();
}

describe('a supervisor that dies', () => {
  test.each(['event', 'deed'] as const)('leaves a sound journal, whichever %s it was at', (at) => {
    const { events } = simulate(setup());
    for (let after = 0; after < events.length; after += 1) {
      const dead = diesAt(at, after);
      expect(deathLosesNothing.check(dead), `after ${after}`).toEqual([]);
      if (at === 'event') expect(dead.end.kind).toBe('died');
    }
  });

  test('does nothing any more: what runs is left running', () => {
    // The first thing that is told while two run.
    const { events } = simulate(setup());
    const dead = diesAt(
      'event',
      events.findIndex(({ kind }) => kind === 'task-waits'),
    );
    expect(dead.death?.open).toHaveLength(2);
    expect(dead.signals).toEqual([]);
  });

  test('leaves enough to the next one for every task to finish once', () => {
    const dead = diesAt('event', 30, { successor: resume });
    expect(dead.end.kind).toBe('ended');
    expect(finishedIn(dead)).toEqual(Array.from({ length: 6 }, (_, row) => `task.${row}`));
    const before = dead.death?.journal ?? [];
    expect(finishedIn({ events: before }).length).toBeGreaterThan(0);
    expect(dead.leftOpen).toEqual([]);
  });
});
