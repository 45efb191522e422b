import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/util/duration.js';

describe('parseDuration', () => {
  test.each([
    ['250ms', 250],
    ['10s', 10_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1.5s', 1500],
    [' 3 s ', 3000],
    ['0s', 0],
  ])('reads %j', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['', '10', 's', '-1s', '1 week', '1h30m', '1e3s', '.5s', '9'.repeat(20) + 'd'])(
    'refuses %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );
});

describe('formatDuration', () => {
  test.each([
    [0, '0.0s'],
    [400, '0.4s'],
    [9949, '9.9s'],
    [9950, '10s'],
    [59_499, '59s'],
    [59_600, '1m00s'],
    [185_000, '3m05s'],
    [3_599_400, '59m59s'],
    [3_599_600, '1h00m'],
    [7_620_000, '2h07m'],
  ])('writes %i ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
