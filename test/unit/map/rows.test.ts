import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { InputError, recordsOf } from '../../../src/adapters/map/records.js';
import { rowsOf, type ArgumentSource, type RowOptions } from '../../../src/adapters/map/rows.js';
import { bytesOf } from '../../../src/util/byte-text.js';

async function records(chunks: readonly (string | Buffer)[], delimiter = '\n'): Promise<string[]> {
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  const all: string[] = [];
  for await (const batch of recordsOf(stream, Buffer.from(delimiter), 'the test'))
    all.push(...batch);
  return all;
}

const list = (values: readonly string[], isLinked = false): ArgumentSource => ({
  records: [values],
  isLinked,
});

async function rows(
  sources: readonly ArgumentSource[],
  options: Partial<RowOptions> = {},
): Promise<readonly (readonly string[])[]> {
  const all: (readonly string[])[] = [];
  for await (const batch of rowsOf(sources, { skipBlank: false, each: 1, ...options }))
    all.push(...batch);
  return all;
}

describe('records', () => {
  it('are what stands between delimiters, wherever the pieces are cut', async () => {
    expect(await records(['a\nb', 'c\n\nd'])).toEqual(['a', 'bc', '', 'd']);
    expect(await records(['a\0b\n\0'], '\0')).toEqual(['a', 'b\n']);
    expect(await records(['a<', '>b<>c'], '<>')).toEqual(['a', 'b', 'c']);
    expect(await records([])).toEqual([]);
    const umlaut = Buffer.from('ä');
    expect(await records([umlaut.subarray(0, 1), umlaut.subarray(1), '\n'])).toEqual(['ä']);
  });

  it('keep bytes that are not UTF-8', async () => {
    const [name = ''] = await records([Buffer.from([0x66, 0xe9, 0xff, 0x0a])]);
    expect(bytesOf(name)).toEqual(Buffer.from([0x66, 0xe9, 0xff]));
  });

  it('that no program could take are refused', async () => {
    await expect(records(['x'.repeat(600_000), 'x'.repeat(600_000)])).rejects.toThrow(InputError);
  });

  it('come before their producer has ended', async () => {
    async function* producer() {
      yield await Promise.resolve(Buffer.from('first\nsec'));
      throw new Error('nothing more was to be read yet');
    }
    const batches = recordsOf(producer(), Buffer.from('\n'), 'the test');
    expect((await batches.next()).value).toEqual(['first']);
  });
});

describe('rows', () => {
  it('are all combinations, the last source changing fastest', async () => {
    expect(await rows([list(['a', 'b']), list(['1', '2'])])).toEqual([
      ['a', '1'],
      ['a', '2'],
      ['b', '1'],
      ['b', '2'],
    ]);
    expect(await rows([list(['a']), list([])])).toEqual([]);
  });

  it('go in step where sources are linked, as far as the shortest', async () => {
    expect(await rows([list(['a', 'b', 'c']), list(['1', '2'], true), list(['x', 'y'])])).toEqual([
      ['a', '1', 'x'],
      ['a', '1', 'y'],
      ['b', '2', 'x'],
      ['b', '2', 'y'],
    ]);
  });

  it('are split into columns, and joined into larger ones', async () => {
    const csv = list(['a , b', 'c,d', 'e']);
    expect(await rows([csv], { columnSeparator: /,/u })).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect(await rows([list(['1', '2', '3'])], { each: 2 })).toEqual([['1', '2'], ['3']]);
  });

  it('of blanks are left out when told', async () => {
    expect(await rows([list(['a', ' ', ''])], { skipBlank: true })).toEqual([['a']]);
    expect(await rows([list(['a', ''])])).toEqual([['a'], ['']]);
  });

  it('of a huge product are made one by one', async () => {
    const many = list(Array.from({ length: 3000 }, (_, at) => String(at)));
    const made = rowsOf([many, many, many], { skipBlank: false, each: 1 });
    for await (const batch of made) {
      expect(batch[1]).toEqual(['0', '0', '1']);
      break;
    }
  });
});
