import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  jsonWithoutCommands,
  withoutCommands,
  workflowCommand,
} from '../../src/reporters/ci/workflow-commands.js';
import { obeyedCommands } from '../support/github-runner.js';
import { textOutput } from '../support/journals.js';

/** Text that looks like commands more often than not. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '::',
        '##[',
        ']',
        '\n',
        '\r',
        '%0A',
        '%25',
        '%',
        ',',
        ':',
        '=',
        ' ',
        '#',
        '\u2028',
      ),
      fc.constantFrom('error', 'add-mask', 'set-env name=A', 'stop-commands', 'x'),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''));
/** What a title is made of: one line, and no white space at its ends, which the runner takes off. */
const title = hostile.map((text) => `t${text.replace(/[\r\n]/g, '')}t`);

describe('commands to the runner of GitHub Actions', () => {
  it('say what they are to say and nothing else, whatever is in them', () => {
    fc.assert(
      fc.property(title, hostile, (name, message) => {
        expect(obeyedCommands(workflowCommand('error', { title: name }, message))).toEqual([
          { name: 'error', properties: { title: name }, data: message },
        ]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('are in nothing else that we write', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const out = textOutput();
        withoutCommands(out).write(`${text}\n`);
        expect(obeyedCommands(out.text())).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('are in no line of JSON, which says the same as before', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const out = textOutput();
        jsonWithoutCommands(out).write(`${JSON.stringify({ kind: 'x', [text]: text })}\n`);
        expect(obeyedCommands(out.text())).toEqual([]);
        expect(JSON.parse(out.text())).toEqual({ kind: 'x', [text]: text });
      }),
      { numRuns: 2_000 },
    );
  });

  it('the judge of these tests sees both forms', () => {
    expect(obeyedCommands('a\n  ::error title=x%2Cy::a%0Ab%250A\nz ##[add-mask]y')).toEqual([
      { name: 'error', properties: { title: 'x,y' }, data: 'a\nb%0A' },
      { name: 'add-mask', properties: {}, data: 'y' },
    ]);
  });
});
