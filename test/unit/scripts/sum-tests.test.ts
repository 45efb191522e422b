import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../../support/temp-dir.js';

interface MadeTest {
  readonly fullName: string;
  readonly status: 'passed' | 'failed';
  readonly failureMessages: readonly string[];
}

const passed = (fullName: string): MadeTest => ({
  fullName,
  status: 'passed',
  failureMessages: [],
});
const failed = (fullName: string, message: string): MadeTest => ({
  fullName,
  status: 'failed',
  failureMessages: [message],
});

/** Results as vitest's JSON reporter writes them, of one file. */
function results(file: string, tests: readonly MadeTest[], message = '') {
  const failures = tests.filter(({ status }) => status === 'failed').length;
  const isGood = failures === 0 && message === '';
  return {
    numPassedTests: tests.length - failures,
    numFailedTests: failures,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [
      {
        name: join(process.cwd(), file),
        status: isGood ? 'passed' : 'failed',
        message,
        assertionResults: tests,
      },
    ],
  };
}

function sum(parts: Readonly<Record<string, object>>, names = Object.keys(parts)) {
  const folder = tempDir();
  for (const [part, value] of Object.entries(parts))
    writeFileSync(join(folder, `${part}.json`), JSON.stringify(value));
  const { stdout, status } = spawnSync(
    process.execPath,
    ['scripts/sum-tests.js', folder, ...names],
    { encoding: 'utf8' },
  );
  return { status, lines: stdout.trimEnd().split('\n') };
}

test('failed tests of every part are named before the sums', () => {
  const { status, lines } = sum({
    host: results('test/e2e/a.test.ts', [
      passed('is fine'),
      failed(
        'runs > ends',
        '\u001B[31mAssertionError\u001B[39m: expected 1 to be 2\n    at a.ts:3:1',
      ),
    ]),
    'vm-bare': results('test/vm/b.test.ts', [failed('is killed', 'Error: nobody was')]),
    'vm-small': results('test/vm/c.test.ts', [], 'SyntaxError: no such export'),
  });
  expect(lines).toEqual([
    'FAILED host: test/e2e/a.test.ts > runs > ends',
    '    AssertionError: expected 1 to be 2',
    '        at a.ts:3:1',
    'FAILED vm-bare: test/vm/b.test.ts > is killed',
    '    Error: nobody was',
    'FAILED vm-small: test/vm/c.test.ts > could not be loaded',
    '    SyntaxError: no such export',
    'host: 1 passed, 1 failed',
    'vm-bare: 0 passed, 1 failed',
    'vm-small: 0 passed, 1 failed (1 files not loaded)',
    '1 passed, 3 failed',
  ]);
  expect(status).toBe(1);
});

test('what is shown of failures has bounds', () => {
  const long = Array.from({ length: 40 }, (_, k) => `line ${k} ${'x'.repeat(1000)}`).join('\n');
  const many = Array.from({ length: 25 }, (_, k) => failed(`test ${k}`, long));
  const { lines } = sum({ host: results('test/unit/a.test.ts', many) });
  expect(lines).toHaveLength(20 * (1 + 12 + 1) + 1 + 2);
  expect(lines[13]).toBe('    … 28 more lines');
  expect(lines.at(-3)).toBe('FAILED and not shown: 5 more');
  expect(Math.max(...lines.map((line) => line.length))).toBe(304);
});

test('nothing is said of tests where none failed, and a part without results is a failure', () => {
  const host = results('test/unit/a.test.ts', [passed('is fine')]);
  expect(sum({ host })).toEqual({
    status: 0,
    lines: ['host: 1 passed, 0 failed', '1 passed, 0 failed'],
  });
  expect(sum({ host }, ['host', 'vm-bare'])).toEqual({
    status: 1,
    lines: [
      'host: 1 passed, 0 failed',
      'vm-bare: 0 passed, 1 failed (no results)',
      '1 passed, 1 failed',
    ],
  });
});
