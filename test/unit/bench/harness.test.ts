import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chartSvg, type Chart } from '../../../bench/harness/chart.js';
import { compare, comparisonText } from '../../../bench/harness/compare.js';
import { seriesText, valueText } from '../../../bench/harness/format.js';
import { between } from '../../../bench/harness/markers.js';
import { measured, Samples } from '../../../bench/harness/part.js';
import {
  NO_RESULT,
  readResult,
  RESULT_VERSION,
  savePart,
  withPart,
  type BenchResult,
  type PartResult,
  type Series,
} from '../../../bench/harness/result.js';
import { inOrderOf } from '../../../bench/harness/rounds.js';
import { mean, median, percentile, spreadOf } from '../../../bench/harness/stats.js';
import { aligned, markdownOf } from '../../../bench/harness/tables.js';
import { tempDir } from '../../support/temp-dir.js';
import { resultOf, seriesOf, tableWith } from './made-result.js';

describe('statistics', () => {
  test.each([
    [[3], 3],
    [[4, 1], 2.5],
    [[9, 1, 5], 5],
    [[1, 2, 3, 10], 2.5],
  ])('the median of %j is %d', (samples, expected) => {
    expect(median(samples)).toBe(expected);
  });

  test.each([
    [0, 1],
    [0.5, 50],
    [0.501, 51],
    [0.99, 99],
    [1, 100],
  ])('of 1 to 100 the percentile at %d is %d', (q, expected) => {
    const samples = Array.from({ length: 100 }, (_, at) => 100 - at);
    expect(percentile(samples, q)).toBe(expected);
  });

  test('the spread says how far samples reach', () => {
    expect(spreadOf([4, 1, 7])).toEqual({ median: 4, min: 1, max: 7 });
    expect(mean([1, 2, 6])).toBe(3);
  });

  test.each([median, mean, (none: number[]) => percentile(none, 0.5)])(
    'of nothing there is none',
    (of) => {
      expect(() => of([])).toThrow(RangeError);
    },
  );

  test('over as many rounds as contestants each has had each place', () => {
    const orders = [0, 1, 2].map((round) => inOrderOf(round, ['a', 'b', 'c']));
    for (const place of [0, 1, 2])
      expect(new Set(orders.map((order) => order[place]))).toEqual(new Set(['a', 'b', 'c']));
    expect(inOrderOf(5, [])).toEqual([]);
  });
});

describe('values in words', () => {
  test.each([
    [1.2345, 's', '1.23 s'],
    [84, 's', '84 s'],
    [512.4, 'ms', '512 ms'],
    [63.21, 'ms', '63.2 ms'],
    [90 * 2 ** 20, 'bytes', '90 MiB'],
    [2048, 'bytes', '2 KiB'],
    [0.0123, 'share', '1.23 %'],
    [3, 'count', '3'],
    [1.1, 'times', '1.10×'],
    [516, 'per second', '516/s'],
  ] as const)('%d %s: %s', (value, unit, text) => {
    expect(valueText(value, unit)).toBe(text);
  });

  test('samples that differ are told with their reach', () => {
    expect(seriesText(seriesOf('a', 'wall', [2, 1, 3]))).toBe('2 s (1–3)');
    expect(seriesText(seriesOf('a', 'wall', [2, 2]))).toBe('2 s');
  });
});

describe('samples', () => {
  test('become series in the order of their figures', () => {
    const samples = new Samples([
      { figure: 'wall', unit: 's', better: 'lower' },
      { figure: 'kills', unit: 'count', better: 'lower' },
    ]);
    samples.add('a', { kills: 1, wall: 2 });
    samples.add('b', { wall: 5 });
    samples.add('a', { wall: 3 });
    expect(samples.series().map(({ row, figure, samples: some }) => [row, figure, some])).toEqual([
      ['a', 'wall', [2, 3]],
      ['a', 'kills', [1]],
      ['b', 'wall', [5]],
    ]);
    expect(() => {
      samples.add('a', { wal: 1 });
    }).toThrow('no figure "wal"');
  });

  test('are taken in one round when it is to be quick, and as often as told', async () => {
    const part = {
      name: 'p',
      about: '',
      rounds: 5,
      measure: ({ rounds }: { readonly rounds: number }) =>
        Promise.resolve([tableWith('t', [seriesOf('a', 'wall', Array<number>(rounds).fill(1))])]),
    };
    const given = { scratch: '', tell: () => undefined };
    const rounds = async (isQuick: boolean, told?: number) => {
      const options = { ...given, isQuick, ...(told === undefined ? {} : { rounds: told }) };
      return (await measured(part, options)).rounds;
    };
    expect([await rounds(false), await rounds(true), await rounds(true, 3)]).toEqual([5, 1, 3]);
  });
});

