import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide } from '../../src/core/decide.js';
import type { Fact } from '../../src/core/observation.js';
import { IMMUNE_AFTER } from '../../src/core/preemption.js';
import type { PreemptibleLevel, RunConfig, TaskSpec } from '../../src/core/task-spec.js';
import { GiB, MiB } from '../../src/util/bytes.js';
import { plainConfig, plainTask } from '../sim/specs.js';
import { hostSample, Loop, of } from '../unit/core/loop.js';

const task = fc.record({
  requestMib: fc.option(fc.integer({ min: 1, max: 12_000 }), { nil: undefined }),
  level: fc.integer({ min: 0, max: 4 }),
  cpus: fc.constantFrom<number | 'auto'>('auto', 0, 0.5, 1, 3),
  gpu: fc.integer({ min: 0, max: 2 }),
  retries: fc.integer({ min: 0, max: 2 }),
  priority: fc.integer({ min: -1, max: 1 }),
  group: fc.constantFrom('g', 'h', 'own'),
  lane: fc.constantFrom(undefined, 'net'),
  needsFirst: fc.boolean(),
});

const tasks = fc.array(task, { minLength: 1, maxLength: 12 }).map((all) =>
  all.map((one, index): TaskSpec => {
    const id = `t${index}`;
    return plainTask(id, {
      index,
      memory: {
        grow: { kind: 'none' },
        ...(one.requestMib === undefined ? {} : { requestBytes: one.requestMib * MiB }),
      },
      preemptible: one.level as PreemptibleLevel,
      cpus: one.cpus,
      resources: one.gpu === 0 ? {} : { gpu: one.gpu },
      retries: { max: one.retries, on: [], delayMs: 500, backoff: 2 },
      priority: one.priority,
      group: one.group === 'own' ? id : one.group,
      needs: one.needsFirst && index > 0 ? ['t0'] : [],
      ...(one.lane === undefined ? {} : { concurrency: one.lane }),
    });
  }),
);

/** What the world does in one tick to each running attempt, by a number that is drawn for it. */
type Fate = 'stays' | 'grows' | 'succeeds' | 'fails' | 'is-killed' | 'is-oom-killed';

const world = fc.infiniteStream(
  fc.record({
    afterMs: fc.constantFrom(1, 50, 100, 100, 1000, 30_000),
    fates: fc.infiniteStream(
      fc.constantFrom<Fate>(
        'stays',
        'stays',
        'grows',
        'grows',
        'succeeds',
        'fails',
        'is-killed',
        'is-oom-killed',
      ),
    ),
    mib: fc.integer({ min: 1, max: 4000 }),
    budgetGib: fc.constantFrom(10, 10, 10, 8, 12, 3),
  }),
);
interface Happening {
  readonly afterMs: number;
  readonly fates: Iterator<Fate, unknown>;
  readonly mib: number;
  readonly budgetGib: number;
}
type World = Iterator<Happening, unknown>;

/** The next of a stream that never ends. */
function draw<T>(stream: Iterator<T, unknown>): T {
  const next = stream.next();
  if (next.done === true) throw new Error('an infinite stream has ended');
  return next.value;
}

const config: Partial<RunConfig> = { resources: { gpu: 2 }, groups: { net: 1 }, cpus: 4 };

/** Lets the world loose on the engine until the run ends, or for so many ticks. */
function live(loop: Loop, happenings: World, ticks: number, look: (loop: Loop) => void): void {
  for (let at = 0; at < ticks && loop.state.ended === undefined; at += 1) {
    const { afterMs, fates, mib, budgetGib } = draw(happenings);
    const use: Record<string, number> = {};
    const facts: Fact[] = [];
    for (const record of loop.state.live.values()) {
      const { id } = record.spec;
      if (record.phase.kind === 'starting') {
        facts.push({ kind: 'launched', task: id, attempt: record.attempts, pid: 1 });
        continue;
      }
      const fate: Fate = at > 300 ? 'succeeds' : draw(fates);
      if (fate === 'grows') use[id] = mib * MiB;
      if (fate === 'stays' || fate === 'grows') continue;
      facts.push(...endOf(loop, id, fate));
    }
    loop.tick({ afterMs, use, facts, host: { budgetBytes: budgetGib * GiB } });
    look(loop);
  }
}

function endOf(loop: Loop, id: string, fate: Fate): Fact[] {
  const oom = { oomKill: fate === 'is-oom-killed' ? 1 : 0, oom: 0, max: 0 };
  const exit = {
    succeeds: { kind: 'code', code: 0 },
    fails: { kind: 'code', code: 9 },
    'is-killed': { kind: 'signal', signal: 'SIGKILL' },
    'is-oom-killed': { kind: 'signal', signal: 'SIGKILL' },
  } as const;
  if (fate === 'stays' || fate === 'grows') return [];
  return [loop.exited(id, exit[fate]), loop.emptied(id, { peakBytes: MiB, oom })];
}

