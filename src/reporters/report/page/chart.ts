import uPlot from 'uplot';
import { button, el, tableBehind } from './dom.js';
import type { Theme } from './theme.js';
import { axisLooks, timeAxisBelow, type TimeAxis } from './time-axis.js';

/** Room for what stands left of a chart, so that all charts begin at the same place; less where there is little. */
const LEFT_WIDE = 168;
const LEFT_NARROW = 72;
const NARROW = 640;
/** Free room above the plot. */
const PADDING_PX = 10;

const HINT =
  'Drag to zoom, double-click to see everything. Keyboard: left and right move the line, plus and minus zoom, 0 shows everything.';

/** What is read while nothing is pointed at. */
const IDLE = 'Point at the chart to read it.';

/** What a chart over the time of a run is made of. */
export interface ChartSpec {
  readonly id: string;
  readonly title: string;
  /** What is to be seen, in a sentence or two. */
  readonly about: string;
  readonly height: number;
  /** Times in seconds, then a list for each series. */
  readonly data: uPlot.AlignedData;
  readonly series: readonly uPlot.Series[];
  readonly scaleY: uPlot.Scale;
  readonly axisY: uPlot.Axis;
  readonly hooks?: uPlot.Hooks.Arrays;
  /** What there is at a point: a line of text below the chart. `atY` is a value of the vertical scale. */
  readonly readout: (atMs: number, atY: number) => string;
  readonly activate?: (atMs: number, atY: number) => void;
  readonly table: () => HTMLElement;
  readonly controls?: readonly HTMLElement[];
  readonly legend?: HTMLElement;
  /** What holds the plot; default: nothing but itself. */
  readonly frame?: (plot: HTMLElement) => HTMLElement;
  readonly hint?: string;
  /** Rows to go up and down by with the keyboard, in values of the vertical scale. */
  readonly stepY?: number;
}

/** A chart on the page. */
export interface Chart {
  readonly root: HTMLElement;
  readonly plot: uPlot;
}

/** Makes charts that share the time axis, the look, and how they are used by mouse and keyboard. */
export class ChartMaker {
  readonly #axis: TimeAxis;
  readonly #theme: Theme;

  constructor(axis: TimeAxis, theme: Theme) {
    this.#axis = axis;
    this.#theme = theme;
  }

  /** A chart in a figure: title, what it shows, controls, plot, readout, legend and the table behind it. */
  make(spec: ChartSpec): Chart {
    const readout = el('p', { class: 'readout' }, IDLE);
    const holder = el('div', {
      class: 'plot',
      tabindex: '0',
      role: 'group',
      'aria-roledescription': 'chart',
      'aria-label': spec.title,
      'aria-describedby': `${spec.id}-about ${spec.id}-hint`,
    });
    const plot = this.#plot(spec, holder, readout);
    this.#listen(spec, holder, readout, plot);
    const reset = button('Show everything', () => {
      this.#axis.reset();
    });
    const showReset = (): void => {
      reset.hidden = !this.#axis.isZoomed;
    };
    this.#axis.onChange(showReset);
    showReset();
    const root = el(
      'section',
      { class: 'panel', id: spec.id, 'aria-labelledby': `${spec.id}-title` },
      el(
        'div',
        { class: 'heading' },
        el('h2', { id: `${spec.id}-title` }, spec.title),
        el('div', { class: 'controls' }, reset, ...(spec.controls ?? [])),
      ),
      el('p', { class: 'about', id: `${spec.id}-about` }, spec.about),
      spec.frame?.(holder) ?? holder,
      readout,
      spec.legend,
      el('p', { class: 'hint', id: `${spec.id}-hint` }, `${HINT}${spec.hint ?? ''}`),
      tableBehind(spec.table),
    );
    return { root, plot };
  }

