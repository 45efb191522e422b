import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatBytes, parseBytes } from '../../../src/util/bytes.js';
import { formatDuration, parseDuration } from '../../../src/util/duration.js';

const UNITS = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 } as const;
const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

describe('sizes', () => {
  test('are read whatever their unit is called, its case, and the space before it', () => {
    const unit = fc.constantFrom(...(Object.keys(UNITS) as (keyof typeof UNITS)[]));
    const suffix = fc.constantFrom('', 'i', 'B', 'iB', 'b', 'ib');
    fc.assert(
      fc.property(fc.nat(4000), unit, suffix, fc.boolean(), (count, name, end, spaced) => {
        const text = `${count}${spaced ? ' ' : ''}${name}${name === '' && end !== 'B' ? '' : end}`;
        expect(parseBytes(text)).toBe(count * UNITS[name]);
        expect(parseBytes(text.toLowerCase())).toBe(count * UNITS[name]);
      }),
    );
  });

  test('are read back as they were written, to the digits that were written', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 45), (bytes) => {
        const back = parseBytes(formatBytes(bytes)) ?? NaN;
        expect(Math.abs(back - bytes)).toBeLessThanOrEqual(0.051 * Math.max(bytes, 1));
      }),
    );
  });

  test('are whole, safe and not negative, or not read at all', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const bytes = parseBytes(text);
        if (bytes !== undefined) expect(Number.isSafeInteger(bytes) && bytes >= 0).toBe(true);
      }),
    );
  });
});

describe('durations', () => {
  test('are read with their unit', () => {
    const unit = fc.constantFrom(...(Object.keys(MS) as (keyof typeof MS)[]));
    fc.assert(
      fc.property(fc.nat(10_000), unit, (count, name) => {
        expect(parseDuration(`${count}${name}`)).toBe(count * MS[name]);
        expect(parseDuration(String(count))).toBeUndefined();
      }),
    );
  });

  test('are written for a person within one part in twenty', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 100 * MS.h }), (ms) => {
        const text = formatDuration(ms);
        const parts = [...text.matchAll(/([\d.]+)([smh])/g)];
        expect(parts.map(([whole]) => whole).join('')).toBe(text);
        const back = parts.reduce(
          (sum, [, count, name]) => sum + Number(count) * MS[name as keyof typeof MS],
          0,
        );
        expect(Math.abs(back - ms)).toBeLessThanOrEqual(0.05 * ms);
      }),
    );
  });
});
