import {
  RESULT_VERSION,
  type BenchResult,
  type Machine,
  type Series,
  type Table,
} from '../../../bench/harness/result.js';

const KINDS: Readonly<Record<string, Pick<Series, 'unit' | 'better'>>> = {
  wall: { unit: 's', better: 'lower' },
  kills: { unit: 'count', better: 'lower' },
  rate: { unit: 'per second', better: 'higher' },
  'to the bound': { unit: 'times', better: 'lower' },
  'thrown away': { unit: 'share', better: 'lower' },
  'OOM kills': { unit: 'count', better: 'lower' },
  'not done': { unit: 'count', better: 'lower' },
};

const MACHINE: Machine = {
  where: 'host',
  processor: 'cpu',
  cores: 2,
  memoryBytes: 4 * 2 ** 30,
  kernel: '6.1',
  versions: { memsched: '0.1.0' },
};

/** Samples of a figure whose unit goes with its name. */
export function seriesOf(row: string, figure: string, samples: readonly number[]): Series {
  return { row, figure, unit: 's', better: 'lower', ...KINDS[figure], samples };
}

/** A table of them, on one machine. */
export function tableWith(name: string, series: readonly Series[]): Table {
  return { name, about: '12 tasks of some kind.', machine: MACHINE, series, absent: [] };
}

/** Results of one part. */
export function resultOf(tables: readonly Table[], isQuick = false, part = 'p'): BenchResult {
  return { version: RESULT_VERSION, parts: [{ part, isQuick, rounds: 1, tables }] };
}
