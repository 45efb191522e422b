import { createHash } from 'node:crypto';

/** What V8 made of the text of one chunk: bytecode, without which V8 makes it again. */
export interface StoredCode {
  /** Digest of the text that it was made of. */
  readonly textDigest: string;
  readonly code: Buffer;
}

/** Stored code of the chunks of one command, by the chunk's file name. */
export type StoredChunks = ReadonlyMap<string, StoredCode>;

type Entry = readonly [chunk: string, textDigest: string, bytes: number];

const DIGEST_BYTES = 32;
const LENGTH_BYTES = 4;

/** SHA-256 of a text, as in {@link StoredCode}. */
export function digestOf(text: Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * One file of all: a digest of what follows, the length of a list, the list as JSON, and the code of each chunk behind it.
 * V8 believes what it is given, so whether the file is whole is checked here.
 */
export function encodeChunks(chunks: StoredChunks): Buffer {
  const entries = [...chunks].map(([chunk, { textDigest, code }]): Entry => [
    chunk,
    textDigest,
    code.length,
  ]);
  const list = Buffer.from(JSON.stringify(entries));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(list.length);
  const parts = [length, list, ...[...chunks.values()].map(({ code }) => code)];
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return Buffer.concat([digest.digest(), ...parts]);
}

/** What {@link encodeChunks} wrote; undefined when it is not whole. */
export function decodeChunks(file: Buffer): StoredChunks | undefined {
  const body = file.subarray(DIGEST_BYTES);
  const digest = createHash('sha256').update(body).digest();
  if (body.length < LENGTH_BYTES || !digest.equals(file.subarray(0, DIGEST_BYTES)))
    return undefined;
  const listEnd = LENGTH_BYTES + body.readUInt32LE(0);
  const entries = JSON.parse(body.toString('utf8', LENGTH_BYTES, listEnd)) as readonly Entry[];
  let at = listEnd;
  return new Map(
    entries.map(([chunk, textDigest, bytes]) => {
      const code = body.subarray(at, (at += bytes));
      return [chunk, { textDigest, code }];
    }),
  );
}
