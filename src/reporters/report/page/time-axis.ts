import type uPlot from 'uplot';
import { formatDuration } from '../../../util/duration.js';
import { colourOf } from './theme.js';

/** Steps of a time axis that people count in, seconds. */
const TIME_STEPS = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
  10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
];
/** The shortest stretch to zoom into, seconds. */
const ZOOM_MIN_S = 0.05;
/** Height of the axis below a chart. */
const X_AXIS_PX = 32;
/** In pixels of the page, as all of an axis. */
export const AXIS_FONT = '12px system-ui, sans-serif';

/** The stretch of time that all charts show: who zooms one zooms all. Seconds since the run started. */
export class TimeAxis {
  readonly #fullS: number;
  readonly #plots = new Set<uPlot>();
  readonly #listeners: (() => void)[] = [];
  #minS = 0;
  #maxS: number;

  /** @param untilMs - how far the run goes. */
  constructor(untilMs: number) {
    this.#fullS = Math.max(untilMs / 1000, ZOOM_MIN_S);
    this.#maxS = this.#fullS;
  }

  /** What is shown now. */
  get range(): { readonly minS: number; readonly maxS: number } {
    return { minS: this.#minS, maxS: this.#maxS };
  }

  /** Whether less than everything is shown. */
  get isZoomed(): boolean {
    return this.#minS > 0 || this.#maxS < this.#fullS;
  }

  /** A chart that shows this stretch from now on. */
  join(plot: uPlot): void {
    this.#plots.add(plot);
  }

  /** A chart that is no more. */
  leave(plot: uPlot): void {
    this.#plots.delete(plot);
  }

  /** Calls back when another stretch is shown. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Shows a stretch, as far as there is one. */
  show(minS: number, maxS: number): void {
    const from = Math.min(Math.max(0, minS), this.#fullS - ZOOM_MIN_S);
    const to = Math.max(Math.min(this.#fullS, maxS), from + ZOOM_MIN_S);
    if (from === this.#minS && to === this.#maxS) return;
    this.#minS = Math.max(0, from);
    this.#maxS = to;
    for (const plot of this.#plots) plot.setScale('x', { min: this.#minS, max: this.#maxS });
    for (const listener of this.#listeners) listener();
  }

  /** Zooms by a factor about a point in time. */
  zoom(factor: number, aboutS: number): void {
    const { minS, maxS } = this.range;
    this.show(aboutS - (aboutS - minS) * factor, aboutS + (maxS - aboutS) * factor);
  }

  /** Shows everything. */
  reset(): void {
    this.show(0, this.#fullS);
  }
}

/** The axis below a chart. */
export function timeAxisBelow(): uPlot.Axis {
  return {
    ...axisLooks(),
    scale: 'x',
    size: X_AXIS_PX,
    incrs: TIME_STEPS,
    space: 70,
    values: (_plot, splits) => splits.map((seconds) => timeLabel(seconds, splits)),
  };
}

/** Colours and font that both axes of a chart share; asked for anew whenever it is drawn. */
export function axisLooks(): uPlot.Axis {
  return {
    stroke: () => colourOf('--muted'),
    font: AXIS_FONT,
    grid: { stroke: () => colourOf('--grid'), width: 1 },
    ticks: { stroke: () => colourOf('--grid'), width: 1 },
  };
}

function timeLabel(seconds: number, splits: readonly number[]): string {
  const step = (splits[1] ?? 0) - (splits[0] ?? 0);
  if (step > 0 && step < 0.1) return `${seconds.toFixed(2)}s`;
  if (seconds < 10) return `${Number(seconds.toFixed(1))}s`;
  return formatDuration(seconds * 1000)
    .replace(/m00s$/, 'm')
    .replace(/h00m$/, 'h');
}
