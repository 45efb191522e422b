import { describe, expect, test } from 'vitest';
import {
  printable,
  printableJson,
  printableLines,
  printableOutput,
} from '../../../src/util/printable.js';

const ESC = '\u001b';

describe('printable', () => {
  test.each([
    ['plain text, ä 漢 🙂', 'plain text, ä 漢 🙂'],
    ['a\nb\tc\rd', 'a\\nb\\tc\\rd'],
    [`${ESC}[31mred`, '\\x1b[31mred'],
    ['\u0007\u0000\u007f\u009b', '\\x07\\x00\\x7f\\x9b'],
    ['\u202eevil', '\\u202eevil'],
    ['\ud800', '\\ud800'],
    ['a\u2028b', 'a\\u2028b'],
  ])('spells out what a terminal would obey in %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });
});

describe('printableJson', () => {
  test('says the same, with nothing in it that a terminal obeys', () => {
    const value = { a: `${ESC}[2J\u009b2J\u007f\u202e\ud800\u2028ä 漢 🙂\n` };
    const text = printableJson(value);
    expect(JSON.parse(text)).toEqual(value);
    expect(text).toBe(printable(text));
    expect(text).toContain('ä 漢 🙂');
  });
});

describe('printableLines', () => {
  test('keeps line feeds alone', () => {
    expect(printableLines(`a\n${ESC}b\rc\n`)).toBe('a\n\\x1bb\\rc\n');
  });
});

describe('printableOutput', () => {
  const plain = (text: string): string => printableOutput(text, { colour: false });
  const coloured = (text: string): string => printableOutput(text, { colour: true });

  test('keeps lines and tabs, and the last version of a line', () => {
    expect(plain('one\n\ttwo\n10%\r50%\r100%\r\n')).toBe('one\n\ttwo\n100%\n');
  });

  test('drops escape sequences, keeps colours when asked to and closes them', () => {
    const red = `${ESC}[31mred${ESC}[2J`;
    expect(plain(red)).toBe('red');
    expect(coloured(red)).toBe(`${ESC}[31mred${ESC}[0m`);
  });

  test('never lets a sequence through that is no colour', () => {
    const title = `${ESC}]0;owned\u0007${ESC}[10;10Hx${ESC}[6n`;
    expect(coloured(title)).not.toContain(ESC);
    expect(plain(title)).not.toContain(ESC);
  });
});
