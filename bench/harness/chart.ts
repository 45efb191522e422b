/** One bar of a chart. */
export interface Bar {
  readonly label: string;
  /** Median, and how far the samples reach. */
  readonly value: number;
  readonly min: number;
  readonly max: number;
  /** `ours` stands out; `unsafe`: memory ran out, so it is drawn hollow. */
  readonly kind: 'ours' | 'peer' | 'unsafe';
  /** What else is to be known, after the value. */
  readonly remark?: string;
}

/** Bars that are compared with each other. */
export interface BarGroup {
  readonly title: string;
  readonly bars: readonly Bar[];
}

/** A chart of horizontal bars. */
export interface Chart {
  readonly title: string;
  /** For those who do not see it. */
  readonly description: string;
  /** What the line at 1 stands for. */
  readonly one: string;
  readonly groups: readonly BarGroup[];
}

const WIDTH = 820;
const LABEL_WIDTH = 230;
const REMARK_WIDTH = 190;
const PLOT_WIDTH = WIDTH - LABEL_WIDTH - REMARK_WIDTH;
const ROW = 22;
const BAR = 14;
const GROUP_HEAD = 34;
const TOP = 62;
const BOTTOM = 16;

/** Light, and dark where the reader prefers that; hollow as well as pale, so that colour alone says nothing. */
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 15px; font-weight: 600; }
  .group { font-weight: 600; }
  .small { fill: #59636e; }
  .ours { fill: #0969da; } .peer { fill: #8c959f; }
  .unsafe { fill: none; stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 4 2; }
  .spread { stroke: #1f2328; } .one { stroke: #59636e; stroke-dasharray: 2 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; } .small { fill: #9198a1; }
    .ours { fill: #4493f8; } .peer { fill: #656c76; }
    .unsafe { stroke: #f85149; } .spread { stroke: #f0f6fc; } .one { stroke: #9198a1; }
  }`;

/** The chart as an SVG document: the same figures give the same text. */
export function chartSvg({ title, description, one, groups }: Chart): string {
  const largest = Math.max(1, ...groups.flatMap(({ bars }) => bars.map(({ max }) => max)));
  const x = (value: number): number => LABEL_WIDTH + (PLOT_WIDTH * value) / largest;
  const parts: string[] = [];
  let y = TOP;
  for (const { title: name, bars } of groups) {
    parts.push(textAt(0, y + 20, name, 'group'));
    y += GROUP_HEAD;
    for (const bar of bars) {
      parts.push(barAt(bar, y, x));
      y += ROW;
    }
  }
  const height = y + BOTTOM;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="description">${escaped(description)}</desc>`,
    `<style>${STYLE}\n</style>`,
    textAt(0, 18, title, 'title'),
    textAt(x(1), 44, `1 = ${one}`, 'small', 'middle'),
    `<line class="one" x1="${fixed(x(1))}" x2="${fixed(x(1))}" y1="50" y2="${height - BOTTOM}"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function barAt(bar: Bar, y: number, x: (value: number) => number): string {
  const { label, value, min, max, kind, remark } = bar;
  const middle = y + ROW / 2;
  const spread =
    max > min
      ? `<line class="spread" x1="${fixed(x(min))}" x2="${fixed(x(max))}" y1="${middle}" y2="${middle}"/>`
      : '';
  const after = remark === undefined ? '' : ` · ${remark}`;
  return [
    textAt(LABEL_WIDTH - 8, middle + 4, label, kind === 'ours' ? 'group' : '', 'end'),
    `<rect class="${kind}" x="${LABEL_WIDTH}" y="${fixed(middle - BAR / 2)}" width="${fixed(x(value) - LABEL_WIDTH)}" height="${BAR}" rx="2"/>`,
    spread,
    textAt(x(max) + 6, middle + 4, `${value.toFixed(2)}×${after}`, 'small'),
  ]
    .filter(Boolean)
    .join('');
}

function textAt(
  x: number,
  y: number,
  text: string,
  style: string,
  anchor: 'start' | 'middle' | 'end' = 'start',
): string {
  const place = anchor === 'start' ? '' : ` text-anchor="${anchor}"`;
  const name = style === '' ? '' : ` class="${style}"`;
  return `<text${name} x="${fixed(x)}" y="${fixed(y)}"${place}>${escaped(text)}</text>`;
}

function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
