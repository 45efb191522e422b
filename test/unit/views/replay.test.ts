import { describe, expect, test } from 'vitest';
import { JournalCursor } from '../../../src/adapters/journal/journal-reader.js';
import type { Outcome } from '../../../src/core/outcome.js';
import { journalNames, journalPath, recorded, stateAt } from '../../support/journals.js';

/** How each recorded run ended, for ever. */
const ENDS: Readonly<Record<string, Partial<Record<Outcome, number>>>> = {
  'preempted-then-succeeded': { succeeded: 10 },
  'own-limit-grows': { succeeded: 2, 'oom-killed': 1 },
  bystander: { succeeded: 2 },
  'never-preemptible': { succeeded: 3 },
  'over-budget': { 'oom-killed': 1 },
  'skipped-by-need': { succeeded: 1, failed: 1, skipped: 2 },
  'many-ends': { succeeded: 2, failed: 2, 'timed-out': 2 },
  'stopped-by-signal': { canceled: 6 },
  halted: { succeeded: 1, failed: 1, canceled: 1, skipped: 3 },
  'torn-last-line': { succeeded: 5 },
};

describe('recorded journals replay', () => {
  test('each has its expectation here', () => {
    expect(journalNames().sort()).toEqual(Object.keys(ENDS).sort());
  });

  test.each(Object.keys(ENDS))('%s', (name) => {
    const state = stateAt(name);
    expect(Object.fromEntries(state.counts.outcomes)).toEqual(ENDS[name]);
    if (state.ended !== undefined) {
      expect(state.ended.outcomes).toEqual(ENDS[name]);
      expect(state.unfinished).toBe(0);
      expect(state.live.size).toBe(0);
      expect(state.ended.preemptions).toBe(state.counts.preemptions);
    }
  });

  test('of attempts that are over no list of candidates is held', () => {
    const { tasks, counts } = stateAt('preempted-then-succeeded');
    expect(counts.preemptions).toBeGreaterThan(0);
    const past = [...tasks.values()].flatMap((record) => record.past);
    expect(past.some(({ verdict }) => verdict.kind === 'preempted')).toBe(true);
    expect(JSON.stringify(past)).not.toContain('candidates');
  });

  test('the torn line is left out, and everything before it is there', () => {
    const cursor = new JournalCursor(journalPath('torn-last-line'));
    let events = 0;
    for (let some = cursor.next(); some.length > 0; some = cursor.next()) events += some.length;
    expect(cursor.tornBytes).toBe(41);
    cursor.close();
    expect(events).toBe(recorded('torn-last-line').length);
    expect(stateAt('torn-last-line').ended).toBeUndefined();
  });
});