  #plot(spec: ChartSpec, holder: HTMLElement, readout: HTMLElement): uPlot {
    const axis = this.#axis;
    const { minS, maxS } = axis.range;
    const { hooks = {} } = spec;
    const plot = new uPlot(
      {
        width: 600,
        height: spec.height,
        legend: { show: false },
        padding: [PADDING_PX, rightRoom, 0, 0],
        scales: { x: { time: false, auto: false, min: minS, max: maxS }, y: spec.scaleY },
        series: [{}, ...spec.series],
        axes: [timeAxisBelow(), { ...axisLooks(), size: leftRoom, scale: 'y', ...spec.axisY }],
        cursor: {
          y: false,
          points: { show: false },
          drag: { x: true, y: false },
          sync: { key: 'run' },
          bind: {
            dblclick: () => () => {
              axis.reset();
              return null;
            },
          },
        },
        hooks: {
          ...hooks,
          setScale: [
            ({ scales }, key) => {
              const { min, max } = scales['x'] ?? {};
              if (key === 'x' && typeof min === 'number' && typeof max === 'number')
                axis.show(min, max);
            },
          ],
          setCursor: [
            (self) => {
              const at = pointOf(self);
              readout.textContent = at === undefined ? IDLE : spec.readout(at.ms, at.y);
            },
          ],
        },
      },
      spec.data,
      holder,
    );
    axis.join(plot);
    this.#theme.onChange(() => {
      plot.redraw(false);
    });
    new ResizeObserver(() => {
      if (holder.clientWidth > 0) plot.setSize({ width: holder.clientWidth, height: plot.height });
    }).observe(holder);
    return plot;
  }

  #listen(spec: ChartSpec, holder: HTMLElement, readout: HTMLElement, plot: uPlot): void {
    const { activate } = spec;
    if (activate !== undefined) {
      plot.over.addEventListener('click', () => {
        const at = pointOf(plot);
        if (at !== undefined) activate(at.ms, at.y);
      });
    }
    holder.addEventListener('focus', () => {
      readout.setAttribute('aria-live', 'polite');
    });
    holder.addEventListener('blur', () => {
      readout.removeAttribute('aria-live');
    });
    holder.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (this.#key(event, spec, plot)) event.preventDefault();
    });
  }

  #key({ key, shiftKey }: KeyboardEvent, spec: ChartSpec, plot: uPlot): boolean {
    const at = pointOf(plot);
    const step = plot.over.clientWidth / (shiftKey ? 10 : 100);
    const aboutS = at === undefined ? middle(this.#axis) : at.ms / 1000;
    switch (key) {
      case 'ArrowLeft':
        moveCursor(plot, -step, 0);
        return true;
      case 'ArrowRight':
        moveCursor(plot, step, 0);
        return true;
      case 'ArrowUp':
      case 'ArrowDown':
        if (spec.stepY === undefined) return false;
        moveCursor(plot, 0, key === 'ArrowUp' ? -spec.stepY : spec.stepY);
        return true;
      case '+':
      case '=':
        this.#axis.zoom(0.5, aboutS);
        return true;
      case '-':
        this.#axis.zoom(2, aboutS);
        return true;
      case '0':
        this.#axis.reset();
        return true;
      case 'Enter':
        if (at === undefined || spec.activate === undefined) return false;
        spec.activate(at.ms, at.y);
        return true;
      default:
        return false;
    }
  }
}

/** Room right of the plot, the same for all charts: where there is enough of it, lines are named there. */
export function rightRoom({ width }: uPlot): number {
  return width < NARROW ? 14 : 56;
}

/** Room for labels left of the plot, pixels of the page. */
export function leftRoom({ width }: uPlot): number {
  return width < NARROW ? LEFT_NARROW : LEFT_WIDE;
}

function middle({ range }: TimeAxis): number {
  return (range.minS + range.maxS) / 2;
}

/** Where the cursor is; undefined while it is nowhere. */
function pointOf(plot: uPlot): { readonly ms: number; readonly y: number } | undefined {
  const { left = -1, top = -1 } = plot.cursor;
  if (left < 0) return undefined;
  return { ms: plot.posToVal(left, 'x') * 1000, y: plot.posToVal(Math.max(0, top), 'y') };
}

/** @param byRows - how many values of the vertical scale to go down. */
function moveCursor(plot: uPlot, byPixels: number, byRows: number): void {
  const { left = -1, top = -1 } = plot.cursor;
  const { clientWidth, clientHeight } = plot.over;
  const { min = 0, max = 1 } = plot.scales['y'] ?? {};
  const rowPixels = clientHeight / Math.max(1e-9, max - min);
  const from = left < 0 ? { left: clientWidth / 2, top: rowPixels / 2 } : { left, top };
  plot.setCursor({
    left: within(from.left + byPixels, clientWidth),
    top: within(from.top + byRows * rowPixels, clientHeight),
  });
}

function within(value: number, max: number): number {
  return Math.min(Math.max(0, value), max - 1);
}

/** Draws within the plot's own area, in its pixels. */
export function clipped(plot: uPlot, draw: (context: CanvasRenderingContext2D) => void): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx);
  ctx.restore();
}

/** One entry of a legend. */
export interface LegendEntry {
  readonly label: string;
  /** A colour of the style sheet. */
  readonly colour: string;
  readonly mark: 'area' | 'line' | 'dashed' | 'dotted' | 'thin' | 'dot' | 'ring';
  readonly sign?: string;
}

/** What the colours and lines of a chart mean. */
export function legendOf(entries: readonly LegendEntry[]): HTMLElement {
  return el(
    'ul',
    { class: 'legend' },
    ...entries.map(({ label, colour, mark, sign = '' }) => {
      const swatch = el('span', { class: `swatch ${mark}`, 'aria-hidden': 'true' });
      swatch.style.setProperty('--swatch', `var(${colour})`);
      return el('li', {}, swatch, sign === '' ? label : `${sign} ${label}`);
    }),
  );
}
