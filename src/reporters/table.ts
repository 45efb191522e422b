import { stripVTControlCharacters } from 'node:util';
import { columnsOf } from './width.js';

/** A column: what stands over it, and whether it holds numbers. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

const GAP = '  ';

/**
 * Rows under titles, without rules, columns as wide as they must be: easy to read and to cut up with `awk`. Our own
 * rather than cli-table3's, whose time grows with the square of the rows: 20,000 took it two minutes, and a live area
 * of forty rows a tenth of a processor.
 *
 * @param rows - cells of one line that are safe to print; colours are allowed.
 */
export function tableText(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const all = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, at) =>
    all.reduce((most, row) => Math.max(most, shownColumns(row[at] ?? '')), 0),
  );
  return all
    .map((row) =>
      columns
        .map((column, at) => pad(row[at] ?? '', widths[at] ?? 0, column))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}

function pad(cell: string, width: number, { align = 'left' }: Column): string {
  const room = ' '.repeat(Math.max(0, width - shownColumns(cell)));
  return align === 'left' ? cell + room : room + cell;
}

function shownColumns(cell: string): number {
  return columnsOf(cell.includes('\x1b') ? stripVTControlCharacters(cell) : cell);
}
