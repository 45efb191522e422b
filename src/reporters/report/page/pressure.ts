import { formatDuration } from '../../../util/duration.js';
import type { ReportData } from '../report-data.js';
import { legendOf, type ChartMaker } from './chart.js';
import { el, plainTable } from './dom.js';
import { nearest, seconds, thinned } from './scales.js';
import { colourOf } from './theme.js';

const HEIGHT = 190;

/** The chart of pressure, or why there is none. */
export function pressureChart(data: ReportData, maker: ChartMaker): HTMLElement {
  const { use, run } = data;
  if (use.somePct.every((pct) => pct === null)) return withoutPressure();
  const line = (colour: string, dash?: number[]) => ({
    stroke: () => colourOf(colour),
    width: dash === undefined ? 1.5 : 1.25,
    points: { show: false },
    ...(dash === undefined ? { fill: () => `${colourOf(colour)}33` } : { dash }),
  });
  const level = (pct: number): number[] => use.tMs.map(() => pct);
  return maker.make({
    id: 'pressure',
    title: 'Pressure',
    about:
      'The share of time in which some task, or all of them, stalled on memory (PSI), and from where memsched acts on it.',
    height: HEIGHT,
    data: [
      seconds(use.tMs),
      [...use.somePct],
      [...use.fullPct],
      level(run.pressure.somePct),
      level(run.pressure.fullPct),
    ],
    series: [line('--some'), line('--full'), line('--hold', [2, 3]), line('--preempt', [8, 3])],
    scaleY: { range: (_plot, _min, max) => [0, Math.min(100, Math.max(max, 5) * 1.1)] },
    axisY: { values: (_plot, splits) => splits.map((pct) => `${pct}%`), space: 30 },
    readout: (ms) => {
      const at = nearest(use.tMs, ms);
      if (at === undefined) return 'no sample of pressure yet';
      return `at ${formatDuration(use.tMs[at] ?? 0)}: some ${percent(use.somePct[at])}, full ${percent(use.fullPct[at])}`;
    },
    table: () =>
      plainTable(
        'Pressure over time',
        [
          { title: 'Time', isNumber: true },
          { title: 'Some', isNumber: true },
          { title: 'Full', isNumber: true },
        ],
        thinned(use.tMs.length, (a, b) => (use.somePct[a] ?? 0) > (use.somePct[b] ?? 0)).map(
          (at) => [
            formatDuration(use.tMs[at] ?? 0),
            percent(use.somePct[at]),
            percent(use.fullPct[at]),
          ],
        ),
      ),
    legend: legendOf([
      { label: 'some', colour: '--some', mark: 'area' },
      { label: 'full', colour: '--full', mark: 'area' },
      { label: `hold from ${run.pressure.somePct}% some`, colour: '--hold', mark: 'dotted' },
      { label: `preempt from ${run.pressure.fullPct}% full`, colour: '--preempt', mark: 'dashed' },
    ]),
  }).root;
}

function withoutPressure(): HTMLElement {
  return el(
    'section',
    { class: 'panel', id: 'pressure', 'aria-labelledby': 'pressure-title' },
    el('h2', { id: 'pressure-title' }, 'Pressure'),
    el(
      'p',
      { class: 'about' },
      'The kernel told nothing of pressure (PSI) during this run: memsched went by use alone.',
    ),
  );
}

function percent(pct: number | null | undefined): string {
  return pct === null || pct === undefined ? '–' : `${pct.toFixed(1)}%`;
}
