import { describe, expect, test } from 'vitest';
import { assert, InvariantError, present, unreachable } from '../../../src/util/assert.js';
import { formatCount } from '../../../src/util/count.js';
import { shellWord } from '../../../src/util/shell-word.js';
import { err, ok } from '../../../src/util/result.js';
import { describeError, errorCode } from '../../../src/util/system-error.js';

describe('invariants', () => {
  test('hold or throw their sentence', () => {
    expect(() => {
      assert(true, 'fine');
    }).not.toThrow();
    expect(() => {
      assert(false, 'a task runs once');
    }).toThrow(new InvariantError('a task runs once'));
  });

  test('present gives the value, also when it is falsy', () => {
    expect(present(0, 'a number')).toBe(0);
    expect(() => {
      present(undefined, 'it was planned');
    }).toThrow(InvariantError);
  });

  test('unreachable says what was not handled', () => {
    expect(() => {
      unreachable({ kind: 'new' } as never);
    }).toThrow('{"kind":"new"}');
  });
});

describe('counts', () => {
  test.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [12_345, '12,345'],
    [1_234_567, '1,234,567'],
    [-1000, '-1,000'],
  ])('%d is %s', (count, text) => {
    expect(formatCount(count)).toBe(text);
  });
});

describe('results', () => {
  test('carry a value or an error', () => {
    expect(ok(1)).toEqual({ ok: true, value: 1 });
    expect(err('no')).toEqual({ ok: false, error: 'no' });
  });
});

describe('system errors', () => {
  const system = (code: string): Error => Object.assign(new Error(`${code}: open 'x'`), { code });

  test('have a code, others have none', () => {
    expect(errorCode(system('ENOENT'))).toBe('ENOENT');
    expect(errorCode(new Error('no'))).toBeUndefined();
    expect(errorCode({ code: 'ENOENT' })).toBeUndefined();
    expect(errorCode(Object.assign(new Error('no'), { code: 5 }))).toBeUndefined();
  });

  test.each([
    [system('ENOENT'), 'there is no such file or folder (ENOENT)'],
    [
      system('EMFILE'),
      'too many open files in this process; raise the limit with "ulimit -n" (EMFILE)',
    ],
    [system('EWEIRD'), "EWEIRD: open 'x'"],
    [new Error('plain'), 'plain'],
    ['text', 'text'],
    [undefined, 'undefined'],
  ])('%s in words', (error, words) => {
    expect(describeError(error)).toBe(words);
  });
});

describe('a word of a shell command', () => {
  test.each([
    ['align#3f9c12ab', 'align#3f9c12ab'],
    ['/home/u/ci.json', '/home/u/ci.json'],
    ['my group', "'my group'"],
    ["it's", "'it'\\''s'"],
    ['#1', "'#1'"],
    ['-x', "'-x'"],
    ['$(rm)', "'$(rm)'"],
    ['', "''"],
  ])('%s is written %s', (text, word) => {
    expect(shellWord(text)).toBe(word);
  });
});
