import { describe, expect, it } from 'vitest';
import { ProfileRecorder } from '../../../src/adapters/profiles/recorder.js';
import type { AttemptEnded, RunEvent } from '../../../src/core/events.js';
import { labelOf } from '../../../src/core/learning/stored-profile.js';
import type { Verdict } from '../../../src/core/outcome.js';
import { plainTask } from '../../sim/specs.js';
import { recorded } from '../../support/journals.js';
import { started } from '../journal/events.js';

const planned = (id: string, group: string): RunEvent => ({
  kind: 'task-planned',
  tMs: 0,
  spec: plainTask(id, { group }),
});
const ended = (task: string, verdict: Verdict, more: Partial<AttemptEnded> = {}): RunEvent => ({
  kind: 'attempt-ended',
  tMs: 5000,
  task,
  attempt: 1,
  verdict,
  peakBytes: 1000,
  cpuMs: 10,
  ranMs: 20,
  ...more,
});
const OK: Verdict = { kind: 'exit', code: 0 };

function kindsAfter(events: readonly RunEvent[]): Record<string, string[]> {
  const recorder = new ProfileRecorder();
  recorder.emit([started, ...events]);
  return Object.fromEntries(
    [...recorder.samples()].map(([group, samples]) => [group, samples.map(({ kind }) => kind)]),
  );
}

describe('the recorder', () => {
  it('collects what attempts have shown, by group', () => {
    expect(
      kindsAfter([
        planned('a.1', 'a'),
        planned('a.2', 'a'),
        planned('b', 'b'),
        planned('c', 'c'),
        ended('a.1', { kind: 'preempted', peakBytes: 1000 }),
        ended('a.1', OK, { attempt: 2 }),
        ended('a.2', OK),
        ended('b', { kind: 'timed-out', timeoutMs: 1 }),
        ended('c', { kind: 'exit', code: 1 }),
      ]),
    ).toEqual({ a: ['lower-bound', 'completed', 'completed'], b: ['lower-bound'] });
  });

  it('leaves out groups that outgrew their profiles', () => {
    expect(
      kindsAfter([
        planned('a', 'a'),
        planned('b', 'b'),
        ended('a', OK),
        ended('b', OK),
        {
          kind: 'group-grew',
          tMs: 6000,
          group: 'a',
          task: 'a',
          beforeBytes: 1,
          nowBytes: 2,
          growthPct: 100,
          limitPct: 20,
          samples: 3,
        },
      ]),
    ).toEqual({ b: ['completed'] });
  });

  it('keeps no more of a group than a profile has room for, the newest', () => {
    const recorder = new ProfileRecorder();
    recorder.emit([started]);
    recorder.emit([planned('a', 'a')]);
    for (let at = 0; at < 2000; at += 1) recorder.emit([ended('a', OK, { peakBytes: at })]);
    const samples = recorder.samples().get('a') ?? [];
    expect(samples.length).toBeGreaterThanOrEqual(216);
    expect(samples.length).toBeLessThan(432);
    expect(samples.at(-1)?.peakBytes).toBe(1999);
  });

  it('reads a whole journal', () => {
    const recorder = new ProfileRecorder();
    recorder.emit(recorded('preempted-then-succeeded'));
    const all = [...recorder.samples().values()].flat();
    expect(all.filter(({ kind }) => kind === 'completed')).toHaveLength(10);
    expect(all.filter(({ kind }) => kind === 'lower-bound')).toHaveLength(4);
  });
});

describe('the label of a group', () => {
  it.each([
    ['align#0123abcd', 'align'],
    ['a#b#0123abcd', 'a#b'],
    ['align', 'align'],
    ['issue #12', 'issue #12'],
    ['#0123abcd', '#0123abcd'],
  ])('%s is %s', (group, label) => {
    expect(labelOf(group)).toBe(label);
  });
});
