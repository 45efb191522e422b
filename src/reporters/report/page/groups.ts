import { formatBytes } from '../../../util/bytes.js';
import { formatCount } from '../../../util/count.js';
import { formatDuration } from '../../../util/duration.js';
import type { ReportAttempt, ReportData, ReportGroup } from '../report-data.js';
import { legendOf, type Chart, type ChartMaker } from './chart.js';
import { el, plainTable, selection } from './dom.js';
import { lookOfAttempt } from './looks.js';
import { bytesAxis, nearest, seconds } from './scales.js';
import { colourOf } from './theme.js';

const HEIGHT = 220;
const TABLE_ROWS_MAX = 500;

/** What each group used against what it was expected to: a table with a bar each, and one group over time. */
export function groupPanels(data: ReportData, maker: ChartMaker): readonly HTMLElement[] {
  return [groupTable(data), new GroupChart(data, maker).root];
}

function groupTable({ groups, unlistedGroups }: ReportData): HTMLElement {
  const mostBytes = Math.max(
    1,
    ...groups.map(({ peaks, lastEstimateBytes = 0 }) =>
      Math.max(peaks?.maxBytes ?? 0, lastEstimateBytes),
    ),
  );
  const rows = groups.map((group) =>
    el(
      'tr',
      {},
      el('th', { scope: 'row', class: 'name' }, el('span', {}, group.name)),
      number(formatCount(group.tasks)),
      number(formatCount(group.attempts)),
      number(group.peaks === undefined ? '–' : formatBytes(group.peaks.p50Bytes)),
      number(group.peaks === undefined ? '–' : formatBytes(group.peaks.p95Bytes)),
      number(group.peaks === undefined ? '–' : formatBytes(group.peaks.maxBytes)),
      number(
        group.lastEstimateBytes === undefined ? '–' : formatBytes(group.lastEstimateBytes),
        group.estimate,
      ),
      el('td', { class: 'bar-cell' }, bar(group, mostBytes)),
      number(group.aboveEstimate === 0 ? '–' : formatCount(group.aboveEstimate)),
      number(formatDuration(group.ranMs)),
      number(group.lostMs === 0 ? '–' : formatDuration(group.lostMs)),
    ),
  );
  return el(
    'section',
    { class: 'panel', id: 'groups', 'aria-labelledby': 'groups-title' },
    el('h2', { id: 'groups-title' }, 'Groups: use against estimate'),
    el(
      'p',
      { class: 'about' },
      'Peaks of the attempts that succeeded, and what the last attempt was expected to need. The bar goes from the median to the largest peak; the mark is the estimate.',
      unlistedGroups > 0
        ? ` ${formatCount(unlistedGroups)} more groups are not listed.`
        : undefined,
    ),
    el(
      'div',
      { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Table of groups' },
      el(
        'table',
        {},
        el(
          'thead',
          {},
          el(
            'tr',
            {},
            el('th', { scope: 'col' }, 'Group'),
            ...['Tasks', 'Attempts', 'Median', 'P95', 'Largest', 'Estimate'].map((title) =>
              el('th', { scope: 'col', class: 'number' }, title),
            ),
            el('th', { scope: 'col' }, 'Peaks and estimate'),
            ...['Above estimate', 'Task time', 'Thrown away'].map((title) =>
              el('th', { scope: 'col', class: 'number' }, title),
            ),
          ),
        ),
        el('tbody', {}, ...rows),
      ),
    ),
  );
}

function number(text: string, title?: string): HTMLElement {
  return el('td', { class: 'number', title }, text);
}

/** The same as the numbers beside it, to be seen at a glance. */
function bar({ peaks, lastEstimateBytes }: ReportGroup, mostBytes: number): HTMLElement {
  const root = el('div', { class: 'peaks', 'aria-hidden': 'true' });
  const at = (bytes: number): string => `${((100 * bytes) / mostBytes).toFixed(2)}%`;
  if (peaks !== undefined) {
    const span = el('span', { class: 'span' });
    span.style.left = at(peaks.p50Bytes);
    span.style.width = at(peaks.maxBytes - peaks.p50Bytes);
    const median = el('span', { class: 'base' });
    median.style.width = at(peaks.p50Bytes);
    root.append(median, span);
  }
  if (lastEstimateBytes !== undefined) {
    const mark = el('span', { class: 'mark' });
    mark.style.left = at(lastEstimateBytes);
    root.append(mark);
  }
  return root;
}

/** Attempts of one group by the time of their admission: what was expected of each, and what it came to. */
class GroupChart {
  readonly root: HTMLElement;
  readonly #data: ReportData;
  readonly #chart: Chart;
  #attempts: readonly ReportAttempt[] = [];

  constructor(data: ReportData, maker: ChartMaker) {
    this.#data = data;
    const { root, select } = selection(
      'Group',
      data.groups.map(({ name }) => [name, name]),
      (name) => {
        this.#choose(name);
      },
    );
    this.#chart = maker.make({
      id: 'group',
      title: 'One group over time',
      about:
        'Each attempt at the time of its admission: the line is what it was expected to need, the dot the peak it came to; a ring where it did not come to its own end.',
      height: HEIGHT,
      data: [[], [], [], []],
      series: [
        {
          stroke: () => colourOf('--claims'),
          width: 1.5,
          points: { show: true, size: 4, fill: () => colourOf('--panel') },
        },
        {
          stroke: () => colourOf('--live'),
          paths: () => null,
          points: { show: true, size: 6, fill: () => colourOf('--live') },
        },
        {
          stroke: () => colourOf('--preempted'),
          paths: () => null,
          points: { show: true, size: 7, fill: () => colourOf('--panel') },
        },
      ],
      scaleY: { range: (_plot, _min, max) => [0, Math.max(max, 1) * 1.08] },
      axisY: bytesAxis(),
      readout: (ms) => this.#readout(ms),
      table: () => this.#table(),
      controls: data.groups.length > 1 ? [root] : [],
      legend: legendOf([
        { label: 'estimate', colour: '--claims', mark: 'line' },
        { label: 'peak', colour: '--live', mark: 'dot' },
        {
          label: 'reached when it was stopped, killed or failed',
          colour: '--preempted',
          mark: 'ring',
        },
      ]),
    });
    this.root = this.#chart.root;
    this.#choose(select.value);
  }

  #choose(group: string): void {
    const { attempts, tasks } = this.#data;
    this.#attempts = attempts.filter(({ task }) => tasks[task]?.group === group);
    this.#chart.plot.setData(
      [
        seconds(this.#attempts.map(({ admittedMs }) => admittedMs)),
        this.#attempts.map(({ estimateBytes }) => estimateBytes),
        this.#attempts.map(({ peakBytes, end }) => (end === 'succeeded' ? peakBytes : null)),
        this.#attempts.map(({ peakBytes, end }) => (end === 'succeeded' ? null : peakBytes)),
      ],
      false,
    );
    this.#chart.plot.setScale('y', { min: 0, max: this.#mostBytes() * 1.08 });
    const behind = this.root.querySelector('details');
    if (behind?.open === true) behind.lastElementChild?.replaceWith(this.#table());
  }

  #mostBytes(): number {
    return this.#attempts.reduce(
      (most, { estimateBytes, peakBytes = 0 }) => Math.max(most, estimateBytes, peakBytes),
      1,
    );
  }

  #readout(ms: number): string {
    const at = nearest(
      this.#attempts.map(({ admittedMs }) => admittedMs),
      ms,
    );
    const attempt = this.#attempts[at ?? -1];
    if (attempt === undefined) return 'no attempt of this group yet';
    const { task, number: attemptNumber, estimateBytes, peakBytes } = attempt;
    return `${this.#data.tasks[task]?.id ?? ''}, attempt ${attemptNumber}: estimate ${formatBytes(estimateBytes)}, peak ${peakBytes === undefined ? 'not known yet' : formatBytes(peakBytes)}`;
  }

  #table(): HTMLElement {
    const shown = this.#attempts.slice(0, TABLE_ROWS_MAX);
    return plainTable(
      shown.length < this.#attempts.length
        ? `The first ${shown.length} of ${this.#attempts.length} attempts of the group`
        : 'Attempts of the group',
      [
        { title: 'Task' },
        { title: 'Attempt', isNumber: true },
        { title: 'Admitted', isNumber: true },
        { title: 'Estimate', isNumber: true },
        { title: 'Peak', isNumber: true },
        { title: 'End' },
      ],
      shown.map((attempt) => [
        this.#data.tasks[attempt.task]?.id ?? '',
        String(attempt.number),
        formatDuration(attempt.admittedMs),
        formatBytes(attempt.estimateBytes),
        attempt.peakBytes === undefined ? '–' : formatBytes(attempt.peakBytes),
        lookOfAttempt(attempt).label,
      ]),
    );
  }
}
