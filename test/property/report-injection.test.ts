import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/events.js';
import { embeddedJson, escapeHtml, reportHtml } from '../../src/reporters/report/html.js';
import { reportOf } from '../../src/reporters/report/report-of.js';
import { madeSpec, madeStart } from '../support/made-journal.js';

const ASSETS = { script: 'run()', style: 'a{}', licences: 'MIT <nobody>' };

/** Pieces that mean something to a parser of HTML, JavaScript, JSON or to whoever reads the text. */
const HOSTILE = fc.constantFrom(
  '</script>',
  '</SCRIPT ',
  '<script>alert(1)</script>',
  '<!--',
  '-->',
  ']]>',
  '</style>',
  '</title>',
  '</pre>',
  '<img src=x onerror=alert(1)>',
  '"><svg onload=alert(1)>',
  '&lt;',
  '&#x3c;',
  '\\u003c',
  '\\',
  '"',
  "'",
  '`${1}`',
  '\u2028',
  '\u2029',
  '\u202e',
  '\0',
  '\n',
  '__proto__',
  'javascript:alert(1)',
);
const text = fc
  .array(fc.oneof({ weight: 3, arbitrary: HOSTILE }, fc.string({ unit: 'binary', maxLength: 8 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => parts.join(''));

/** All that reaches a journal from tasks, jobfile and command line. */
const words = fc.record({
  task: text,
  job: text,
  group: text,
  name: text,
  jobfile: text,
  error: text,
  signal: text,
  need: text,
});

type Words = typeof words extends fc.Arbitrary<infer T> ? T : never;

function eventsOf(said: Words): readonly RunEvent[] {
  const { task, job, group, name, jobfile, error, signal, need } = said;
  const start = madeStart({ runId: 'r', tasks: 2 });
  const other = `${task}2`;
  return [
    { ...start, jobfile, config: { ...start.config, name } },
    { kind: 'task-planned', tMs: 0, spec: { ...madeSpec(task, 0, job), group } },
    { kind: 'task-planned', tMs: 0, spec: { ...madeSpec(other, 1, `${job}2`), needs: [need] } },
    {
      kind: 'attempt-admitted',
      tMs: 1,
      task,
      attempt: 1,
      reason: {
        rule: 'fits',
        estimate: { bytes: 1, source: 'group', samples: 1, rule: error },
        claimedBytes: 0,
        allowanceBytes: 10,
        numbers: { usedBytes: 1, budgetBytes: 10, availableBytes: 10, growthBytesPerS: 0 },
        passed: 0,
      },
    },
    {
      kind: 'attempt-ended',
      tMs: 2,
      task,
      attempt: 1,
      verdict: { kind: 'could-not-start', error },
      peakBytes: 0,
      cpuMs: 0,
      ranMs: 1,
    },
    { kind: 'task-finished', tMs: 2, task, outcome: 'failed' },
    { kind: 'stop-requested', tMs: 3, signal: `SIG${signal}`, times: 1 },
  ];
}

function pageOf(said: Words): string {
  const events = eventsOf(said);
  const about = { memsched: '0', madeAtMs: 0, standing: 'died', untilMs: 3, note: '' } as const;
  return reportHtml(
    reportOf(() => events, about),
    ASSETS,
  );
}

const HARMLESS: Words = {
  task: 'task',
  job: 'job',
  group: 'group',
  name: 'name',
  jobfile: 'jobs.yaml',
  error: 'error',
  signal: 'TERM',
  need: 'need',
};

/** Where markup begins and ends, and what stands in script, style and comment: all of it is ours. */
function skeleton(page: string): readonly string[] {
  return [...page.matchAll(/<[^>]*>?/g)].map(([tag]) => tag);
}

test('no text of a task, a jobfile or an error becomes markup or script', () => {
  const ours = skeleton(pageOf(HARMLESS));
  expect(ours.filter((tag) => tag.startsWith('<script')).length).toBe(2);
  fc.assert(
    fc.property(words, (said) => {
      expect(skeleton(pageOf(said))).toEqual(ours);
    }),
    { numRuns: 2000 },
  );
});

test('what is embedded is JSON, says the same, and has nothing that HTML or JavaScript would see', () => {
  fc.assert(
    fc.property(fc.jsonValue(), text, (value, key) => {
      const whole = { value, [`k${key}`]: key };
      const embedded = embeddedJson(whole);
      expect(JSON.parse(embedded)).toEqual(JSON.parse(JSON.stringify(whole)));
      expect(embedded).not.toMatch(/[<>&\u2028\u2029]/);
    }),
  );
});

test('nothing that reorders text or that a terminal obeys comes through', () => {
  fc.assert(
    fc.property(words, (said) => {
      // eslint-disable-next-line no-control-regex -- what it looks for
      expect(pageOf(said)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
    }),
  );
});

test('escaped text is text', () => {
  fc.assert(
    fc.property(text, (said) => {
      expect(escapeHtml(said)).not.toMatch(/[<>"']|&(?!#\d+;)/);
    }),
  );
});
