import type uPlot from 'uplot';
import { formatBytes } from '../../../util/bytes.js';
import { formatDuration } from '../../../util/duration.js';
import type { ReportData } from '../report-data.js';
import {
  clipped,
  legendOf,
  rightRoom,
  type Chart,
  type ChartMaker,
  type LegendEntry,
} from './chart.js';
import { choice, el, plainTable } from './dom.js';
import { colourOfJob } from './looks.js';
import { bytesAxis, nearest, seconds, thinned } from './scales.js';
import { REST, stackOf, type Band } from './stack.js';
import { colourOf } from './theme.js';

const HEIGHT = 320;
const LEVEL_STRIP_PX = 5;
/** What the name of a line takes. */
const NAME_PX = 50;
/** Up to so many tasks each is a band of its own at first. */
const BAND_EACH_MAX = 60;
/** Largest users that the readout names. */
const USERS_NAMED = 3;

type By = 'job' | 'task';

/** Memory of all tasks, stacked, against the lines. */
export class MemoryChart {
  readonly root: HTMLElement;
  readonly #data: ReportData;
  readonly #jobs: readonly string[];
  readonly #chart: Chart;
  readonly #legend = el('div', {});
  #by: By;
  #bands: readonly Band[] = [];

  constructor(data: ReportData, maker: ChartMaker) {
    this.#data = data;
    this.#jobs = jobsByUse(data);
    this.#by = data.tasks.length > BAND_EACH_MAX ? 'job' : 'task';
    const { use } = data;
    this.#chart = maker.make({
      id: 'memory',
      title: 'Memory of all tasks',
      about: `What tasks used together, and who of them how much, against the thresholds and the budget. ${stepWords(use.stepMs)}The strip on top shows the level.`,
      height: HEIGHT,
      data: [
        seconds(use.tMs),
        [...use.usedBytes],
        [...use.claimedBytes],
        [...use.holdBytes],
        [...use.preemptBytes],
        [...use.criticalBytes],
        [...use.budgetBytes],
      ],
      series: [
        line('--ink', 1.5),
        line('--claims', 1.25, [5, 4]),
        line('--hold', 1.25, [2, 3]),
        line('--preempt', 1.25, [8, 3]),
        line('--critical', 1.25, [8, 3, 2, 3]),
        line('--budget', 2),
      ],
      scaleY: { range: (_plot, _min, max) => [0, Math.max(max, 1) * 1.06] },
      axisY: bytesAxis(),
      hooks: {
        drawAxes: [
          (plot) => {
            this.#draw(plot);
          },
        ],
        draw: [
          (plot) => {
            this.#nameLines(plot);
          },
        ],
      },
      readout: (ms) => this.#readout(ms),
      table: () => this.#table(),
      controls: [this.#control()],
      legend: this.#legend,
    });
    this.root = this.#chart.root;
    this.#stack();
  }

  #control(): HTMLElement {
    return choice<By>(
      'Stacked by',
      [
        ['task', 'task'],
        ['job', 'job'],
      ],
      this.#by,
      (by) => {
        this.#by = by;
        this.#stack();
        this.#chart.plot.redraw(false);
      },
    );
  }

  #stack(): void {
    this.#bands = stackOf(this.#data.stack, this.#data.attempts, (attempt) =>
      this.#by === 'task' ? attempt : this.#jobOf(attempt),
    );
    const isByName = this.#by === 'job' || this.#jobs.length > 1;
    const jobs = isByName ? jobEntries(this.#jobs) : [];
    this.#legend.replaceChildren(legendOf([...jobs, ...LINE_ENTRIES]));
  }

  #jobOf(attempt: number): number {
    const { attempts, tasks } = this.#data;
    const task = tasks[attempts[attempt]?.task ?? -1];
    return Math.max(0, this.#jobs.indexOf(task?.job ?? ''));
  }

  #colourOfBand(key: number): string {
    if (key === REST) return colourOf('--quiet');
    if (this.#by === 'job') return colourOf(colourOfJob(key));
    return colourOf(this.#jobs.length > 1 ? colourOfJob(this.#jobOf(key)) : colourOfJob(key % 8));
  }

  #draw(plot: uPlot): void {
    const x = (ms: number): number => plot.valToPos(ms / 1000, 'x', true);
    const y = (bytes: number): number => plot.valToPos(bytes, 'y', true);
    clipped(plot, (context) => {
      context.lineWidth = 1;
      context.strokeStyle = colourOf('--panel');
      for (const { key, tMs, low, high } of this.#bands) {
        context.beginPath();
        tMs.forEach((ms, at) => {
          context.lineTo(x(ms), y(high[at] ?? 0));
        });
        for (let at = tMs.length - 1; at >= 0; at -= 1)
          context.lineTo(x(tMs[at] ?? 0), y(low[at] ?? 0));
        context.closePath();
        context.fillStyle = this.#colourOfBand(key);
        context.fill();
        context.stroke();
      }
      this.#drawLevels(plot, context, x);
    });
  }

  #drawLevels(plot: uPlot, context: CanvasRenderingContext2D, x: (ms: number) => number): void {
    const { use, run } = this.#data;
    const height = LEVEL_STRIP_PX * (plot.bbox.width / Math.max(1, plot.over.clientWidth));
    use.level.forEach((level, at) => {
      if (level === 'open') return;
      const from = x(use.tMs[at] ?? 0);
      const to = x(use.tMs[at + 1] ?? run.untilMs);
      context.fillStyle = colourOf(`--${level}`);
      context.fillRect(from, plot.bbox.top, Math.max(1, to - from), height);
    });
  }

  /** At their right ends, from the top, as far as the names do not touch. */
  #nameLines(plot: uPlot): void {
    if (rightRoom(plot) < NAME_PX) return;
    const { use } = this.#data;
    const at = nearest(use.tMs, (plot.scales['x']?.max ?? 0) * 1000) ?? 0;
    const { ctx, bbox } = plot;
    const scale = bbox.width / Math.max(1, plot.over.clientWidth);
    ctx.save();
    ctx.font = `${11 * scale}px system-ui, sans-serif`;
    ctx.textAlign = 'left';
    ctx.textBaseline = 'middle';
    let above = -Infinity;
    for (const [name, bytes] of [
      ['budget', use.budgetBytes],
      ['critical', use.criticalBytes],
      ['preempt', use.preemptBytes],
      ['hold', use.holdBytes],
    ] as const) {
      const y = plot.valToPos(bytes[at] ?? 0, 'y', true);
      if (y - above < 10 * scale) continue;
      ctx.fillStyle = colourOf(`--${name}`);
      ctx.fillText(name, bbox.left + bbox.width + 5 * scale, y);
      above = y;
    }
    ctx.restore();
  }

  #readout(ms: number): string {
    const { use } = this.#data;
    const at = nearest(use.tMs, ms);
    if (at === undefined) return 'no sample of memory yet';
    const names = this.#largestUsers(ms);
    return (
      `at ${formatDuration(use.tMs[at] ?? 0)}, level ${use.level[at] ?? ''}: ` +
      `used ${formatBytes(use.usedBytes[at] ?? 0)}, claims ${formatBytes(use.claimedBytes[at] ?? 0)}, ` +
      `budget ${formatBytes(use.budgetBytes[at] ?? 0)}${names === '' ? '' : ` · ${names}`}`
    );
  }

  #largestUsers(ms: number): string {
    const { stack, attempts, tasks } = this.#data;
    const users = stack.users[nearest(stack.tMs, ms) ?? -1] ?? [];
    const pairs: (readonly [string, number])[] = [];
    for (let at = 0; at + 1 < users.length; at += 2) {
      const task = tasks[attempts[users[at] ?? -1]?.task ?? -1];
      pairs.push([task?.id ?? '', users[at + 1] ?? 0]);
    }
    return pairs
      .sort(([, a], [, b]) => b - a)
      .slice(0, USERS_NAMED)
      .map(([id, bytes]) => `${id} ${formatBytes(bytes)}`)
      .join(', ');
  }

  #table(): HTMLElement {
    const { use } = this.#data;
    const bytes = (list: readonly number[], at: number): string => formatBytes(list[at] ?? 0);
    return plainTable(
      'Memory of all tasks over time',
      [
        { title: 'Time', isNumber: true },
        { title: 'Level' },
        { title: 'Used', isNumber: true },
        { title: 'Claims', isNumber: true },
        { title: 'Hold', isNumber: true },
        { title: 'Preempt', isNumber: true },
        { title: 'Critical', isNumber: true },
        { title: 'Budget', isNumber: true },
        { title: 'Largest users' },
      ],
      thinned(use.tMs.length, (a, b) => (use.usedBytes[a] ?? 0) > (use.usedBytes[b] ?? 0)).map(
        (at) => [
          formatDuration(use.tMs[at] ?? 0),
          use.level[at] ?? '',
          bytes(use.usedBytes, at),
          bytes(use.claimedBytes, at),
          bytes(use.holdBytes, at),
          bytes(use.preemptBytes, at),
          bytes(use.criticalBytes, at),
          bytes(use.budgetBytes, at),
          this.#largestUsers(use.tMs[at] ?? 0),
        ],
      ),
    );
  }
}

