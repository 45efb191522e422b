import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makespanChart, isSafePeer } from '../../../bench/makespan/chart.js';
import { nameOf, startOf, type Stage } from '../../../bench/makespan/contestants.js';
import { tableOf } from '../../../bench/makespan/part.js';
import { RECORD_BYTES, recordsIn, tallyOf } from '../../../bench/makespan/records.js';
import {
  boundMsOf,
  lengthMsOf,
  peakMibOf,
  piles,
  planText,
  type Pile,
} from '../../../bench/makespan/workloads.js';
import { spawnRatesIn } from '../../../bench/spawn/parse.js';
import { gainOverBest, verdictsOn } from '../../../bench/targets.js';
import { tempDir } from '../../support/temp-dir.js';
import { resultOf, seriesOf, tableWith } from './made-result.js';

const MIB = 2 ** 20;

const pile: Pile = {
  name: 'two',
  about: 'a block and a ramp',
  guestMib: 2048,
  tasks: [
    {
      group: 'block',
      curve: [
        [0, 100],
        [10_000, 100],
      ],
    },
    {
      group: 'ramp',
      curve: [
        [0, 0],
        [10_000, 100],
      ],
    },
  ],
};

describe('a pile', () => {
  test('has a bound: the area of its curves where they can lie side by side', () => {
    expect(boundMsOf(pile, 250 * MIB)).toBeCloseTo(10_000);
    // One after the other wherever both need more than half.
    const block = { ...pile, tasks: [pile.tasks[0]!, pile.tasks[0]!, pile.tasks[0]!] };
    expect(boundMsOf(block, 190 * MIB)).toBeCloseTo(30_000);
    expect(boundMsOf(block, 200 * MIB)).toBeCloseTo(15_000);
    expect(boundMsOf({ ...pile, tasks: [pile.tasks[1]!] }, 1000 * MIB)).toBeCloseTo(10_000);
  });

  test('is written as replay.c reads it', () => {
    expect(planText(pile)).toBe('block 0:100,10000:100\nramp 0:0,10000:100\n');
  });

  test.each([false, true])('each of them can be played, quick or not: %s', (isQuick) => {
    for (const { tasks, guestMib } of piles(isQuick)) {
      for (const task of tasks) {
        const times = task.curve.map(([ms]) => ms);
        expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b));
        expect(peakMibOf(task)).toBeLessThan(guestMib / 2);
        expect(lengthMsOf(task)).toBeGreaterThan(1000);
        expect(task.curve.length).toBeLessThanOrEqual(64);
      }
    }
    expect(piles(isQuick)).toEqual(piles(isQuick));
  });

  test('all kinds of curves are there, in piles of 40 to 200 tasks', () => {
    const full = piles(false);
    expect(new Set(full.flatMap(({ tasks }) => tasks.map(({ group }) => group)))).toEqual(
      new Set(['flat', 'ramp', 'late-peak', 'spike', 'bimodal', 'heavy-tail']),
    );
    for (const { tasks } of full) {
      expect(tasks.length).toBeGreaterThanOrEqual(40);
      expect(tasks.length).toBeLessThanOrEqual(200);
    }
  });
});

describe('records', () => {
  /** As replay.c writes them. */
  function fileOf(records: readonly Readonly<Record<string, number>>[]): Buffer {
    const file = Buffer.alloc(RECORD_BYTES * 8);
    file.writeUInt32LE(records.length, 0);
    for (const [at, one] of records.entries()) {
      const start = RECORD_BYTES * (at + 1);
      for (const [place, key] of ['task', 'pid', 'state', 'mibNow'].entries())
        file.writeUInt32LE(one[key] ?? 0, start + 4 * place);
      for (const [place, key] of ['begunMs', 'endedMs', 'ownMs', 'mibMs'].entries())
        file.writeBigUInt64LE(BigInt(one[key] ?? 0), start + 16 + 8 * place);
      file.writeUInt32LE(one['mibMost'] ?? 0, start + 48);
    }
    return file;
  }

  test('are read, but for one that has only taken its place', () => {
    const done = { task: 3, pid: 77, state: 2, begunMs: 5, endedMs: 9, mibMs: 400, mibMost: 90 };
    expect(recordsIn(fileOf([{ ...done, ownMs: 4 }, { state: 0 }]))).toEqual([
      {
        task: 3,
        pid: 77,
        isDone: true,
        mibNow: 0,
        begunMs: 5,
        endedMs: 9,
        mibMs: 400,
        mibMost: 90,
      },
    ]);
    expect(recordsIn(fileOf([{ task: 1, state: 1, mibNow: 60 }]))).toMatchObject([
      { isDone: false, mibNow: 60 },
    ]);
  });

  test('come to a makespan without start-up, and to the work that was thrown away', () => {
    const records = recordsIn(
      fileOf([
        { task: 1, state: 2, begunMs: 1000, endedMs: 3000, mibMs: 300 },
        { task: 2, state: 1, begunMs: 1500, endedMs: 2000, mibMs: 50 },
        { task: 2, state: 2, begunMs: 2500, endedMs: 6000, mibMs: 200 },
      ]),
    );
    expect(tallyOf(records)).toEqual({
      makespanMs: 5000,
      attempts: 3,
      done: 2,
      broken: 1,
      thrownAwayShare: 0.1,
    });
    expect(tallyOf([])).toMatchObject({ makespanMs: 0, thrownAwayShare: 0 });
  });
});

