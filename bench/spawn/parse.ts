import type { Series } from '../harness/result.js';

/** `memsched map      458 tasks/s  (440 to 470)` */
const RATE = /^(\S.*?)\s+(\d+) tasks\/s\s+\((\d+) to (\d+)\)$/;
/** `memsched map / xargs -P2: 0.86  (0.80 to 0.90)` */
const RATIO = /^(\S.*?) \/ (\S.*?): ([\d.]+)\s+\(([\d.]+) to ([\d.]+)\)$/;
const ABSENT = /^(\S.*?)\s+not installed$/;

/** What bench/spawn-rate.js printed. */
export interface SpawnRates {
  readonly series: readonly Series[];
  readonly absent: readonly { readonly row: string; readonly why: string }[];
}

/**
 * Reads what bench/spawn-rate.js prints: of each figure the median, the smallest and the largest.
 *
 * @throws RangeError when there is no rate in it.
 */
export function spawnRatesIn(text: string): SpawnRates {
  const lines = text.split('\n');
  const series = lines.flatMap((line): Series[] => {
    const rate = RATE.exec(line);
    if (rate !== null) {
      const [, row = '', ...values] = rate;
      return [
        { row, figure: 'rate', unit: 'per second', better: 'higher', samples: numbers(values) },
      ];
    }
    const [, row, other, ...values] = RATIO.exec(line) ?? [];
    if (row === undefined || other === undefined) return [];
    const figure = `to ${other}`;
    return [{ row, figure, unit: 'times', better: 'higher', samples: numbers(values) }];
  });
  if (series.length === 0) throw new RangeError(`bench/spawn-rate.js printed no rates:\n${text}`);
  const absent = lines.flatMap((line) => {
    const row = ABSENT.exec(line)?.[1];
    return row === undefined ? [] : [{ row, why: 'as it is not installed' }];
  });
  return { series, absent };
}

function numbers(values: readonly string[]): number[] {
  return values.map(Number).toSorted((a, b) => a - b);
}