describe('tables', () => {
  test('columns stand below each other', () => {
    expect(
      aligned([
        ['', 'wall'],
        ['a|b', '1.00 s'],
        ['long name', '12.0 s'],
      ]),
    ).toBe(
      [
        '|           |   wall |',
        '| --------- | -----: |',
        '| a\\|b      | 1.00 s |',
        '| long name | 12.0 s |',
      ].join('\n'),
    );
  });

  test('tell the machine, what could not be measured, and that a quick one says little', () => {
    const table = {
      ...tableWith('t', [seriesOf('a', 'wall', [1, 2]), seriesOf('b', 'kills', [3])]),
      absent: [{ row: 'c', why: 'as it is not installed' }],
    };
    const text = markdownOf({ part: 'p', isQuick: true, rounds: 2, tables: [table] });
    expect(text).toContain('## p (quick: the figures say little)');
    expect(text).toContain('Medians of 2 rounds');
    expect(text).toMatch(/^\| a +\| 1\.50 s \(1–2\) \| +\|$/m);
    expect(text).toContain('- c: not measured, as it is not installed');
    expect(text).toContain('host: 2 processors (cpu), 4.0 GiB, Linux 6.1; memsched 0.1.0');
  });
});

describe('a file of results', () => {
  const part = (name: string, wall: number): PartResult => ({
    part: name,
    isQuick: false,
    rounds: 1,
    tables: [tableWith('t', [seriesOf('a', 'wall', [wall])])],
  });

  test('keeps other parts when one is measured again', () => {
    const path = join(tempDir(), 'results.json');
    savePart(path, part('p', 1));
    savePart(path, part('q', 2));
    savePart(path, part('p', 3));
    const { parts } = readResult(path);
    expect(parts.map(({ part: name, tables }) => [name, tables[0]?.series[0]?.samples])).toEqual([
      ['q', [2]],
      ['p', [3]],
    ]);
  });

  test.each([
    ['{', 'JSON'],
    [
      '{"version": 2, "parts": []}',
      `expected results of version ${RESULT_VERSION}, found version 2`,
    ],
    ['[]', 'found version undefined'],
    [`{"version": ${RESULT_VERSION}, "parts": [{"part": 1}]}`, 'parts[0].part'],
  ])('%s is refused in words', (text, words) => {
    const path = join(tempDir(), 'results.json');
    writeFileSync(path, text);
    expect(() => readResult(path)).toThrow(words);
    expect(() => readResult(path)).toThrow(path);
  });

  test('that is not there is refused in words', () => {
    expect(() => readResult('/nowhere/results.json')).toThrow('/nowhere/results.json');
  });
});

