import { formatBytes } from '../../../util/bytes.js';
import { formatCount } from '../../../util/count.js';
import { formatDuration } from '../../../util/duration.js';
import type { ReportData, ReportTask } from '../report-data.js';
import { button, el } from './dom.js';
import { lookOfState } from './looks.js';
import { storyLink } from './story-link.js';

const ROWS_A_PAGE = 100;

interface Column {
  readonly title: string;
  readonly isNumber: boolean;
  /** What to sort by; undefined comes last either way. */
  readonly key: (task: ReportTask) => number | string | undefined;
  readonly cell: (task: ReportTask, place: number) => Node | string;
}

const COLUMNS: readonly Column[] = [
  {
    title: 'Task',
    isNumber: false,
    key: ({ id }) => id,
    cell: ({ id }, place) => storyLink(place, id),
  },
  { title: 'Job', isNumber: false, key: ({ job }) => job, cell: ({ job }) => job },
  {
    title: 'State',
    isNumber: false,
    key: ({ state }) => state,
    cell: ({ state }) => stateCell(state),
  },
  count('Attempts', ({ attempts }) => attempts),
  count('Preemptions', ({ preemptions }) => preemptions),
  bytes('Peak', ({ peakBytes }) => peakBytes),
  bytes('Estimate', ({ estimateBytes }) => estimateBytes),
  time('Waited', ({ waitedMs }) => waitedMs),
  time('Ran', ({ ranMs, attempts }) => (attempts === 0 ? undefined : ranMs)),
  time('Processor', ({ cpuMs, attempts }) => (attempts === 0 ? undefined : cpuMs)),
  time('Finished', ({ finishedMs }) => finishedMs),
  {
    title: 'Why',
    isNumber: false,
    key: ({ why }) => why,
    cell: ({ why }) => el('span', { class: 'why' }, why ?? ''),
  },
];

/** The table of tasks: sorted by a column, a page at a time. */
export class TaskTable {
  readonly root: HTMLElement;
  readonly #tasks: readonly ReportTask[];
  readonly #body = el('tbody', {});
  readonly #count = el('p', { class: 'count', role: 'status' });
  readonly #pager = el('nav', { class: 'pager', 'aria-label': 'Pages of the table' });
  readonly #heads: readonly HTMLTableCellElement[];
  readonly #unlisted: number;
  #places: number[];
  #sort: { readonly column: number; readonly sign: 1 | -1 } | undefined;
  #page = 0;
  #showsAll = false;

