import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Command } from '../../src/core/command.js';
import { evolve } from '../../src/core/evolve.js';
import type { Fact } from '../../src/core/observation.js';
import { emptyRunState } from '../../src/core/run-state.js';
import { MiB } from '../../src/util/bytes.js';
import { plainConfig, plainTask } from '../sim/specs.js';
import { Loop } from '../unit/core/loop.js';

const TASKS = Array.from({ length: 8 }, (_, index) =>
  plainTask(`t${index}`, {
    index,
    memory: { requestBytes: 100 * MiB, grow: { kind: 'none' } },
    preemptible: index % 2 === 0 ? 0 : 3,
    retries: { max: 2, on: [], delayMs: 300, backoff: 2 },
    needs: index > 5 ? ['t0'] : [],
    ...(index === 3 ? { hasInputs: true as const } : {}),
    ...(index % 3 === 0 ? { concurrency: 'net' } : {}),
  }),
);

const task = fc.option(fc.constantFrom(...TASKS.map(({ id }) => id)), { nil: undefined });
const command: fc.Arbitrary<Command> = fc.oneof(
  fc
    .record({ kind: fc.constantFrom('hold', 'release', 'cancel'), task })
    .map(({ kind, task: id }): Command => ({ kind, ...(id === undefined ? {} : { task: id }) })),
  fc.integer({ min: 1, max: 4 }).map((most): Command => ({
    kind: 'set',
    key: 'max_parallel',
    before: 'none',
    after: String(most),
    config: plainConfig({ maxParallel: most, groups: { net: 2 } }),
  })),
);

const step = fc.record({
  afterMs: fc.constantFrom(1, 100, 1000, 10_000),
  commands: fc.array(command, { maxLength: 2 }),
  fates: fc.array(fc.constantFrom('stays', 'stays', 'succeeds', 'fails'), {
    minLength: 8,
    maxLength: 8,
  }),
});

/** What the world tells of each live task. */
function factsFor(loop: Loop, fates: readonly string[]): Fact[] {
  return [...loop.state.live.values()].flatMap((record, at): Fact[] => {
    const ref = { task: record.spec.id, attempt: record.attempts };
    const attempt = 'attempt' in record.phase ? record.phase.attempt : undefined;
    if (attempt?.launched === undefined) return [{ kind: 'launched', ...ref, pid: 1 }];
    const isKilled = record.phase.kind === 'stopping' && record.phase.stop.killedAtMs !== undefined;
    if (fates[at] === 'stays' && !isKilled) return [];
    const code = fates[at] === 'succeeds' && !isKilled ? 0 : 9;
    return [loop.exited(ref.task, { kind: 'code', code }), loop.emptied(ref.task)];
  });
}

function measured(loop: Loop): Fact[] {
  return [...loop.control.measuring].map((id) => ({ kind: 'inputs-measured', task: id, bytes: 1 }));
}

test('whatever the user says whenever: every command is answered once, what is held does not start, and a replay gives the same', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const loop = new Loop(TASKS, { groups: { net: 2 } });
      let id = 0;
      let answered = 0;
      for (const { afterMs, commands, fates } of steps) {
        if (loop.state.ended !== undefined) break;
        const wasHeld = loop.state.isHeld;
        const heldTasks = new Set([...loop.state.tasks.values()].filter(({ isHeld }) => isHeld));
        const facts = commands.map((one): Fact => ({
          kind: 'commanded',
          id: (id += 1),
          command: one,
        }));
        const { events, actions } = loop.tick({
          afterMs,
          facts: [...factsFor(loop, fates), ...measured(loop), ...facts],
        });
        answered += actions.filter(({ kind }) => kind === 'answer').length;
        expect(answered).toBe(id);
        const started = events.flatMap((event) =>
          event.kind === 'attempt-admitted' ? [event.task] : [],
        );
        if (wasHeld && loop.state.isHeld) expect(started).toEqual([]);
        for (const one of started) {
          const record = loop.record(one);
          expect(record.isHeld && heldTasks.has(record)).toBe(false);
          expect(record.cancels).toBe(0);
        }
      }
      const again = emptyRunState();
      for (const spec of TASKS) evolve(again, { kind: 'task-planned', tMs: 0, spec });
      for (const event of loop.events) evolve(again, event);
      expect([...again.queue.held].map(({ spec }) => spec.id).sort()).toEqual(
        [...loop.state.queue.held].map(({ spec }) => spec.id).sort(),
      );
      expect(again.isHeld).toBe(loop.state.isHeld);
      expect([...again.tasks.values()].map(({ phase }) => phase)).toEqual(
        [...loop.state.tasks.values()].map(({ phase }) => phase),
      );
    }),
    { numRuns: 300 },
  );
});

test('once all is released the run ends', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 15 }), (steps) => {
      const loop = new Loop(TASKS, { groups: { net: 2 } });
      for (const { afterMs, commands, fates } of steps) {
        const facts = commands.map((one): Fact => ({ kind: 'commanded', id: 1, command: one }));
        if (loop.state.ended === undefined)
          loop.tick({ afterMs, facts: [...factsFor(loop, fates), ...measured(loop), ...facts] });
      }
      const releases = [undefined, ...TASKS.map(({ id }) => id)].map((one): Fact => ({
        kind: 'commanded',
        id: 1,
        command: { kind: 'release', ...(one === undefined ? {} : { task: one }) },
      }));
      const always = Array<string>(8).fill('succeeds');
      for (let at = 0; at < 100 && loop.state.ended === undefined; at += 1)
        loop.tick({
          afterMs: 2000,
          facts: [...factsFor(loop, always), ...measured(loop), ...(at === 0 ? releases : [])],
        });
      expect(loop.state.ended).toBeDefined();
    }),
    { numRuns: 200 },
  );
});
