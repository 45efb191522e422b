import uPlot from 'uplot';
import { formatDuration } from '../../../util/duration.js';
import type { ReportAttempt, ReportData } from '../report-data.js';
import { clipped, leftRoom, legendOf, type Chart, type ChartMaker } from './chart.js';
import { choice, el, plainTable } from './dom.js';
import { lanesOf } from './lanes.js';
import { lookOfAttempt, type Look } from './looks.js';
import { colourOf } from './theme.js';
import { AXIS_FONT, type TimeAxis } from './time-axis.js';

const ROW_PX = 18;
/** Rows that are seen at once; more are scrolled to. */
const ROWS_SEEN = 28;
const AXIS_PX = 42;
/** Up to so many tasks each has a row at first; more lie side by side. */
const ROW_EACH_MAX = 200;
/** Between a label and the plot, and the window's edge. */
const LABEL_GAP_PX = 16;
const TABLE_ROWS_MAX = 500;
/** Room that a sign takes in a bar. */
const SIGN_PX = 18;

const NEVER = { queuedMs: Infinity, admittedMs: Infinity };

type Rows = 'start' | 'jobfile' | 'lanes';

interface Row {
  readonly label: string;
  /** Indices of attempts. */
  readonly attempts: number[];
  /** A task that waits still, since then. */
  readonly waitsFromMs?: number;
}

/** The timeline of attempts. */
export class Timeline {
  readonly root: HTMLElement;
  readonly #data: ReportData;
  readonly #axis: TimeAxis;
  readonly #chart: Chart;
  readonly #scroller = el('div', { class: 'rows' });
  readonly #spacer = el('div', {});
  #mode: Rows;
  #shown: (task: number) => boolean = () => true;
  #rows: readonly Row[] = [];

