import { describe, expect, it } from 'vitest';
import { decodeChunks, digestOf, encodeChunks } from '../../../src/loader/stored-code.js';

const CHUNKS = new Map([
  ['main.cjs', { textDigest: digestOf(Buffer.from('one')), code: Buffer.from([1, 2, 3]) }],
  ['empty.cjs', { textDigest: digestOf(Buffer.from('two')), code: Buffer.alloc(0) }],
  ['last.cjs', { textDigest: digestOf(Buffer.from('three')), code: Buffer.from([0, 255]) }],
]);

describe('stored code', () => {
  it('comes back as it was written', () => {
    expect(decodeChunks(encodeChunks(CHUNKS))).toEqual(CHUNKS);
    expect(decodeChunks(encodeChunks(new Map()))).toEqual(new Map());
  });

  it('is refused when one bit of it is another', () => {
    const file = encodeChunks(CHUNKS);
    for (let at = 0; at < file.length; at += 1) {
      const damaged = Buffer.from(file);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
      expect(decodeChunks(damaged), `byte ${at}`).toBeUndefined();
    }
  });

  it('is refused when it is cut short, wherever that is', () => {
    const file = encodeChunks(CHUNKS);
    for (let bytes = 0; bytes < file.length; bytes += 1)
      expect(decodeChunks(file.subarray(0, bytes)), `${bytes} bytes`).toBeUndefined();
  });
});
