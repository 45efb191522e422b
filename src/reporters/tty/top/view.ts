import { printable } from '../../../util/printable.js';
import { fit } from '../../width.js';
import { cell, clip, wrap } from './cells.js';
import { detailLines } from './details.js';
import { hostLines, runBlock, runList, titleLine, type Frame } from './head-lines.js';
import {
  isSameKey,
  keyOf,
  type Details,
  type RowKey,
  type RunLook,
  type TaskRow,
  type TopLook,
} from './look.js';
import { TaskNotes } from './task-notes.js';
import { taskRows } from './task-rows.js';
import { taskTable } from './task-table.js';
import { placeOf, selectedKey, type Mode, type Scene, type Ui } from './ui.js';

/** The size of the picture and its colours. */
export interface ViewOptions extends Frame {
  readonly rows: number;
  /** Of the selected task; needed while they are shown. */
  readonly details?: Details | undefined;
}

/** A picture, and what keys act upon while it is seen. */
export interface View {
  /** As many as the terminal has rows, or fewer; none is wider. */
  readonly lines: readonly string[];
  readonly scene: Scene;
  /** First row of the table that is shown. */
  readonly top: number;
}

/** One for the selected task, one for the keys. */
const FOOT_ROWS = 2;

const HELP = [
  'Keys',
  '  ↑ ↓ PgUp PgDn Home End   select a task (k j g G, too)',
  '  Enter                    details of the task, with the end of its log; Esc goes back',
  '  h r c                    hold, release, cancel the task',
  '  H R C                    hold, release, cancel its run',
  '  s S                      sort by the next column; the other way round',
  '  / Esc                    filter by name, state or run; all again',
  '  a                        finished tasks, too, or not',
  '  Tab                      one run after the other, then all',
  '  p Space                  pause the picture; the runs go on',
  '  q Ctrl-C                 leave; the runs go on',
  '',
  'Bars: █ used by tasks, ▓ by others, ▒ claimed, | hold and preempt.',
];

/** The picture for what was seen and chosen. Pure: the same gives the same. */
export function topView(look: TopLook, ui: Ui, options: ViewOptions): View {
  const { rows, columns } = options;
  const runs = shownRuns(look, ui);
  const all = taskRows(runs, ui);
  const keys = all.map(keyOf);
  const head = [
    titleLine(look, choices(ui), options),
    ...hostLines(look.host, look.runs, options),
    ...headOfRuns(runs, rows, options),
  ].slice(0, Math.max(1, rows - 4));
  const room = Math.max(1, rows - head.length - FOOT_ROWS);
  const page = Math.max(1, room - 1);
  const at = placeOf(ui, keys);
  const top = windowFrom(ui.top, at, page, all.length);
  const notes = new TaskNotes();
  const table = { all, keys, at, top, room, page };
  const body = bodyLines(look, ui, table, notes, options).slice(0, room);
  const blank = Array<string>(Math.max(0, room - body.length)).fill('');
  const lines = [...head, ...body, ...blank, ...footLines(ui, all[at], notes, options)];
  return {
    lines: lines.slice(0, rows).map((line) => clip(line, columns)),
    scene: { keys, page, runs: look.runs.map(({ runId }) => runId) },
    top,
  };
}

/** What the user has chosen to see, where it is not the usual. */
function choices({ isPaused, sort, isReversed, filter, showsFinished }: Ui): readonly string[] {
  return [
    ...(isPaused ? ['paused'] : []),
    ...(sort === 'order' && !isReversed ? [] : [`by ${sort}${isReversed ? ' reversed' : ''}`]),
    ...(filter === '' ? [] : [`filter "${printable(filter)}"`]),
    ...(showsFinished ? ['with finished'] : []),
  ];
}

function shownRuns({ runs }: TopLook, { focus }: Ui): readonly RunLook[] {
  const focused = runs.filter(({ runId }) => runId === focus);
  return focused.length > 0 ? focused : runs;
}

function headOfRuns(runs: readonly RunLook[], rows: number, options: ViewOptions): string[] {
  const [first, ...others] = runs;
  if (first === undefined) return [];
  if (others.length === 0) return runBlock(first, options);
  return runList(runs, Math.max(2, Math.floor(rows / 4)), options);
}

