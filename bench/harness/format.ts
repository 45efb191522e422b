import type { Series, Unit } from './result.js';
import { spreadOf } from './stats.js';

/** A value with as many digits as mean something, and its unit. */
export function valueText(value: number, unit: Unit): string {
  switch (unit) {
    case 's':
      return `${digits(value)} s`;
    case 'ms':
      return `${digits(value)} ms`;
    case 'bytes':
      return value < 2 ** 20 ? `${digits(value / 1024)} KiB` : `${digits(value / 2 ** 20)} MiB`;
    case 'share':
      return `${digits(100 * value)} %`;
    case 'count':
      return digits(value);
    case 'times':
      return `${value.toFixed(2)}×`;
    case 'per second':
      return `${digits(value)}/s`;
  }
}

/** The median, and how far the samples reach where they differ. */
export function seriesText({ samples, unit }: Series): string {
  const { median, min, max } = spreadOf(samples);
  const middle = valueText(median, unit);
  const [low, high] = [valueText(min, unit), valueText(max, unit)];
  return low === high ? middle : `${middle} (${bare(low)}–${bare(high)})`;
}

/** Three digits that count, and never a fraction of what is large. */
function digits(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 100) return value.toFixed(0);
  return size >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function bare(text: string): string {
  return text.replace(/ ?(?:s|ms|%|×|\/s)$/, '');
}
