import { inBatches } from './records.js';

/** Records in batches, as they come. */
export type Records = AsyncIterable<readonly string[]> | Iterable<readonly string[]>;

/** Where one argument of each row comes from; `linked` goes in step with the source before it. */
export interface ArgumentSource {
  readonly records: Records;
  readonly isLinked: boolean;
}

/** How records become rows. */
export interface RowOptions {
  /** Splits each record into columns, blanks around them taken off. */
  readonly columnSeparator?: RegExp;
  /** Leaves out rows of nothing but blanks. */
  readonly skipBlank: boolean;
  /** So many records make one row; 1 by default. */
  readonly each: number;
}

type Rows = AsyncIterable<readonly (readonly string[])[]>;

/**
 * The rows of several sources: every combination of them, the last source changing fastest. The first source is read
 * as it comes; the others have to be read to their end before.
 */
export function rowsOf(sources: readonly ArgumentSource[], options: RowOptions): Rows {
  return grouped(filtered(combined(sources), options), options.each);
}

async function* combined(sources: readonly ArgumentSource[]): Rows {
  const [first, ...others] = linkedGroups(sources);
  if (first === undefined) return;
  const rest: (readonly (readonly string[])[])[] = [];
  for (const group of others) rest.push(await allOf(inStep(group)));
  for await (const batch of inStep(first)) {
    if (rest.length === 0) yield batch;
    else for (const rows of inBatches(product(batch, rest))) yield rows;
  }
}

function linkedGroups(sources: readonly ArgumentSource[]): (readonly Records[])[] {
  const groups: Records[][] = [];
  for (const { records, isLinked } of sources) {
    const last = groups.at(-1);
    if (isLinked && last !== undefined) last.push(records);
    else groups.push([records]);
  }
  return groups;
}

/** Sources that are linked: as long as the shortest. */
async function* inStep(sources: readonly Records[]): Rows {
  const [first, ...others] = sources;
  if (first === undefined) return;
  const columns: (readonly string[])[] = [];
  for (const other of others) columns.push(await allOf(other));
  const length = Math.min(...columns.map((column) => column.length));
  let at = 0;
  for await (const batch of first) {
    const rows: string[][] = [];
    for (const value of batch) {
      if (at >= length) break;
      const row = at;
      rows.push([value, ...columns.map((column) => column[row] ?? '')]);
      at += 1;
    }
    if (rows.length > 0) yield rows;
    if (at >= length) return;
  }
}

async function allOf<T>(
  batches: AsyncIterable<readonly T[]> | Iterable<readonly T[]>,
): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const batch of batches) for (const item of batch) all.push(item);
  return all;
}

function* product(
  rows: readonly (readonly string[])[],
  [next, ...rest]: readonly (readonly (readonly string[])[])[],
): Generator<readonly string[]> {
  if (next === undefined) {
    yield* rows;
    return;
  }
  for (const row of rows)
    yield* product(
      next.map((more) => [...row, ...more]),
      rest,
    );
}

async function* filtered(rows: Rows, { columnSeparator, skipBlank }: RowOptions): Rows {
  for await (const batch of rows) {
    const split =
      columnSeparator === undefined ? batch : batch.map((row) => columns(row, columnSeparator));
    const kept = skipBlank ? split.filter((row) => row.some((arg) => arg.trim() !== '')) : split;
    if (kept.length > 0) yield kept;
  }
}

function columns(row: readonly string[], separator: RegExp): readonly string[] {
  return row.flatMap((record) => record.split(separator).map((column) => column.trim()));
}

async function* grouped(rows: Rows, each: number): Rows {
  let open: string[] = [];
  let count = 0;
  for await (const batch of rows) {
    if (each === 1) {
      yield batch;
      continue;
    }
    const made: string[][] = [];
    for (const row of batch) {
      open.push(...row);
      count += 1;
      if (count < each) continue;
      made.push(open);
      open = [];
      count = 0;
    }
    if (made.length > 0) yield made;
  }
  if (count > 0) yield [open];
}