describe('whatever the world does', () => {
  test('every task ends, and repetitions are bounded', () => {
    fc.assert(
      fc.property(tasks, world, (specs, happenings) => {
        const loop = new Loop(specs, config);
        live(loop, happenings, 2000, () => undefined);
        expect(loop.state.ended).toBeDefined();
        for (const record of loop.state.tasks.values()) {
          expect(record.phase.kind).toBe('finished');
          expect(record.preemptions).toBeLessThanOrEqual(IMMUNE_AFTER);
          expect(record.retries).toBeLessThanOrEqual(record.spec.retries.max);
          expect(record.bystanderKills).toBeLessThanOrEqual(5);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('claims never exceed what admission allows, but for the progress rule', () => {
    fc.assert(
      fc.property(tasks, world, (specs, happenings) => {
        const loop = new Loop(specs, config);
        live(loop, happenings, 100, () => undefined);
        for (const { reason } of of(loop, 'attempt-admitted')) {
          if (reason.rule === 'progress') continue;
          const { claimedBytes, allowanceBytes, estimate, foresight } = reason;
          const reachedBytes = foresight?.peakBytes ?? claimedBytes + estimate.bytes;
          expect(reachedBytes).toBeLessThanOrEqual(allowanceBytes);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('caps hold at every moment', () => {
    fc.assert(
      fc.property(tasks, world, (specs, happenings) => {
        const loop = new Loop(specs, config);
        live(loop, happenings, 100, ({ state }) => {
          if (state.live.size > 1) expect(state.inUse.cpus).toBeLessThanOrEqual(4.1);
          expect(state.inUse.resources.get('gpu') ?? 0).toBeLessThanOrEqual(2);
          expect(state.inUse.concurrency.get('net') ?? 0).toBeLessThanOrEqual(1);
        });
      }),
      { numRuns: 200 },
    );
  });

  test('a level-0 task is never stopped', () => {
    fc.assert(
      fc.property(tasks, world, (specs, happenings) => {
        const loop = new Loop(specs, config);
        live(loop, happenings, 100, () => undefined);
        for (const { task: id } of of(loop, 'attempt-stopping'))
          expect(loop.record(id).spec.preemptible).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
  });
});

describe('decide', () => {
  test('is deterministic: the same state and the same look give the same decision', () => {
    fc.assert(
      fc.property(tasks, world, fc.nat(60), fc.nat(12_000), (specs, happenings, ticks, mib) => {
        const loop = new Loop(specs, config);
        live(loop, happenings, ticks, () => undefined);
        const seen = {
          nowMs: loop.nowMs + 100,
          facts: [],
          attempts: [...loop.state.live.values()].map((record) => ({
            task: record.spec.id,
            attempt: record.attempts,
            usedBytes: mib * MiB,
            peakBytes: mib * MiB,
          })),
          host: hostSample({ usedBytes: mib * MiB * loop.state.live.size }),
        };
        const twin = structuredClone({ state: loop.state, control: loop.control });
        const first = decide(loop.state, loop.control, seen);
        const second = decide(twin.state, twin.control, structuredClone(seen));
        expect(second).toEqual(first);
        expect(isDeepStrictEqual(twin.state, loop.state)).toBe(true);
        expect(isDeepStrictEqual(twin.control, loop.control)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('looks at the queue no more often for 5,000 tasks than it starts some', () => {
    const specs = Array.from({ length: 5000 }, (_, at) =>
      plainTask(`t${at}`, {
        job: 'many',
        cpus: 0,
        memory: { requestBytes: 64 * MiB, grow: { kind: 'none' } },
      }),
    );
    const loop = new Loop(specs, { ...plainConfig(), maxParallel: 100 });
    let ticks = 0;
    while (loop.state.ended === undefined) {
      const ids = [...loop.state.live.keys()];
      const facts = ids.flatMap((id): Fact[] => [
        { kind: 'launched', task: id, attempt: 1, pid: 1 },
        loop.exited(id),
        loop.emptied(id, { peakBytes: 60 * MiB }),
      ]);
      loop.tick({ facts });
      ticks += 1;
    }
    // Thirty-two starts a tick, and one tick more to see the last of them end.
    expect(ticks).toBe(Math.ceil(5000 / 32) + 1);
    expect(of(loop, 'task-finished')).toHaveLength(5000);
  });
});
