import { describe, expect, test } from 'vitest';
import { emptyProfile } from '../../../../src/core/learning/profile.js';
import { learn } from '../../../../src/core/learning/learn.js';
import { GiB } from '../../../../src/util/bytes.js';
import { asking, holding, stage, type Player } from './players.js';

const S = 1000;

describe('a run that can be worked out by hand', () => {
  test('three tasks of 3 GiB fit 9 GiB, the fourth starts when the first ends', () => {
    const { rehearsal } = stage(
      ['a', 'b', 'c', 'd'].map((id) => holding(id, 3, 100, asking(3))),
      { config: { holdShare: 0.97, preemptShare: 0.98, criticalShare: 0.99 } },
    );
    expect(rehearsal.makespanMs / S).toBeCloseTo(200, 0);
    expect(rehearsal.peakBytes).toBe(9 * GiB);
    expect(rehearsal).toMatchObject({ preemptions: 0, oomKills: 0, killedByteMs: 0 });
    const started = [...rehearsal.tasks.values()].map(({ startedMs = NaN }) => startedMs / S);
    expect(started.slice(0, 3)).toEqual([0, 0, 0]);
    expect(started[3]).toBeCloseTo(100, 0);
    expect(rehearsal.headWaitedMs.memory).toBeGreaterThan(95 * S);
  });

  test('useful work is the area of all courses, and used is useful when nothing is lost', () => {
    const { rehearsal } = stage([holding('a', 2, 50, asking(2)), holding('b', 4, 10, asking(4))]);
    // A rise takes the first part of the course: here all of it, in steps of 1/256 of 12 GiB.
    const area = (gib: number, seconds: number): number => {
      const steps = Math.ceil((gib * 256) / 12);
      return ((gib * (steps + 1)) / (2 * steps)) * seconds;
    };
    const useful = (area(2, 50) + area(4, 10)) * GiB * S;
    expect(rehearsal.usefulByteMs / useful).toBeCloseTo(1, 6);
    expect(rehearsal.usedByteMs / useful).toBeCloseTo(1, 6);
  });

  test('what needs another waits for it', () => {
    const { rehearsal } = stage([
      holding('a', 1, 20, asking(1)),
      holding('b', 1, 5, asking(1, { needs: ['a'] })),
    ]);
    expect(rehearsal.makespanMs / S).toBeCloseTo(25, 0);
    const b = rehearsal.tasks.get('b');
    expect(b?.readyMs).toBeCloseTo(20 * S, -2);
    expect((b?.startedMs ?? 0) - (b?.readyMs ?? 0)).toBeLessThan(200);
  });

  test('processors are shared: four that want two each on four take twice as long', () => {
    const players = ['a', 'b', 'c', 'd'].map((id): Player => {
      const { course, ...rest } = holding(id, 1, 30, asking(1, { cpus: 0 }));
      return { ...rest, course: { ...course, cpus: 2 } };
    });
    const { rehearsal } = stage(players, { config: { cpus: 4 } });
    expect(rehearsal.makespanMs / S).toBeCloseTo(60, 0);
  });

  test('a start-up is paid by every attempt', () => {
    const one = [holding('a', 1, 100, asking(1))];
    const share = stage(one, { startUp: { kind: 'share', share: 0.1 } }).rehearsal;
    const ms = stage(one, { startUp: { kind: 'ms', ms: 7000 } }).rehearsal;
    expect(share.makespanMs / S).toBeCloseTo(110, 0);
    expect(ms.makespanMs / S).toBeCloseTo(107, 0);
  });

  test('what others use leaves less', () => {
    const players = ['a', 'b'].map((id) => holding(id, 4, 10, asking(4)));
    const host = { capacityBytes: 12 * GiB, outsideBytes: 5 * GiB, killLatencyMs: 0 };
    expect(stage(players).rehearsal.makespanMs / S).toBeCloseTo(10, 0);
    expect(stage(players, { host }).rehearsal.makespanMs / S).toBeCloseTo(20, 0);
  });
});

describe('tasks that come in over time', () => {
  const atMs: Record<string, number> = { a: 0, b: 500 * S, c: 505 * S };

  test('start when they have come, after a lull too', () => {
    const { rehearsal } = stage(
      ['a', 'b', 'c'].map((id) => holding(id, 1, 10, asking(1))),
      { arrivalMs: (task) => atMs[task] ?? 0 },
    );
    const { tasks, makespanMs } = rehearsal;
    expect(tasks.get('b')).toMatchObject({ readyMs: 500 * S, outcome: 'succeeded' });
    expect((tasks.get('b')?.startedMs ?? 0) / S).toBeCloseTo(500, 0);
    expect(makespanMs / S).toBeCloseTo(515, 0);
  });
});