  /** @param open - shows the story of a task, at one of its attempts. */
  constructor(
    data: ReportData,
    axis: TimeAxis,
    maker: ChartMaker,
    open: (attempt: ReportAttempt) => void,
  ) {
    this.#data = data;
    this.#axis = axis;
    this.#mode = data.tasks.length > ROW_EACH_MAX ? 'lanes' : 'start';
    const until = data.run.untilMs / 1000;
    this.#chart = maker.make({
      id: 'timeline',
      title: 'Attempts over time',
      about:
        'When tasks waited, ran and were stopped. Of an attempt that did not succeed, the sign at its end says why; click it for the story.',
      height: ROW_PX + AXIS_PX,
      data: [
        [0, until],
        [null, null],
      ],
      series: [{ paths: () => null, points: { show: false } }],
      scaleY: { auto: false, dir: -1, min: 0, max: 1 },
      axisY: {
        grid: { show: false },
        ticks: { show: false },
        splits: (_plot, _axis, min, max) => this.#splits(min, max),
        values: (plot, splits) => splits.map((split) => this.#label(plot, split)),
      },
      hooks: {
        drawAxes: [
          (plot) => {
            this.#draw(plot);
          },
        ],
      },
      readout: (ms, y) => this.#readout(ms, y),
      activate: (ms, y) => {
        const attempt = this.#attemptAt(ms, y);
        if (attempt !== undefined) open(attempt);
      },
      table: () => this.#table(),
      controls: [this.#control()],
      legend: legendOf(legendEntries(data)),
      frame: (plot) => {
        this.#scroller.append(this.#spacer);
        this.#spacer.append(plot);
        return this.#scroller;
      },
      hint: ' Up and down go to the next row, Enter tells the story. Zoomed in, only tasks that ran then have rows.',
      stepY: 1,
    });
    this.root = this.#chart.root;
    this.#scroller.addEventListener('scroll', () => {
      this.#place();
    });
    axis.onChange(() => {
      this.#arrange();
    });
    this.#arrange();
  }

  /** Shows only these tasks. */
  filter(shown: (task: number) => boolean): void {
    this.#shown = shown;
    this.#arrange();
  }

  #control(): HTMLElement {
    return choice<Rows>(
      'Rows',
      [
        ['start', 'by start'],
        ['jobfile', 'as in the jobfile'],
        ['lanes', 'side by side'],
      ],
      this.#mode,
      (mode) => {
        this.#mode = mode;
        this.#arrange();
      },
    );
  }

  #arrange(): void {
    this.#rows = this.#mode === 'lanes' ? this.#laneRows() : this.#taskRows();
    const seen = Math.min(Math.max(1, this.#rows.length), ROWS_SEEN);
    const height = seen * ROW_PX + AXIS_PX;
    this.#scroller.style.height = `${height}px`;
    this.#spacer.style.height = `${(this.#rows.length - seen) * ROW_PX + height}px`;
    this.#scroller.scrollTop = 0;
    const { plot } = this.#chart;
    plot.setSize({ width: plot.width, height });
    this.#place();
    plot.redraw(false);
  }

  #place(): void {
    const seen = Math.min(Math.max(1, this.#rows.length), ROWS_SEEN);
    const min = Math.round(this.#scroller.scrollTop / ROW_PX);
    this.#chart.plot.setScale('y', { min, max: min + seen });
  }

  #laneRows(): readonly Row[] {
    const { attempts, run } = this.#data;
    const shown = attempts.flatMap((attempt, index) =>
      this.#shown(attempt.task) ? [{ attempt, index }] : [],
    );
    const { lanes, count } = lanesOf(
      shown.map(({ attempt }) => ({
        fromMs: attempt.admittedMs,
        toMs: attempt.endedMs ?? run.untilMs,
      })),
    );
    const rows: Row[] = Array.from({ length: count }, (_, at) => ({
      label: String(at + 1),
      attempts: [],
    }));
    shown.forEach(({ index }, at) => rows[lanes[at] ?? 0]?.attempts.push(index));
    return rows;
  }

  #taskRows(): readonly Row[] {
    const { attempts, tasks } = this.#data;
    const own = new Map<number, number[]>();
    attempts.forEach(({ task }, index) => {
      const list = own.get(task);
      if (list === undefined) own.set(task, [index]);
      else list.push(index);
    });
    const rows = tasks.flatMap(({ id, state, readyMs }, task) => {
      const list = own.get(task) ?? [];
      if (!this.#shown(task) || !this.#isInSight(list)) return [];
      const last = attempts[list.at(-1) ?? -1];
      const sinceMs = last?.endedMs ?? readyMs;
      const waits = state === 'queued' && sinceMs !== undefined ? { waitsFromMs: sinceMs } : {};
      return [{ label: id, attempts: list, ...waits }];
    });
    if (this.#mode === 'jobfile') return rows;
    // Attempts are in the order of their admission; who never started comes last.
    const first = ({ attempts: list }: Row): number => list[0] ?? Infinity;
    return rows.sort((a, b) => (first(a) === first(b) ? 0 : first(a) - first(b)));
  }

  /** Of a part of the run only what ran then has a row: others would bury it. */
  #isInSight(own: readonly number[]): boolean {
    if (!this.#axis.isZoomed) return true;
    const { minS, maxS } = this.#axis.range;
    return own.some((index) => {
      const { admittedMs = 0, endedMs = Infinity } = this.#data.attempts[index] ?? {};
      return admittedMs <= maxS * 1000 && endedMs >= minS * 1000;
    });
  }

  #splits(min: number, max: number): number[] {
    const from = Math.max(0, Math.floor(min));
    const to = Math.min(this.#rows.length, Math.ceil(max));
    return Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at + 0.5);
  }

  #label(plot: uPlot, split: number): string {
    const label = this.#rows[Math.floor(split)]?.label ?? '';
    const { ctx } = plot;
    ctx.font = AXIS_FONT;
    const room = leftRoom(plot) - LABEL_GAP_PX;
    return shortened(label, (text) => ctx.measureText(text).width <= room);
  }

  #draw(plot: uPlot): void {
    clipped(plot, (context) => {
      const { min = 0, max = 0 } = plot.scales['y'] ?? {};
      const brush = new Brush(plot, context, this.#data.run.untilMs);
      for (const split of this.#splits(min, max)) {
        const row = Math.floor(split);
        const { attempts = [], waitsFromMs } = this.#rows[row] ?? {};
        if (row % 2 === 1) brush.stripe(row);
        if (waitsFromMs !== undefined) brush.wait(row, waitsFromMs, this.#data.run.untilMs);
        const own = attempts.flatMap((index) => this.#data.attempts[index] ?? []);
        if (this.#mode !== 'lanes')
          for (const { queuedMs, admittedMs } of own) brush.wait(row, queuedMs, admittedMs);
        // What did not simply succeed is drawn last: it must not be lost among thousands of neighbours.
        for (const attempt of own) if (attempt.end === 'succeeded') brush.attempt(row, attempt);
        for (const attempt of own) if (attempt.end !== 'succeeded') brush.attempt(row, attempt);
        for (const attempt of own) brush.sign(row, attempt, this.#mode !== 'lanes');
      }
    });
  }

  #attemptAt(ms: number, y: number): ReportAttempt | undefined {
    const { minS, maxS } = this.#axis.range;
    const slackMs = (maxS - minS) * 4;
    const { attempts = [] } = this.#rows[Math.floor(y)] ?? {};
    let near: { readonly attempt: ReportAttempt; readonly offMs: number } | undefined;
    for (const index of attempts) {
      const attempt = this.#data.attempts[index];
      if (attempt === undefined) continue;
      const toMs = attempt.endedMs ?? this.#data.run.untilMs;
      const offMs = Math.max(attempt.admittedMs - ms, ms - toMs, 0);
      if (offMs <= slackMs && offMs < (near?.offMs ?? Infinity)) near = { attempt, offMs };
    }
    return near?.attempt;
  }

  #readout(ms: number, y: number): string {
    const attempt = this.#attemptAt(ms, y);
    const at = `at ${formatDuration(ms)}`;
    if (attempt !== undefined) return `${at}: ${attemptText(this.#data, attempt)}`;
    const row = this.#rows[Math.floor(y)];
    if (row === undefined || this.#mode === 'lanes') return at;
    return `${at}: ${row.label} ${this.#waitsAt(row, ms) ? 'waits' : 'does not run'}`;
  }

  #waitsAt({ attempts, waitsFromMs = Infinity }: Row, ms: number): boolean {
    if (ms >= waitsFromMs) return true;
    return attempts.some((index) => {
      const { queuedMs, admittedMs } = this.#data.attempts[index] ?? NEVER;
      return ms >= queuedMs && ms < admittedMs;
    });
  }

  #table(): HTMLElement {
    const { attempts, tasks, run } = this.#data;
    const rows = attempts
      .slice(0, TABLE_ROWS_MAX)
      .map((attempt) => [
        tasks[attempt.task]?.id ?? '',
        String(attempt.number),
        formatDuration(attempt.queuedMs),
        formatDuration(attempt.admittedMs),
        attempt.stoppingMs === undefined ? '' : formatDuration(attempt.stoppingMs),
        attempt.endedMs === undefined ? '' : formatDuration(attempt.endedMs),
        formatDuration((attempt.endedMs ?? run.untilMs) - attempt.admittedMs),
        attempt.words ?? lookOfAttempt(attempt).label,
      ]);
    const left = attempts.length - rows.length;
    return plainTable(
      left > 0 ? `The first ${rows.length} of ${attempts.length} attempts` : 'All attempts',
      [
        { title: 'Task' },
        { title: 'Attempt', isNumber: true },
        { title: 'Waited from', isNumber: true },
        { title: 'Admitted', isNumber: true },
        { title: 'Stopped', isNumber: true },
        { title: 'Over', isNumber: true },
        { title: 'Time', isNumber: true },
        { title: 'End' },
      ],
      rows,
    );
  }
}

/** An attempt in a line: `align.c, attempt 1, 0.0s to 3.2s: preempted at a peak of 340M`. */
export function attemptText({ tasks }: ReportData, attempt: ReportAttempt): string {
  const { task, number, admittedMs, endedMs, words } = attempt;
  const span = `${formatDuration(admittedMs)} to ${endedMs === undefined ? 'now' : formatDuration(endedMs)}`;
  return `${tasks[task]?.id ?? ''}, attempt ${number}, ${span}: ${words ?? lookOfAttempt(attempt).label}`;
}

/** As much of a text as fits; what is left out is left out in the middle, as names differ at both ends. */
function shortened(text: string, fits: (text: string) => boolean): string {
  if (fits(text)) return text;
  for (let kept = Math.min(text.length, 64); kept > 2; kept -= 1) {
    const head = Math.ceil(kept / 2);
    const short = `${text.slice(0, head)}…${text.slice(text.length - (kept - head))}`;
    if (fits(short)) return short;
  }
  return '…';
}

function legendEntries({ attempts, tasks }: ReportData): Parameters<typeof legendOf>[0] {
  const looks = new Map<string, Look>();
  for (const attempt of attempts) {
    const look = lookOfAttempt(attempt);
    looks.set(look.label, look);
  }
  const isStopped = attempts.some(({ stoppingMs }) => stoppingMs !== undefined);
  return [
    ...(tasks.some(({ waitedMs }) => waitedMs > 0)
      ? [{ label: 'waiting', colour: '--wait', mark: 'thin' as const }]
      : []),
    ...[...looks.values()].map(({ label, colour, sign }) => ({
      label,
      colour,
      sign,
      mark: 'area' as const,
    })),
    ...(attempts.some(({ frozen }) => frozen !== undefined)
      ? [{ label: 'frozen, within its bar', colour: '--wait', mark: 'area' as const }]
      : []),
    ...(isStopped ? [{ label: 'being stopped', colour: '--stopping', mark: 'area' as const }] : []),
  ];
}

/** Draws rows in the pixels of the canvas. */
class Brush {
  readonly #plot: uPlot;
  readonly #context: CanvasRenderingContext2D;
  readonly #untilMs: number;
  readonly #colours = new Map<string, string>();

  constructor(plot: uPlot, context: CanvasRenderingContext2D, untilMs: number) {
    this.#plot = plot;
    this.#context = context;
    this.#untilMs = untilMs;
    context.font = `bold ${12 * uPlot.pxRatio}px system-ui, sans-serif`;
    context.textBaseline = 'middle';
  }

  stripe(row: number): void {
    const { left, width } = this.#plot.bbox;
    this.#context.fillStyle = this.#colour('--stripe');
    this.#context.fillRect(left, this.#y(row), width, this.#y(row + 1) - this.#y(row));
  }

  wait(row: number, fromMs: number, toMs: number): void {
    if (toMs <= fromMs) return;
    this.#bar(row, fromMs, toMs, 0.44, '--wait');
  }

  attempt(row: number, attempt: ReportAttempt): void {
    const { admittedMs, launchedMs, stoppingMs, endedMs = this.#untilMs } = attempt;
    const look = lookOfAttempt(attempt);
    const runsFromMs = launchedMs ?? endedMs;
    this.#bar(row, admittedMs, runsFromMs, 0.3, '--wait');
    this.#bar(row, runsFromMs, endedMs, look.sign === '' ? 0.16 : 0.04, look.colour, true);
    for (const { fromMs, toMs = endedMs } of attempt.frozen ?? [])
      this.#bar(row, fromMs, toMs, 0.3, '--wait');
    if (stoppingMs !== undefined && stoppingMs < endedMs)
      this.#bar(row, Math.max(stoppingMs, runsFromMs), endedMs, 0.3, '--stopping');
  }

  /** Says how an attempt ended: in the end of its bar where there is room, else behind it where that is free. */
  sign(row: number, attempt: ReportAttempt, isFreeBehind: boolean): void {
    const { admittedMs, endedMs } = attempt;
    const { sign } = lookOfAttempt(attempt);
    if (sign === '' || endedMs === undefined) return;
    const isWithin = this.#x(endedMs) - this.#x(admittedMs) > SIGN_PX * uPlot.pxRatio;
    if (!isWithin && !isFreeBehind) return;
    this.#context.fillStyle = this.#colour(isWithin ? '--on-bar' : '--ink');
    this.#context.textAlign = isWithin ? 'right' : 'left';
    this.#context.fillText(
      sign,
      this.#x(endedMs) + (isWithin ? -3 : 3) * uPlot.pxRatio,
      (this.#y(row) + this.#y(row + 1)) / 2 + uPlot.pxRatio,
    );
  }

  /** @param inset - free share of the row above and below. */
  #bar(
    row: number,
    fromMs: number,
    toMs: number,
    inset: number,
    colour: string,
    isSeen = false,
  ): void {
    const left = this.#x(fromMs);
    const width = this.#x(toMs) - left;
    if (width <= 0 && !isSeen) return;
    const top = this.#y(row + inset);
    this.#context.fillStyle = this.#colour(colour);
    const gap = width > 3 * uPlot.pxRatio ? uPlot.pxRatio / 2 : 0;
    this.#context.fillRect(
      left,
      top,
      Math.max(width - gap, 2 * uPlot.pxRatio),
      this.#y(row + 1 - inset) - top,
    );
  }

  #x(ms: number): number {
    return this.#plot.valToPos(ms / 1000, 'x', true);
  }

  #y(row: number): number {
    return this.#plot.valToPos(row, 'y', true);
  }

  #colour(name: string): string {
    let colour = this.#colours.get(name);
    if (colour === undefined) {
      colour = colourOf(name);
      this.#colours.set(name, colour);
    }
    return colour;
  }
}
