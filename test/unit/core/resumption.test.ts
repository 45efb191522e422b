import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../../src/core/events.js';
import { evolve } from '../../../src/core/evolve.js';
import { checkInvariants } from '../../../src/core/invariants.js';
import { everyoneInOrder } from '../../../src/core/queue.js';
import { emptyRunState, type RunState } from '../../../src/core/run-state.js';
import { journalNames, recorded } from '../../support/journals.js';

function resumed(tMs: number): RunEvent {
  return {
    kind: 'run-resumed',
    tMs,
    after: 'death',
    bootId: 'boot',
    pid: 2,
    memsched: '0.0.0',
    tier: 'procfs',
    adopted: [],
    lost: [],
  };
}

function after(events: readonly RunEvent[]): RunState {
  const state = emptyRunState();
  for (const event of events) evolve(state, event);
  return state;
}

function outcomesOf({ tasks }: RunState): Map<string, string> {
  return new Map(
    [...tasks].map(([id, { phase }]) => [
      id,
      phase.kind === 'finished' ? phase.outcome : phase.kind,
    ]),
  );
}

describe.each(journalNames())('a run that is resumed, journal %s', (name) => {
  const events = recorded(name);

  test('after its end has every task that did not succeed before it again, and no other', () => {
    if (events.at(-1)?.kind !== 'run-ended') return;
    const before = outcomesOf(after(events));
    const state = after([...events, resumed(events.at(-1)?.tMs ?? 0)]);
    checkInvariants(state);
    for (const [id, outcome] of outcomesOf(state))
      expect(outcome, id).toBe(before.get(id) === 'succeeded' ? 'succeeded' : 'queued');
    const open = [...before.values()].filter((outcome) => outcome !== 'succeeded').length;
    expect(state.unfinished).toBe(open);
    const free = everyoneInOrder(state.queue).length + state.unmeasured.size;
    if (open > 0) expect(free).toBeGreaterThan(0);
    expect(state).toMatchObject({ ended: undefined, stop: undefined, halted: undefined });
  });

  test('at any instant keeps what is finished and what lives, unless it was being ended', () => {
    for (let upTo = 1; upTo < events.length; upTo += 1) {
      const state = after(events.slice(0, upTo));
      if (state.stop !== undefined || state.halted !== undefined || state.ended !== undefined)
        return;
      const before = outcomesOf(state);
      const live = [...state.live.keys()];
      evolve(state, resumed(events[upTo - 1]?.tMs ?? 0));
      checkInvariants(state);
      expect(outcomesOf(state)).toEqual(before);
      expect([...state.live.keys()]).toEqual(live);
    }
  });
});