interface Table {
  readonly all: readonly TaskRow[];
  readonly keys: readonly RowKey[];
  readonly at: number;
  readonly top: number;
  readonly room: number;
  readonly page: number;
}

function bodyLines(
  look: TopLook,
  ui: Ui,
  table: Table,
  notes: TaskNotes,
  options: ViewOptions,
): string[] {
  const { all, room, page, top, at } = table;
  if (ui.mode.kind === 'help') return HELP.map((line) => fit(line, options.columns));
  const isDetails =
    ui.mode.kind === 'details' || (ui.mode.kind === 'confirm' && ui.mode.back === 'details');
  if (isDetails) {
    const row = findRow(look, ui, table);
    if (row === undefined) return ['this task is not there any more; Esc goes back'];
    return detailLines(
      row,
      options.details ?? { tails: [], live: undefined },
      notes,
      room,
      options,
    );
  }
  if (all.length === 0) return [options.colour.dim(fit(emptyWords(look, ui), options.columns))];
  const shown = all.slice(top, top + page);
  const showsRun = shownRuns(look, ui).length > 1;
  return taskTable(shown, { showsRun, selected: at - top, notes }, options);
}

/** Of the rows, or of those that the filter and the choice of what to show leave out. */
function findRow(look: TopLook, ui: Ui, { all, keys }: Table): TaskRow | undefined {
  const wanted = selectedKey(ui, keys);
  const isIt = (row: TaskRow): boolean => isSameKey(keyOf(row), wanted);
  const shown = all.find(isIt);
  if (shown !== undefined || wanted === undefined) return shown;
  const run = look.runs.filter(({ runId }) => runId === wanted.run);
  return taskRows(run, { ...ui, filter: wanted.task.toLowerCase(), showsFinished: true }).find(
    isIt,
  );
}

function emptyWords({ runs }: TopLook, { filter, showsFinished }: Ui): string {
  if (runs.length === 0)
    return 'no run of yours is under way on this host; "memsched run jobs.yaml" starts one';
  if (filter !== '')
    return `no task is meant by the filter "${printable(filter)}"; Esc shows all again`;
  return showsFinished ? 'no tasks' : 'no task is left to do; a shows those that are finished';
}

/** Moves the window no more than it must for the row to be seen. */
function windowFrom(top: number, at: number, page: number, count: number): number {
  const least = Math.max(0, at - page + 1);
  const most = Math.min(at, Math.max(0, count - page));
  return Math.min(Math.max(top, least), Math.max(most, least));
}

/** What is asked, or what came of the last order, or why the selected task stands where it does; and the keys. */
function footLines(
  ui: Ui,
  row: TaskRow | undefined,
  notes: TaskNotes,
  { columns, colour }: ViewOptions,
): string[] {
  const { mode, message } = ui;
  if (mode.kind === 'confirm') return ['', colour.bold.yellow(cell(questionOf(mode), columns))];
  if (mode.kind === 'filter')
    return [
      '',
      colour.bold(cell(`filter: ${printable(ui.filter)}▏  Enter keeps it, Esc drops it`, columns)),
    ];
  const keys = colour.dim(fit(keysOf(ui), columns));
  if (message !== undefined) {
    const paint = message.isBad ? colour.red : colour.green;
    const [first = '', ...others] = wrap(
      message.text
        .split(/\s*\n\s*/)
        .map(printable)
        .join(' · '),
      columns,
    );
    const second = others.length === 0 ? keys : paint(fit(others.join(' '), columns));
    return [paint(first), second];
  }
  const why = mode.kind === 'table' && row !== undefined ? notes.inFull(row) : '';
  const named = why === '' || row === undefined ? '' : `${printable(row.record.spec.id)}: ${why}`;
  return [fit(named, columns), keys];
}

function questionOf({ order }: Extract<Mode, { kind: 'confirm' }>): string {
  const what = order.task === undefined ? `the whole run ${order.run}` : order.task;
  return `${order.what} ${printable(what)}? y: yes, any other key: no`;
}

function keysOf({ mode }: Ui): string {
  if (mode.kind === 'help') return 'any key goes back';
  if (mode.kind === 'details')
    return 'Esc back · ↑↓ other tasks · h hold · r release · c cancel · q back';
  return '? help · ⏎ details · h hold · r release · c cancel · / filter · s sort · q quit';
}