describe('contestants', () => {
  const stage = (): Stage => ({
    folder: tempDir(),
    replay: '/r',
    plan: '/p',
    records: '/rec',
    groups: ['a', 'b'],
  });

  test('get the tasks that are left, and are named as one would type them', () => {
    const xargs = { kind: 'xargs', jobs: 4 } as const;
    expect(startOf(xargs, stage(), '', [2])).toEqual({
      argv: ['xargs', '-P4', '-n1', '/r', '/rec', '/p'],
      input: '2\n',
      isStartedAgain: true,
    });
    expect(nameOf(xargs, 2)).toBe('xargs -P4');
    expect(nameOf({ kind: 'parallel', jobs: 2, options: [] }, 2)).toBe('parallel -j2 (nproc)');
    const free = { kind: 'parallel', jobs: 9, options: ['--memfree', '1M'] } as const;
    expect(nameOf(free, 2)).toBe('parallel --memfree 1M');
    expect(startOf(free, stage(), '', [1, 2]).argv).toEqual([
      'parallel',
      '-j9',
      '--retries',
      '20',
      '--memfree',
      '1M',
      '/r',
      '/rec',
      '/p',
      '{}',
    ]);
  });

  test('memsched and make get the tasks in the same order as the others', () => {
    const ours = stage();
    startOf({ kind: 'memsched' }, ours, '/profiles', [1, 2]);
    const { jobs } = JSON.parse(readFileSync(join(ours.folder, 'jobs.yaml'), 'utf8')) as {
      jobs: Record<string, { group: string; run: string[] }>;
    };
    expect(Object.values(jobs)).toEqual([
      { group: 'a', run: ['/r', '/rec', '/p', '1'] },
      { group: 'b', run: ['/r', '/rec', '/p', '2'] },
    ]);
    startOf({ kind: 'make', jobs: 3 }, ours, '', [1, 2]);
    expect(readFileSync(join(ours.folder, 'Makefile'), 'utf8')).toBe(
      'all: done-1 done-2\ndone-1 done-2:\n\t@/r /rec /p $(@:done-%=%) && touch $@\n',
    );
  });
});

