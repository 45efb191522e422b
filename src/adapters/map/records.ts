import { textOf } from '../../util/byte-text.js';

/** A line that is longer is no argument for any program: Linux takes 128 KiB. */
const RECORD_MAX_BYTES = 1024 * 1024;
const LIST_BATCH = 512;

/** The input is not what it should be: a sentence for the user. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/**
 * The records of a stream as they come in: what stands between two delimiters, and what stands behind the last one.
 *
 * @param name - of the input, for messages.
 * @throws InputError when it cannot be read, or a record is too long to be an argument.
 */
export async function* recordsOf(
  chunks: AsyncIterable<Buffer>,
  delimiter: Buffer,
  name: string,
): AsyncGenerator<readonly string[]> {
  let rest: Buffer = Buffer.alloc(0);
  let count = 0;
  try {
    for await (const chunk of chunks) {
      const { records, left } = split(
        rest.length === 0 ? chunk : Buffer.concat([rest, chunk]),
        delimiter,
      );
      count += records.length;
      rest = left;
      if (rest.length > RECORD_MAX_BYTES)
        throw new InputError(
          `record ${String(count + 1)} of ${name} is longer than 1 MiB, and no program takes such an argument; is the delimiter right (-0, -d)?`,
        );
      if (records.length > 0) yield records;
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${name} cannot be read: ${(error as Error).message}`);
  }
  if (rest.length > 0) yield [textOf(rest)];
}

function split(
  bytes: Buffer,
  delimiter: Buffer,
): { readonly records: readonly string[]; readonly left: Buffer } {
  const records: string[] = [];
  let from = 0;
  for (let at = bytes.indexOf(delimiter); at !== -1; at = bytes.indexOf(delimiter, from)) {
    records.push(textOf(bytes.subarray(from, at)));
    from = at + delimiter.length;
  }
  return { records, left: bytes.subarray(from) };
}

/** A list in pieces of some hundred. */
export function* inBatches<T>(items: Iterable<T>): Generator<readonly T[]> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < LIST_BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
