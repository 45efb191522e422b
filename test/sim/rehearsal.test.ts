import { describe, expect, test } from 'vitest';
import type { Course } from '../../src/core/rehearsal/course.js';
import { rehearse } from '../../src/core/rehearsal/rehearse.js';
import type { Rehearsal } from '../../src/core/rehearsal/score.js';
import type { TaskSpec } from '../../src/core/task-spec.js';
import { present } from '../../src/util/assert.js';
import { GiB, MiB } from '../../src/util/bytes.js';
import type { CurvePoint } from './curves.js';
import type { Program } from './program.js';
import { Random } from './random.js';
import { machineWithBudget, play } from './scenario.js';
import { plainConfig, plainTask } from './specs.js';

/** A task as both know it. */
interface Actor {
  readonly id: string;
  readonly course: Course;
  readonly spec: Partial<TaskSpec>;
}

/** How far the rehearsal may be off, as a share: it looks less often, and moves memory in steps. */
const TOLERANCE = 0.08;

/** What a program does that follows the course: it rises within a part, and falls at once. */
function programOf({ curve, durationMs, cpus }: Course): Program {
  const partMs = durationMs / curve.length;
  const points: CurvePoint[] = [{ atMs: 0, bytes: 0 }];
  for (const [part, bytes] of curve.entries()) {
    const before = points.at(-1)?.bytes ?? 0;
    if (bytes < before) points.push({ atMs: part * partMs + 1, bytes });
    points.push({ atMs: (part + 1) * partMs, bytes });
  }
  return {
    durationMs,
    curve: points,
    cacheBytesPerS: 0,
    cpus,
    failing: { attempts: 0, code: 1 },
    onTerm: { kind: 'die' },
  };
}

/** The same tasks on the same machine: through the real supervisor on the fake machine, and rehearsed. */
function both(
  actors: readonly Actor[],
  budgetBytes: number,
  cpus = 8,
): { readonly makespanMs: number; readonly preemptions: number; readonly rehearsal: Rehearsal } {
  const machine = machineWithBudget(budgetBytes, cpus);
  const { makespanMs, supervisor, oomKills } = play({
    machine,
    tasks: actors.map(({ id, course, spec }) => ({ id, program: programOf(course), spec })),
  });
  expect(oomKills).toMatchObject({ tree: 0, host: 0 });
  const rehearsal = rehearse({
    config: plainConfig({ budget: machine.budget, cpus }),
    tasks: actors.map(({ id, spec }, index) => plainTask(id, { ...spec, index })),
    courseOf: (task) =>
      present(
        actors.find(({ id }) => id === task),
        'it is on stage',
      ).course,
    host: {
      capacityBytes: machine.totalBytes,
      outsideBytes: machine.outsideBytes(0),
      killLatencyMs: 50,
    },
  });
  return { makespanMs, preemptions: supervisor.state.counts.preemptions, rehearsal };
}

function alike(count: number, course: Course, spec: Partial<TaskSpec> = {}): Actor[] {
  return Array.from({ length: count }, (_, row) => ({
    id: `job.${row}`,
    course,
    spec: { job: 'job', ...spec },
  }));
}

const course = (gib: readonly number[], seconds: number, cpus = 1): Course => ({
  curve: gib.map((one) => one * GiB),
  durationMs: seconds * 1000,
  cpus,
});

/** Tasks of several groups with uneven curves, which come again and again. */
function groups(seed: number): Actor[] {
  const chance = new Random(seed);
  const kinds = Array.from({ length: 5 }, (_, kind) => ({
    group: `g${kind}`,
    shape: Array.from({ length: 8 }, () => chance.between(0.2, 1)),
    gib: chance.logBetween(0.2, 2.5),
    seconds: chance.logBetween(8, 90),
  }));
  return Array.from({ length: 60 }, (_, at) => {
    const { group, shape, gib, seconds } = chance.pick([kinds[0]!, ...kinds.slice(1)]);
    const scale = gib * chance.between(0.9, 1.1);
    return {
      id: `t${at}`,
      course: course(
        shape.map((share) => share * scale),
        seconds * chance.between(0.8, 1.2),
        chance.pick([0.5, 1, 1, 2]),
      ),
      spec: { group, preemptible: 1 as const },
    };
  });
}

describe('a rehearsal agrees with the simulator', () => {
  test.each([
    [
      'declared tasks that fit four at a time',
      alike(14, course([1.9], 30), {
        memory: { requestBytes: 2 * GiB, grow: { kind: 'none' } },
      }),
      10,
    ],
    ['strangers of one group', alike(12, course([0.3], 20)), 2],
    ['a long queue of short ones', alike(200, course([0.1], 3)), 4],
    ['tasks that want more processors than there are', alike(10, course([0.5], 20, 4)), 10],
    ['five groups that learn', groups(1), 10],
    ['five others', groups(2), 8],
  ])('%s', (_, actors, gib) => {
    const { makespanMs, rehearsal } = both(actors, gib * GiB);
    expect(rehearsal.makespanMs / makespanMs).toBeGreaterThan(1 - TOLERANCE);
    expect(rehearsal.makespanMs / makespanMs).toBeLessThan(1 + TOLERANCE);
  });

  test('about preemptions: as many tasks that hide what they need', () => {
    const hiding = alike(8, course([0.2, 0.2, 0.2, 2.5], 120), {
      preemptible: 1,
      memory: { requestBytes: 300 * MiB, grow: { kind: 'none' } },
    });
    const { makespanMs, preemptions, rehearsal } = both(hiding, 8 * GiB);
    expect(preemptions).toBeGreaterThan(0);
    expect(Math.abs(rehearsal.preemptions - preemptions)).toBeLessThanOrEqual(2);
    expect(Math.abs(rehearsal.makespanMs / makespanMs - 1)).toBeLessThan(2 * TOLERANCE);
  });
});
