import { formatBytes } from '../../../util/bytes.js';
import { formatDuration } from '../../../util/duration.js';
import { shellWord } from '../../../util/shell-word.js';
import type { ReportAttempt, ReportData, ReportEntry, ReportTask } from '../report-data.js';
import { button, el, plainTable } from './dom.js';
import { lookOfAttempt } from './looks.js';
import { parseAddress } from './address.js';
import { stateCell } from './task-table.js';

/** Shows the story of the task that the page's address names: so that each has a link, and "back" closes it. */
export class StoryPanel {
  readonly root = el('dialog', { 'aria-labelledby': 'story-title' });
  readonly #data: ReportData;

  constructor(data: ReportData) {
    this.#data = data;
    this.root.addEventListener('close', () => {
      if (parseAddress(location.hash) !== undefined)
        history.replaceState(null, '', location.pathname + location.search);
    });
    // A click beside it closes it.
    this.root.addEventListener('click', (event) => {
      if (event.target === this.root) this.root.close();
    });
    window.addEventListener('hashchange', () => {
      this.follow();
    });
  }

  /** Shows what the address names, or nothing. */
  follow(): void {
    const address = parseAddress(location.hash);
    const task = address === undefined ? undefined : this.#data.tasks[address.task];
    if (address === undefined || task === undefined) {
      if (this.root.open) this.root.close();
      return;
    }
    this.root.replaceChildren(...this.#contents(task, address.task, address.attempt));
    if (!this.root.open) this.root.showModal();
    this.root.scrollTop = 0;
    this.root.querySelector('.here')?.scrollIntoView({ block: 'center' });
  }

  #contents(task: ReportTask, place: number, attempt: number | undefined): readonly Node[] {
    const own = this.#data.attempts.filter((each) => each.task === place);
    const story = this.#data.stories[String(place)];
    const command = `memsched explain ${shellWord(this.#data.run.id)} ${shellWord(task.id)}`;
    return [
      el(
        'div',
        { class: 'heading' },
        el('h2', { id: 'story-title', tabindex: '-1' }, task.id),
        button('Close', () => {
          this.root.close();
        }),
      ),
      el(
        'p',
        { class: 'about' },
        stateCell(task.state),
        ` · job ${task.job} · group ${task.group}`,
        task.why === undefined ? undefined : ` · ${task.why}`,
      ),
      ...(own.length === 0 ? [] : [attemptTable(own, this.#data.run.untilMs)]),
      el('h3', {}, 'What happened'),
      story === undefined
        ? el('p', {}, 'There was no room for the story of this task. It is told by: ')
        : storyList(story, momentOf(own, attempt)),
      el(
        'p',
        { class: 'hint' },
        ...(story === undefined ? [] : ['The same, with everything left out here: ']),
        el('code', {}, command),
      ),
    ];
  }
}

/** When the attempt began to end: that is what its link is about. */
function momentOf(
  attempts: readonly ReportAttempt[],
  number: number | undefined,
): number | undefined {
  const attempt = attempts.find((each) => each.number === number);
  return attempt?.stoppingMs ?? attempt?.endedMs;
}

function storyList(story: readonly ReportEntry[], hereMs: number | undefined): HTMLElement {
  let isMarked = false;
  const items = story.map(({ tMs, text, details = [] }) => {
    const isHere = !isMarked && tMs === hereMs && !text.startsWith('level ');
    if (isHere) isMarked = true;
    return el(
      'li',
      { class: isHere ? 'here' : undefined, 'aria-current': isHere ? 'true' : undefined },
      el('span', { class: 'when' }, formatDuration(tMs)),
      el(
        'div',
        {},
        el('p', {}, text),
        details.length === 0
          ? undefined
          : el('pre', { tabindex: '0', 'aria-label': 'Details' }, details.join('\n')),
      ),
    );
  });
  return el('ol', { class: 'story' }, ...items);
}

function attemptTable(attempts: readonly ReportAttempt[], untilMs: number): HTMLElement {
  return plainTable(
    'Attempts',
    [
      { title: 'Attempt', isNumber: true },
      { title: 'Admitted', isNumber: true },
      { title: 'Time', isNumber: true },
      { title: 'Estimate', isNumber: true },
      { title: 'Peak', isNumber: true },
      { title: 'End' },
    ],
    attempts.map((attempt) => [
      String(attempt.number),
      formatDuration(attempt.admittedMs),
      formatDuration((attempt.endedMs ?? untilMs) - attempt.admittedMs),
      formatBytes(attempt.estimateBytes),
      attempt.peakBytes === undefined ? '–' : formatBytes(attempt.peakBytes),
      attempt.words ?? lookOfAttempt(attempt).label,
    ]),
  );
}
