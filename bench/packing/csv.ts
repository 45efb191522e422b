import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** A row's cells by the name of their column. */
export type Row = Readonly<Record<string, string>>;

/**
 * Reads a compressed table of comma-separated values with a header line. The traces quote nothing: a row of another
 * length is an error rather than a guess.
 *
 * @throws Error that says which line is not as expected.
 */
export function readTable(path: string): Row[] {
  const [header = '', ...lines] = gunzipSync(readFileSync(path))
    .toString('utf8')
    .trimEnd()
    .split('\n');
  const columns = header.split(',');
  return lines.map((line, at) => {
    const cells = line.split(',');
    if (cells.length !== columns.length) {
      throw new Error(
        `${path}, line ${at + 2}: expected ${columns.length} cells, found ${cells.length}`,
      );
    }
    return Object.fromEntries(columns.map((column, cell) => [column, cells[cell] ?? '']));
  });
}

/**
 * The number in a cell.
 *
 * @throws Error that names the column when there is none.
 */
export function numberIn(row: Row, column: string): number {
  const cell = row[column]?.trim() ?? '';
  const value = Number(cell);
  if (cell === '' || !Number.isFinite(value))
    throw new Error(`expected a number in column ${column}, found "${cell}"`);
  return value;
}
