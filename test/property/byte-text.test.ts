import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, holdsBytes, textOf } from '../../src/util/byte-text.js';

const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 6 }).map((some) => Buffer.from(some)),
      fc.string({ unit: 'grapheme', maxLength: 4 }).map((text) => Buffer.from(text)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.concat(parts));

describe('bytes as text', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(bytes, (some) => {
        expect(bytesOf(textOf(some))).toEqual(some);
      }),
      { numRuns: 2000 },
    );
  });

  it('are plain text where they are UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(textOf(Buffer.from(text))).toBe(text);
        expect(holdsBytes(text)).toBe(false);
      }),
    );
  });
});
