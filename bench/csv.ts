import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** A row's cells by the name of their column. */
export type Row = Readonly<Record<string, string>>;

/**
 * Reads comma-separated values with a header line. The traces quote nothing: a quote, or a row of another length, is an
 * error rather than a guess.
 *
 * @throws Error that says which line of `source` is not so.
 */
export function parseCsv(text: string, source: string): Row[] {
  const [header = '', ...lines] = text.trimEnd().split(/\r?\n/);
  const columns = header.split(',');
  return lines.map((line, at) => {
    const cells = line.split(',');
    if (line.includes('"') || cells.length !== columns.length) {
      throw new Error(
        `${source}, line ${at + 2}: expected ${columns.length} cells without quotes, found ${cells.length}`,
      );
    }
    return Object.fromEntries(columns.map((column, cell) => [column, cells[cell] ?? '']));
  });
}

/** {@link parseCsv} of a compressed file. */
export function readTable(path: string): Row[] {
  return parseCsv(gunzipSync(readFileSync(path)).toString('utf8'), basename(path));
}

/**
 * The number in a cell; undefined where it is empty.
 *
 * @throws Error that names the column when there is no such column, or something else in it.
 */
export function numberIfAny(row: Row, column: string, source: string): number | undefined {
  const cell = row[column]?.trim();
  if (cell === undefined) throw new Error(`${source}: there is no column ${column}`);
  if (cell === '') return undefined;
  const value = Number(cell);
  if (Number.isFinite(value)) return value;
  throw new Error(`${source}: expected a number in column ${column}, found "${cell}"`);
}

/**
 * The number in a cell.
 *
 * @throws Error that names the column when there is none.
 */
export function numberIn(row: Row, column: string, source: string): number {
  const value = numberIfAny(row, column, source);
  if (value === undefined) throw new Error(`${source}: expected a number in column ${column}`);
  return value;
}
