import type { ReportData, ReportTask } from '../report-data.js';
import { el, selection } from './dom.js';
import { lookOfState } from './looks.js';

/** After the last key, before the search is made: thousands of rows are filled anew by it. Milliseconds. */
const SEARCH_AFTER_MS = 120;

const NOTABLE = 'notable';

/** Search and choice of state: what is shown in the timeline and in the table. */
export function taskFilter(
  { tasks }: ReportData,
  apply: (shown: (task: number) => boolean) => void,
): HTMLElement {
  const texts = tasks.map(({ id, job, group, why = '' }) =>
    `${id}\n${job}\n${group}\n${why}`.toLowerCase(),
  );
  const search = el('input', {
    type: 'search',
    placeholder: 'name, job, group, reason',
    'aria-keyshortcuts': '/',
  });
  const present = [...new Set(tasks.map(({ state }) => state))];
  const state = selection(
    'Tasks',
    [
      ['', 'all'],
      [NOTABLE, 'that did not succeed at once'],
      ...present.map((each) => [each, lookOfState(each).label] as const),
    ],
    () => {
      update();
    },
  );
  const update = (): void => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = state.select.value;
    apply((place) => {
      const task = tasks[place];
      return (
        task !== undefined &&
        isWanted(task, wanted) &&
        words.every((word) => texts[place]?.includes(word))
      );
    });
  };
  let timer = 0;
  search.addEventListener('input', () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(update, SEARCH_AFTER_MS);
  });
  document.addEventListener('keydown', (event) => {
    const { target, key } = event;
    if (key !== '/' || target instanceof HTMLInputElement || target instanceof HTMLSelectElement)
      return;
    event.preventDefault();
    search.focus();
  });
  return el(
    'form',
    { class: 'filter', role: 'search', 'aria-label': 'Tasks to show' },
    el('label', { class: 'selection' }, el('span', {}, 'Search (/)'), search),
    state.root,
  );
}

function isWanted({ state, attempts }: ReportTask, wanted: string): boolean {
  if (wanted === '') return true;
  if (wanted === NOTABLE) return state !== 'succeeded' || attempts > 1;
  return state === wanted;
}