  constructor({ tasks, unlistedTasks }: ReportData) {
    this.#tasks = tasks;
    this.#unlisted = unlistedTasks;
    this.#places = tasks.map((_, place) => place);
    this.#heads = COLUMNS.map(({ title, isNumber }, column) => {
      const sort = button(title, () => {
        this.#sortBy(column);
      });
      return el('th', { scope: 'col', class: isNumber ? 'number' : undefined }, sort);
    });
    this.root = el(
      'section',
      { class: 'panel', id: 'tasks', 'aria-labelledby': 'tasks-title' },
      el('h2', { id: 'tasks-title' }, 'Tasks'),
      this.#count,
      el(
        'div',
        { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Table of tasks' },
        el('table', { class: 'tasks' }, el('thead', {}, el('tr', {}, ...this.#heads)), this.#body),
      ),
      this.#pager,
    );
    this.#fill();
  }

  /** Shows only these tasks. */
  filter(shown: (task: number) => boolean): void {
    this.#places = this.#tasks.flatMap((_, place) => (shown(place) ? [place] : []));
    this.#page = 0;
    this.#order();
    this.#fill();
  }

  #sortBy(column: number): void {
    const again = this.#sort?.column === column;
    const first = COLUMNS[column]?.isNumber === true ? -1 : 1;
    this.#sort = { column, sign: again ? (this.#sort?.sign === 1 ? -1 : 1) : first };
    this.#page = 0;
    this.#heads.forEach((head, at) => {
      if (at !== column) head.removeAttribute('aria-sort');
      else head.setAttribute('aria-sort', this.#sort?.sign === 1 ? 'ascending' : 'descending');
    });
    this.#order();
    this.#fill();
  }

  #order(): void {
    const { column, sign } = this.#sort ?? { column: -1, sign: 1 };
    const key = COLUMNS[column]?.key;
    if (key === undefined) return;
    const keys = new Map(this.#places.map((place) => [place, keyOf(this.#tasks[place], key)]));
    this.#places.sort((a, b) => compare(keys.get(a), keys.get(b), sign) || a - b);
  }

  #fill(): void {
    const from = this.#showsAll ? 0 : this.#page * ROWS_A_PAGE;
    const to = this.#showsAll ? this.#places.length : from + ROWS_A_PAGE;
    const rows = this.#places.slice(from, to).flatMap((place) => {
      const task = this.#tasks[place];
      return task === undefined ? [] : [rowOf(task, place)];
    });
    this.#body.replaceChildren(...rows);
    this.#count.textContent = this.#countWords();
    this.#fillPager();
  }

  #countWords(): string {
    const all = this.#tasks.length;
    const shown = this.#places.length;
    const rest =
      this.#unlisted === 0
        ? ''
        : ` ${formatCount(this.#unlisted)} more are counted in all charts and sums, but have no row.`;
    return shown === all
      ? `${formatCount(all)} ${all === 1 ? 'task' : 'tasks'}.${rest}`
      : `${formatCount(shown)} of ${formatCount(all)} tasks.${rest}`;
  }

  #fillPager(): void {
    const pages = Math.ceil(this.#places.length / ROWS_A_PAGE);
    this.#pager.hidden = pages <= 1;
    if (pages <= 1) return;
    const go = (page: number): void => {
      this.#page = page;
      this.#fill();
    };
    const step = (label: string, page: number): HTMLElement => {
      const made = button(label, () => {
        go(page);
      });
      if (page < 0 || page >= pages || this.#showsAll) made.setAttribute('disabled', '');
      return made;
    };
    this.#pager.replaceChildren(
      step('First', this.#page === 0 ? -1 : 0),
      step('Previous', this.#page - 1),
      el(
        'span',
        {},
        this.#showsAll ? 'All rows' : `Page ${this.#page + 1} of ${formatCount(pages)}`,
      ),
      step('Next', this.#page + 1),
      step('Last', this.#page === pages - 1 ? -1 : pages - 1),
      button(this.#showsAll ? 'By pages' : 'All rows', () => {
        this.#showsAll = !this.#showsAll;
        this.#page = 0;
        this.#fill();
      }),
    );
  }
}

function rowOf(task: ReportTask, place: number): HTMLElement {
  return el(
    'tr',
    {},
    ...COLUMNS.map(({ cell, isNumber }, at) =>
      at === 0
        ? el('th', { scope: 'row', class: 'name' }, cell(task, place))
        : el('td', { class: isNumber ? 'number' : undefined }, cell(task, place)),
    ),
  );
}

/** A state by sign, colour and word. */
export function stateCell(state: ReportTask['state']): HTMLElement {
  const { label, colour, sign } = lookOfState(state);
  const mark = el('span', { class: 'sign', 'aria-hidden': 'true' }, sign);
  mark.style.setProperty('--sign', `var(${colour})`);
  return el('span', { class: 'state' }, mark, label);
}

function keyOf(task: ReportTask | undefined, key: Column['key']): number | string | undefined {
  return task === undefined ? undefined : key(task);
}

const BY_NAME = new Intl.Collator('en', { numeric: true });

function compare(
  a: number | string | undefined,
  b: number | string | undefined,
  sign: 1 | -1,
): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
  return sign * BY_NAME.compare(String(a), String(b));
}

function count(title: string, key: (task: ReportTask) => number): Column {
  return { title, isNumber: true, key, cell: (task) => formatCount(key(task)) };
}

function bytes(title: string, key: (task: ReportTask) => number | undefined): Column {
  return { title, isNumber: true, key, cell: (task) => shown(key(task), formatBytes) };
}

function time(title: string, key: (task: ReportTask) => number | undefined): Column {
  return { title, isNumber: true, key, cell: (task) => shown(key(task), formatDuration) };
}

function shown(value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? '–' : format(value);
}
