import { describe, expect, test } from 'vitest';
import { formatBytes, GiB, KiB, MiB, parseBytes, TiB } from '../../../src/util/bytes.js';

describe('parseBytes', () => {
  test.each([
    ['0', 0],
    ['123', 123],
    ['4K', 4 * KiB],
    ['512M', 512 * MiB],
    ['2G', 2 * GiB],
    ['1T', TiB],
    ['2g', 2 * GiB],
    ['2Gi', 2 * GiB],
    ['2GiB', 2 * GiB],
    ['2GB', 2 * GiB],
    ['7B', 7],
    ['1.5G', 1.5 * GiB],
    [' 3 M ', 3 * MiB],
    ['0.3K', 307],
  ])('reads %j', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  test.each([
    '',
    ' ',
    'G',
    '-1',
    '1.',
    '.5',
    '1e3',
    '1P',
    '1 2',
    '2 GiBs',
    '75%',
    'NaN',
    '9'.repeat(20),
  ])('refuses %j', (text) => {
    expect(parseBytes(text)).toBeUndefined();
  });
});

describe('formatBytes', () => {
  test.each([
    [0, '0B'],
    [1023, '1023B'],
    [1024, '1.0K'],
    [10 * KiB, '10K'],
    [1023 * KiB, '1.0M'],
    [1.4 * GiB, '1.4G'],
    [9.96 * GiB, '10G'],
    [812 * MiB, '812M'],
    [5 * TiB, '5.0T'],
    [-3 * MiB, '-3.0M'],
  ])('writes %i as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
