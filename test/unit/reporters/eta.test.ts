import { describe, expect, test } from 'vitest';
import { evolve } from '../../../src/core/evolve.js';
import { emptyRunState } from '../../../src/core/run-state.js';
import { EtaTracker } from '../../../src/reporters/eta.js';
import { recorded } from '../../support/journals.js';

/** ETA at a moment of a recorded run, and what was really left. */
function etaAt(name: string, atMs: number): { etaMs: number | undefined; leftMs: number } {
  const state = emptyRunState();
  const tracker = new EtaTracker();
  const events = recorded(name);
  for (const event of events) {
    if (event.tMs > atMs) break;
    evolve(state, event);
    tracker.event(event);
  }
  return { etaMs: tracker.etaMs(state, atMs), leftMs: (events.at(-1)?.tMs ?? 0) - atMs };
}

describe('ETA', () => {
  test('is unknown until a task has succeeded', () => {
    expect(etaAt('preempted-then-succeeded', 1000).etaMs).toBeUndefined();
  });

  test('is about right near the end', () => {
    const { etaMs, leftMs } = etaAt('preempted-then-succeeded', 19_000);
    expect(etaMs).toBeGreaterThan(leftMs * 0.5);
    expect(etaMs).toBeLessThan(leftMs * 2);
  });

  test('is nothing when all is done', () => {
    expect(etaAt('preempted-then-succeeded', 60_000).etaMs).toBe(0);
  });

  test('is unknown while a task runs for longer than any before it', () => {
    const late = recorded('preempted-then-succeeded').findIndex(({ kind }) => kind === 'run-ended');
    const events = recorded('preempted-then-succeeded').slice(0, late);
    const lastEnd = events.findLastIndex(({ kind }) => kind === 'attempt-exited');
    const state = emptyRunState();
    const tracker = new EtaTracker();
    for (const event of events.slice(0, lastEnd)) {
      evolve(state, event);
      tracker.event(event);
    }
    expect(state.live.size).toBeGreaterThan(0);
    expect(tracker.etaMs(state, 3_600_000)).toBeUndefined();
  });

  test('runs down between two reckonings', () => {
    const state = emptyRunState();
    const tracker = new EtaTracker();
    for (const event of recorded('preempted-then-succeeded').filter(({ tMs }) => tMs <= 19_000)) {
      evolve(state, event);
      tracker.event(event);
    }
    const first = tracker.etaMs(state, 19_000) ?? 0;
    expect(tracker.etaMs(state, 19_200)).toBeCloseTo(first - 200, 6);
  });
});