describe('memory that runs short', () => {
  /** Small for long, then large: nobody could know. */
  function late(id: string, gib: number, seconds: number): Player {
    const curve = [0.5 * GiB, 0.5 * GiB, 0.5 * GiB, gib * GiB];
    const spec = asking(0.6, { preemptible: 1 });
    return { id, course: { curve, durationMs: seconds * 1000, cpus: 1 }, spec };
  }

  test('is taken from the newest; its work is lost, and it runs again to its end', () => {
    const { rehearsal, events } = stage(['a', 'b', 'c'].map((id) => late(id, 4.5, 400)));
    expect(rehearsal.preemptions).toBeGreaterThan(0);
    expect(rehearsal.killedByteMs).toBeGreaterThan(0);
    expect(rehearsal.oomKills).toBe(0);
    expect(rehearsal.peakBytes).toBeLessThanOrEqual(10 * GiB);
    expect([...rehearsal.tasks.values()].map(({ outcome }) => outcome)).toEqual(
      Array(3).fill('succeeded'),
    );
    expect(events.some(({ kind }) => kind === 'attempt-stopping')).toBe(true);
    const { usedByteMs, usefulByteMs, killedByteMs } = rehearsal;
    // Whoever waits for memory goes on holding what it has.
    expect(usedByteMs).toBeGreaterThanOrEqual((usefulByteMs + killedByteMs) * 0.999);
  });

  test('brings the OOM killer where nobody may be preempted', () => {
    const never = ['a', 'b', 'c'].map((id) => {
      const player = late(id, 4.5, 400);
      return { ...player, spec: { ...player.spec, preemptible: 0 as const } };
    });
    const { rehearsal } = stage(never);
    expect(rehearsal.preemptions).toBe(0);
    expect(rehearsal.oomKills).toBeGreaterThan(0);
    expect(rehearsal.peakBytes).toBeLessThanOrEqual(10 * GiB);
  });

  test('a task that does not fit alone fails, and the run ends', () => {
    const { rehearsal } = stage([
      holding('big', 20, 100, asking(1)),
      holding('a', 1, 5, asking(1)),
    ]);
    expect(rehearsal.tasks.get('big')?.outcome).toBe('oom-killed');
    expect(rehearsal.tasks.get('a')?.outcome).toBe('succeeded');
  });

  test("a task's own limit is kept, and grows if it says so", () => {
    const memory = {
      limitBytes: GiB,
      grow: { kind: 'factor', factor: 2 },
    } as const;
    const { rehearsal } = stage([holding('a', 3, 100, { memory, cpus: 0 })]);
    expect(rehearsal.tasks.get('a')).toMatchObject({ outcome: 'succeeded', attempts: 3 });
    expect(rehearsal.oomKills).toBe(2);
  });

  test('a timeout ends what is too long', () => {
    const { rehearsal } = stage([holding('a', 1, 1000, asking(1, { timeoutMs: 30 * S }))]);
    expect(rehearsal.tasks.get('a')?.outcome).toBe('timed-out');
    expect(rehearsal.makespanMs / S).toBeGreaterThanOrEqual(30);
    expect(rehearsal.makespanMs / S).toBeLessThan(65);
  });
});

describe('what is known beforehand', () => {
  const strangers = Array.from({ length: 12 }, (_, at) =>
    holding(`t${at}`, 0.5, 60, { group: 'g', cpus: 0 }),
  );

  test('lets more in at once than strangers', () => {
    const curve = Array<number>(16).fill(0.5 * GiB);
    let profile = emptyProfile();
    for (let at = 0; at < 12; at += 1)
      profile = learn(profile, {
        kind: 'completed',
        peakBytes: 0.5 * GiB,
        durationMs: 60 * S,
        cpuMs: 60 * S,
        curve,
        endedAtMs: at,
        tier: 'cgroup',
      });
    const cold = stage(strangers).rehearsal;
    const warm = stage(strangers, { priors: new Map([['g', profile]]) }).rehearsal;
    expect(warm.makespanMs).toBeLessThan(cold.makespanMs);
    expect(warm.makespanMs / S).toBeCloseTo(60, 0);
  });

  test('inputs are measured when their turn comes', () => {
    const asked: string[] = [];
    const { events } = stage([holding('a', 1, 5, asking(1, { hasInputs: true }))], {
      inputBytesOf: (task) => {
        asked.push(task);
        return 42;
      },
    });
    expect(asked).toEqual(['a']);
    expect(events.find(({ kind }) => kind === 'attempt-ended')).toMatchObject({ inputBytes: 42 });
  });
});
