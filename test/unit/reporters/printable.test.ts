import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printable, printableOutput } from '../../../src/util/printable.js';

// eslint-disable-next-line no-control-regex -- the escape character is what it looks for
const SGR = /\x1b\[[\d;:]*m/g;

describe('printable', () => {
  test.each([
    ['plain', 'plain'],
    ['naïve – ünïcode 日本', 'naïve – ünïcode 日本'],
    ['a\nb\tc\rd', 'a\\nb\\tc\\rd'],
    ['\x1b[31mred\x1b[0m', '\\x1b[31mred\\x1b[0m'],
    ['\x9b2J', '\\x9b2J'],
    ['\x7f\0', '\\x7f\\x00'],
    ['evil\u202etxt.exe', 'evil\\u202etxt.exe'],
    ['half \ud800 pair', 'half \\ud800 pair'],
  ])('%j', (text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  test('nothing that a terminal obeys comes through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        return !/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u.test(printable(text));
      }),
    );
  });
});

describe('printableOutput', () => {
  test.each([
    ['lines stay', 'a\n\tb\n', 'a\n\tb\n'],
    ['sequences go', '\x1b[2J\x1b[31mboom\x1b[0m\x1b]0;title\x07!', 'boom!'],
    ['a lone escape is spelt out', 'tail \x1b', 'tail \\x1b'],
    ['the last version of a progress bar stays', '1%\r50%\r100%\r\nok', '100%\nok'],
  ])('%s', (_, text, expected) => {
    expect(printableOutput(text, { colour: false })).toBe(expected);
  });

  test('colours are kept and closed where they are welcome, and nothing else is', () => {
    expect(printableOutput('\x1b[1;31mred\x1b[2J\x1b[H', { colour: true })).toBe(
      '\x1b[1;31mred\x1b[0m',
    );
  });

  test('only colours come through, whatever is written', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string({ unit: 'binary' }),
            fc.constantFrom('\x1b[31m', '\x1b[', '\x9b', '\x1b]0;x\x07', 'm', '3'),
          ),
        ),
        (parts) => {
          const shown = printableOutput(parts.join(''), { colour: true });
          expect(shown.replaceAll(SGR, '')).not.toMatch(/(?![\n\t])\p{Cc}/u);
        },
      ),
    );
  });
});