describe('a comparison', () => {
  const one = (series: Series, isQuick = false): BenchResult =>
    resultOf([tableWith('t', [series])], isQuick);
  const verdictOf = (before: number[], now: number[], figure = 'wall') => {
    const { rows } = compare(
      one(seriesOf('a', figure, now)),
      one(seriesOf('a', figure, before)),
      1.1,
    );
    return rows[0]?.verdict;
  };

  test.each([
    [[10, 10, 10], [12, 12, 12], 'worse'],
    [[10, 10, 10], [8, 8, 8], 'better'],
    [[10, 10, 10], [10.9, 10.9, 10.9], 'alike'],
    // Beyond the threshold, but one of now is no slower than one of before.
    [[10, 10, 13], [12, 12, 12], 'alike'],
    // Beyond it, and too little to mean anything.
    [[0.01], [0.02], 'alike'],
  ])('%j, now %j: %s', (before, now, verdict) => {
    expect(verdictOf(before, now)).toBe(verdict);
  });

  test('of a rate, less is worse', () => {
    expect(verdictOf([500], [400], 'rate')).toBe('worse');
    expect(verdictOf([500], [600], 'rate')).toBe('better');
  });

  test('something where there was nothing is worse', () => {
    expect(verdictOf([0, 0], [1, 1], 'kills')).toBe('worse');
    expect(verdictOf([0], [0], 'kills')).toBe('alike');
  });

  test('ratios have a spread: of the medians, and the least and most that samples allow', () => {
    const [row] = compare(
      one(seriesOf('a', 'wall', [6, 8, 10])),
      one(seriesOf('a', 'wall', [4, 4, 5])),
      1.1,
    ).rows;
    expect(row?.ratio).toEqual({ median: 2, min: 6 / 5, max: 10 / 4 });
  });

  test('only looks at what both have, measured alike, and says where machines differ', () => {
    const now = one(seriesOf('a', 'wall', [1]));
    expect(compare(now, NO_RESULT, 1.1).rows).toEqual([]);
    expect(compare(now, one(seriesOf('b', 'wall', [1])), 1.1).rows).toEqual([]);
    expect(compare(now, one(seriesOf('a', 'wall', [1]), true), 1.1).rows).toEqual([]);
    const table = tableWith('t', [seriesOf('a', 'wall', [1])]);
    const elsewhere = resultOf([{ ...table, machine: { ...table.machine, cores: 64 } }]);
    const { otherMachine } = compare(now, elsewhere, 1.1);
    expect(otherMachine).toEqual(['p: t']);
    expect(comparisonText(compare(now, elsewhere, 1.1), 1.1)).toContain('on another machine');
  });

  test('what the baseline has, and is not there any more, is told', () => {
    const now = one(seriesOf('a, cut off', 'wall', [1]));
    const result = compare(now, one(seriesOf('a', 'wall', [1])), 1.1);
    expect(result).toMatchObject({ rows: [], missing: ['p: t: a'] });
    expect(comparisonText(result, 1.1)).toContain('p: t: a was there, and is not any more.');
  });

  test('says how many are worse', () => {
    const now = one(seriesOf('a', 'wall', [12]));
    const text = comparisonText(compare(now, one(seriesOf('a', 'wall', [10])), 1.1), 1.1);
    expect(text).toContain('| p: t: a: wall |');
    expect(text).toContain('1.20 (1.20–1.20)');
    expect(text).toContain('1 figures are worse by more than 1.10 times');
  });

  test('a part replaces the older one of its name', () => {
    const [part] = one(seriesOf('a', 'wall', [1])).parts;
    expect(part === undefined ? [] : withPart(one(seriesOf('b', 'wall', [2])), part).parts).toEqual(
      [part],
    );
  });
});

describe('marked lines', () => {
  const text = 'above\n<!-- bench -->\nold\n<!-- /bench -->\nbelow\n';

  test('are replaced, and nothing else', () => {
    expect(between(text, 'bench', 'new\n')).toBe(text.replace('old', 'new'));
  });

  test.each([
    ['nothing'],
    ['<!-- bench -->\n'],
    ['<!-- /bench -->\n<!-- bench -->\n'],
    [text + text],
  ])('%j has none', (other) => {
    expect(() => between(other, 'bench', 'new\n')).toThrow(RangeError);
  });
});

describe('a chart', () => {
  const chart: Chart = {
    title: 'Times & <more>',
    description: 'bars',
    one: 'bound',
    groups: [
      {
        title: 'pile',
        bars: [
          { label: 'ours', value: 1.2, min: 1.1, max: 1.4, kind: 'ours' },
          { label: 'peer', value: 4, min: 4, max: 4, kind: 'unsafe', remark: '2 OOM kills' },
        ],
      },
    ],
  };

  test('is the same for the same figures', () => {
    expect(chartSvg(chart)).toBe(chartSvg(structuredClone(chart)));
  });

  test('draws bars in proportion, with values, remarks and reach, for light and dark', () => {
    const svg = chartSvg(chart);
    const widths = [...svg.matchAll(/<rect class="\w+" [^>]*? width="([\d.]+)" height/g)];
    const [ours, peer] = widths.map(([, width]) => Number(width));
    expect(Number(peer) / Number(ours)).toBeCloseTo(4 / 1.2, 1);
    expect(svg).toContain('1.20×');
    expect(svg).toContain('4.00× · 2 OOM kills');
    expect(svg).toContain('<rect class="unsafe"');
    expect(svg.match(/<line class="spread"/g)).toHaveLength(1);
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg).toContain('Times &amp; &lt;more&gt;');
  });
});
