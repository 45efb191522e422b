import { seriesText } from './format.js';
import { machineLine } from './machine.js';
import type { PartResult, Table } from './result.js';

/** A part's tables as Markdown: what each is about, the figures, the machine. */
export function markdownOf({ part, isQuick, rounds, tables }: PartResult): string {
  const quick = isQuick ? ' (quick: the figures say little)' : '';
  const title = `## ${part}${quick}`;
  const spread = rounds === 1 ? 'One round.' : `Medians of ${rounds} rounds (smallest–largest).`;
  return [title, spread, ...tables.map(tableMarkdown)].join('\n\n');
}

function tableMarkdown(table: Table): string {
  const figures = [...new Set(table.series.map(({ figure }) => figure))];
  const rows = [...new Set(table.series.map(({ row }) => row))];
  const cell = (row: string, figure: string): string => {
    const found = table.series.find((one) => one.row === row && one.figure === figure);
    return found === undefined ? '' : seriesText(found);
  };
  const lines = rows.map((row) => [row, ...figures.map((figure) => cell(row, figure))]);
  const absent = table.absent.map(({ row, why }) => `- ${row}: not measured, ${why}`);
  return [
    `### ${table.name}`,
    table.about,
    aligned([['', ...figures], ...lines]),
    ...(absent.length === 0 ? [] : [absent.join('\n')]),
    `Measured on: ${machineLine(table.machine)}.`,
  ].join('\n\n');
}

/**
 * A Markdown table whose columns stand below each other, the first to the left and the others to the right.
 *
 * @param lines - the head first; all of the same length.
 */
export function aligned(lines: readonly (readonly string[])[]): string {
  const [head = [], ...rows] = lines.map((line) => line.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((line) => (line[column] ?? '').length)),
  );
  const lineOf = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => padded(cells[column] ?? '', width, column)).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [lineOf(head), `| ${rule.join(' | ')} |`, ...rows.map(lineOf)].join('\n');
}

function padded(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