describe('the main table', () => {
  const score = {
    wallMs: 15_000,
    makespanMs: 12_000,
    oomKills: 0,
    kills: 0,
    thrownAwayShare: 0,
    peakBytes: 75 * MIB,
    left: 0,
    isCutOff: false,
  };
  const { machine } = tableWith('', []);

  test('measures makespans against the bound of the budget', () => {
    const table = tableOf(pile, {
      machine,
      scores: [
        { ...score, name: 'memsched, first run', budgetBytes: 250 * MIB },
        { ...score, name: 'parallel -j2', isCutOff: true },
      ],
    });
    const values = table.series.map(({ row, figure, samples }) => [row, figure, samples[0]]);
    expect(values).toContainEqual(['memsched, first run', 'to the bound', expect.closeTo(1.2, 9)]);
    expect(values).toContainEqual(['memsched, first run', 'peak of budget', 0.3]);
    expect(values).toContainEqual(['parallel -j2, cut off', 'wall', 15]);
    expect(table.about).toContain('No schedule takes less than 10.0 s');
  });

  const row = (name: string, times: number, kills = 0) => [
    seriesOf(name, 'to the bound', [times]),
    seriesOf(name, 'OOM kills', [0, kills]),
    seriesOf(name, 'thrown away', [0.01]),
  ];
  const table = tableWith('pile', [
    ...row('memsched, first run', 1.5),
    ...row('memsched, second run', 1.2),
    ...row('parallel -j2 (nproc)', 4),
    ...row('parallel -j4', 2.5),
    ...row('parallel -j6', 2),
    ...row('parallel -j8', 1.1, 3),
    ...row('parallel --memfree 1M', 3),
    ...row('parallel --memfree 410M', 3.6),
    ...row('parallel --memsuspend 410M', 1.3, 1),
  ]);

  test('is drawn with the fastest first, whoever that is, and with what it cost', () => {
    const chart = makespanChart({ part: 'makespan', isQuick: false, rounds: 2, tables: [table] });
    expect(chart.groups[0]?.bars.map(({ label, kind, remark }) => [label, kind, remark])).toEqual([
      ['parallel -j8', 'unsafe', '3 OOM kills'],
      ['memsched, second run', 'ours', undefined],
      ['parallel --memsuspend 410M', 'unsafe', '1 OOM kill'],
      ['memsched, first run', 'ours', undefined],
      ['parallel -j6', 'peer', undefined],
      ['parallel --memfree 1M', 'peer', undefined],
      ['parallel --memfree 410M', 'peer', undefined],
      ['parallel -j2 (nproc)', 'peer', undefined],
    ]);
    expect(isSafePeer(table, 'parallel -j8')).toBe(false);
    expect(isSafePeer(table, 'parallel -j6')).toBe(true);
  });

  test('is held against the targets: the best peer is told nothing and has no OOM kill', () => {
    const result = resultOf([table], false, 'makespan');
    const verdicts = verdictsOn(result);
    const verdictOn = (words: string) => verdicts.find(({ target }) => target.includes(words));
    expect(verdictOn('second run, to the bound')).toMatchObject({ value: '1.20×', isMet: false });
    expect(verdictOn('first run, to the bound')).toMatchObject({ value: '1.50×', isMet: false });
    expect(verdictOn('best peer')).toMatchObject({ value: '3.00×', isMet: true });
    expect(gainOverBest(result)).toBeCloseTo(2 / 1.2);
    expect(verdictOn('OOM kills of memsched')).toMatchObject({ value: '0', isMet: true });
    expect(verdictOn('thrown away, second')).toMatchObject({ value: '1 %', isMet: true });
    expect(verdictOn('queued tasks')).toMatchObject({ value: undefined, isMet: undefined });
  });

  test('nothing is said of piles that were not measured', () => {
    const verdicts = verdictsOn({ version: 1, parts: [] });
    expect(verdicts.map(({ value }) => value)).toEqual(verdicts.map(() => undefined));
  });

  test('says nothing of a mean while one pile is missing', () => {
    const half = tableWith('other', row('parallel -j2 (nproc)', 2));
    const verdicts = verdictsOn(resultOf([table, half], false, 'makespan'));
    expect(
      verdicts.filter(({ target }) => target.includes('piles')).map(({ isMet }) => isMet),
    ).toEqual(Array(6).fill(undefined));
  });
});

describe('spawn rates', () => {
  test('are read from what is printed, ratios too', () => {
    const { series, absent } = spawnRatesIn(
      [
        '500 tasks of "true", 3 rounds; Linux 6.1, Node v20.0.0',
        'memsched, argv     516 tasks/s  (500 to 530)',
        'parallel -j2     not installed',
        'memsched, argv / xargs -P2: 0.25  (0.24 to 0.27)',
      ].join('\n'),
    );
    expect(series).toEqual([
      {
        row: 'memsched, argv',
        figure: 'rate',
        unit: 'per second',
        better: 'higher',
        samples: [500, 516, 530],
      },
      {
        row: 'memsched, argv',
        figure: 'to xargs -P2',
        unit: 'times',
        better: 'higher',
        samples: [0.24, 0.25, 0.27],
      },
    ]);
    expect(absent).toEqual([{ row: 'parallel -j2', why: 'as it is not installed' }]);
    expect(() => spawnRatesIn('nothing')).toThrow(RangeError);
  });
});
