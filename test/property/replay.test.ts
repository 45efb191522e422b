import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/events.js';
import { evolve } from '../../src/core/evolve.js';
import { everyoneInOrder } from '../../src/core/queue.js';
import { emptyRunState, type RunState } from '../../src/core/run-state.js';
import { setupFor } from '../sim/seeds.js';
import { simulate } from '../sim/simulate.js';

/** The state with its queue as a list: how the queue keeps itself is its own affair. */
function comparable(state: RunState): object {
  return { ...state, queue: everyoneInOrder(state.queue).map(({ spec }) => spec.id) };
}

function replay(events: readonly RunEvent[]): RunState {
  const state = emptyRunState();
  for (const event of events) evolve(state, event);
  return state;
}

describe('replaying a journal', () => {
  test('after any of its events gives the state that was, and the rest leads to the same end', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (seed, share) => {
          const { events, supervisor, death } = simulate(setupFor(seed));
          const written = events.map((event) => JSON.stringify(event));
          const read = written.map((line) => JSON.parse(line) as RunEvent);
          const cut = Math.floor(share * events.length);
          const before = replay(events.slice(0, cut));
          const after = replay(read.slice(0, cut));
          expect(isDeepStrictEqual(comparable(after), comparable(before))).toBe(true);
          for (const event of read.slice(cut)) evolve(after, event);
          // One that died did not see its own end; the simulator's checkers judge what its journal says.
          if (death !== undefined) return;
          expect(isDeepStrictEqual(comparable(after), comparable(supervisor.state))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('twice is refused', () => {
    const { events } = simulate(setupFor(1));
    expect(() => replay([...events, ...events])).toThrow('a run starts once');
  });
});
