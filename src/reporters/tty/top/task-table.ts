import type { ChalkInstance } from 'chalk';
import { isGuess } from '../../../core/estimate.js';
import { formatBytes } from '../../../util/bytes.js';
import { formatDuration } from '../../../util/duration.js';
import { printable } from '../../../util/printable.js';
import { columnsOf, fitMiddle } from '../../width.js';
import { cell } from './cells.js';
import type { Frame } from './head-lines.js';
import { shortId, type Status, type TaskRow } from './look.js';
import { sparkline } from './sparkline.js';
import type { TaskNotes } from './task-notes.js';

const MARK = '▸ ';
const STATUS_COLUMNS = 11;
const BYTES_COLUMNS = 6;
const TIME_COLUMNS = 6;
/** What the fixed columns take, gaps included. */
const FIXED_COLUMNS = MARK.length + STATUS_COLUMNS + 2 * BYTES_COLUMNS + TIME_COLUMNS + 6;
const NAME_COLUMNS_MIN = 10;
const NAME_COLUMNS_MAX = 48;

/** How wide the columns are that give way. */
interface Widths {
  readonly name: number;
  readonly run: number;
  readonly spark: number;
  readonly note: number;
}

/** What the table has to be told beside its rows. */
export interface TableWish {
  /** There are several runs: each row says which one it belongs to. */
  readonly showsRun: boolean;
  /** Place of the selected row among those shown; -1: none. */
  readonly selected: number;
  readonly notes: TaskNotes;
}

/** The tasks under their titles, one a line. */
export function taskTable(rows: readonly TaskRow[], wish: TableWish, frame: Frame): string[] {
  const { colour, columns } = frame;
  const widths = widthsFor(rows, wish.showsRun, columns);
  const titles = line(
    {
      name: 'TASK',
      run: 'RUN',
      status: 'STATE',
      used: 'MEMORY',
      spark: `LAST ${widths.spark}s`,
      estimate: 'ESTIM.',
      time: 'TIME',
      note: 'WHY',
    },
    widths,
  );
  return [
    colour.dim(cell(`  ${titles}`, columns)),
    ...rows.map((row, at) => {
      const isSelected = at === wish.selected;
      const text = cell(`${isSelected ? MARK : '  '}${rowText(row, widths, wish)}`, columns);
      return isSelected ? colour.inverse(text) : paintOf(row.status, colour)(text);
    }),
  ];
}

function widthsFor(rows: readonly TaskRow[], showsRun: boolean, columns: number): Widths {
  const run = showsRun ? Math.max(8, Math.min(24, Math.floor(columns / 8))) : 0;
  const spark = columns >= 160 ? 30 : columns >= 110 ? 20 : columns >= 70 ? 10 : 0;
  const free = columns - FIXED_COLUMNS - spark - (showsRun ? run + 1 : 0);
  const longest = rows.reduce((most, { record }) => Math.max(most, columnsOf(record.spec.id)), 4);
  const most = Math.max(NAME_COLUMNS_MIN, Math.min(NAME_COLUMNS_MAX, Math.floor(free / 2)));
  const name = Math.max(NAME_COLUMNS_MIN, Math.min(longest, most));
  return { name, run, spark, note: Math.max(0, free - name) };
}

interface Cells {
  readonly name: string;
  readonly run: string;
  readonly status: string;
  readonly used: string;
  readonly spark: string;
  readonly estimate: string;
  readonly time: string;
  readonly note: string;
}

function line(cells: Cells, widths: Widths): string {
  return [
    cell(fitMiddle(cells.name, widths.name), widths.name),
    ...(widths.run > 0 ? [cell(fitMiddle(cells.run, widths.run), widths.run)] : []),
    cell(cells.status, STATUS_COLUMNS),
    cell(cells.used, BYTES_COLUMNS, 'right'),
    ...(widths.spark > 0 ? [cell(cells.spark, widths.spark, 'right')] : []),
    cell(cells.estimate, BYTES_COLUMNS, 'right'),
    cell(cells.time, TIME_COLUMNS, 'right'),
    cell(cells.note, widths.note),
  ].join(' ');
}

function rowText(row: TaskRow, widths: Widths, { notes }: TableWish): string {
  const { record, run, bytes, ranMs, status } = row;
  const { phase, spec } = record;
  const estimateBytes = 'attempt' in phase ? phase.attempt.estimate.bytes : undefined;
  const course = run.history.of(spec.id);
  return line(
    {
      name: printable(spec.id),
      run: shortId(run.runId),
      status,
      used: bytes === undefined ? '–' : formatBytes(bytes),
      spark: 'attempt' in phase ? sparkline(course, scaleOf(row, course), widths.spark) : '',
      estimate: estimateBytes === undefined ? '–' : formatBytes(estimateBytes),
      time: ranMs === undefined ? '–' : formatDuration(ranMs),
      note: notes.of(row),
    },
    widths,
  );
}

/** What a full block stands for: the estimate, but for one that is a guess and would make everything look flat. */
function scaleOf({ record: { phase } }: TaskRow, course: readonly number[]): number {
  const isKnown = 'attempt' in phase && !isGuess(phase.attempt.estimate);
  const estimateBytes = isKnown ? phase.attempt.estimate.bytes : 0;
  return course.reduce((most, bytes) => Math.max(most, bytes), estimateBytes);
}

function paintOf(status: Status, colour: ChalkInstance): (text: string) => string {
  switch (status) {
    case 'running':
    case 'starting':
    case 'ending':
      return (text) => text;
    case 'suspended':
    case 'stopping':
    case 'held':
      return colour.yellow;
    case 'queued':
    case 'backing off':
    case 'blocked':
    case 'skipped':
      return colour.dim;
    case 'succeeded':
      return colour.green;
    case 'failed':
    case 'oom-killed':
    case 'timed-out':
    case 'canceled':
      return colour.red;
  }
}