const LINE_ENTRIES: readonly LegendEntry[] = [
  { label: 'used', colour: '--ink', mark: 'line' },
  { label: 'claims', colour: '--claims', mark: 'dashed' },
  { label: 'hold', colour: '--hold', mark: 'dotted' },
  { label: 'preempt', colour: '--preempt', mark: 'dashed' },
  { label: 'critical', colour: '--critical', mark: 'dashed' },
  { label: 'budget', colour: '--budget', mark: 'line' },
];

function jobEntries(jobs: readonly string[]): readonly LegendEntry[] {
  const own = jobs.slice(0, 8).map((label, place) => ({
    label,
    colour: colourOfJob(place),
    mark: 'area' as const,
  }));
  const others = jobs.length - own.length;
  return others > 0
    ? [...own, { label: `${others} other jobs`, colour: '--quiet', mark: 'area' }]
    : own;
}

function line(colour: string, width: number, dash?: number[]): uPlot.Series {
  return {
    stroke: () => colourOf(colour),
    width,
    points: { show: false },
    ...(dash === undefined ? {} : { dash }),
  };
}

/** Said only where points were left out. */
function stepWords(stepMs: number): string {
  return stepMs < 1000
    ? ''
    : `Each point is the highest of ${formatDuration(stepMs).replace('.0', '')}. `;
}

/** Jobs by what they used altogether, the hungriest first: these have colours of their own. */
function jobsByUse({ tasks, attempts, stack }: ReportData): readonly string[] {
  const sums = new Map<string, number>(tasks.map(({ job }) => [job, 0]));
  for (const users of stack.users) {
    for (let at = 0; at + 1 < users.length; at += 2) {
      const job = tasks[attempts[users[at] ?? -1]?.task ?? -1]?.job;
      if (job !== undefined) sums.set(job, (sums.get(job) ?? 0) + (users[at + 1] ?? 0));
    }
  }
  return [...sums].sort(([, a], [, b]) => b - a).map(([job]) => job);
}
