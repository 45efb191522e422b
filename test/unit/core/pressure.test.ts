import { describe, expect, test } from 'vitest';
import { linesFor } from '../../../src/core/lines.js';
import type { HostSample } from '../../../src/core/observation.js';
import { assessLevel, atLeast, calmLevel, type LevelMemory } from '../../../src/core/pressure.js';
import { MiB } from '../../../src/util/bytes.js';
import { plainConfig } from '../../sim/specs.js';
import { hostSample } from './loop.js';

const BUDGET = 1000 * MiB;
const config = plainConfig();

/** One look of a story: how many MiB are used, after how long, and what else there is to see. */
interface Scene {
  readonly mib: number;
  readonly afterMs?: number;
  /** Of that, how long nothing had moved. */
  readonly stillMs?: number;
  readonly expectedMib?: number;
  readonly brakeFeltMs?: number;
  readonly host?: Partial<HostSample>;
}

/** The levels and rules that a story leads through; a dot where nothing changed. */
function tell(scenes: readonly Scene[], from: LevelMemory = calmLevel()): string[] {
  let memory = from;
  let nowMs = 0;
  return scenes.map((scene) => {
    const { mib, afterMs = 100, stillMs, expectedMib = Infinity, brakeFeltMs, host } = scene;
    const rest = stillMs === undefined ? undefined : { untilMs: nowMs + stillMs, hasMoved: true };
    nowMs += afterMs;
    const assessment = assessLevel(memory, {
      nowMs,
      rest,
      host: hostSample({ budgetBytes: BUDGET, usedBytes: mib * MiB, ...host }),
      lines: linesFor(config, BUDGET),
      config,
      expectedBytes: expectedMib * MiB,
      brakeFeltMs,
    });
    memory = assessment.memory;
    const { reason } = assessment;
    return reason === undefined ? '.' : `${memory.level} ${reason.rule}`;
  });
}

/** Use that stays where it is, so that growth plays no part. */
function still(mib: number, times: number, more: Partial<Scene> = {}): Scene[] {
  return Array.from({ length: times }, () => ({ mib, ...more }));
}

/** Growing so slowly that projection stays under the budget. */
const noGrowth = { expectedMib: 0 };

describe('levels by use', () => {
  test('below hold nothing happens', () => {
    expect(tell(still(799, 10))).toEqual(Array(10).fill('.'));
  });

  test('hold is entered at once', () => {
    expect(tell(still(800, 2))).toEqual(['hold usage', '.']);
  });

  test('preempt is entered when use stays up for 300 ms', () => {
    expect(tell(still(900, 5))).toEqual(['hold usage', '.', '.', 'preempt usage', '.']);
  });

  test('a spike that is shorter is not worth a victim', () => {
    const story = [...still(900, 3), { mib: 890, ...noGrowth }, ...still(900, 3, noGrowth)];
    expect(tell(story)).toEqual(['hold usage', '.', '.', '.', '.', '.', '.']);
  });

  test('critical is entered at once', () => {
    expect(tell(still(950, 1))).toEqual(['critical usage']);
  });

  test('critical is left at preempt, preempt at target, hold at resume once that is settled', () => {
    const down = [950, 920, 901, 900, 860, 851, 850, 800, 701, 700];
    const story = [...down.map((mib) => ({ mib })), ...still(700, 21)];
    expect(tell(story).map((step, at) => [story[at]?.mib, step])).toEqual([
      [950, 'critical usage'],
      [920, '.'],
      [901, '.'],
      [900, 'preempt settled'],
      [860, '.'],
      [851, '.'],
      [850, 'hold settled'],
      [800, '.'],
      [701, '.'],
      ...Array.from({ length: 17 }, () => [700, '.']),
      [700, 'open settled'],
      ...Array.from({ length: 4 }, () => [700, '.']),
    ]);
  });

  test('a hold that went no further is left after half a second under resume', () => {
    expect(tell([{ mib: 800 }, ...still(700, 7)])).toEqual([
      'hold usage',
      ...Array.from({ length: 5 }, () => '.'),
      'open settled',
      '.',
    ]);
  });

  test('going over resume again starts the half second anew', () => {
    const story = [{ mib: 800 }, ...still(700, 4), { mib: 701 }, ...still(700, 6)];
    expect(tell(story).at(-1)).toBe('open settled');
    expect(tell(story).slice(1, -1)).toEqual(Array(10).fill('.'));
  });
});

describe('levels by growth', () => {
  const climb = [{ mib: 500 }, { mib: 660 }, { mib: 820 }];

  test('use that will reach the budget before a kill could work is critical', () => {
    expect(tell(climb).at(-1)).toBe('critical growth');
  });

  test('growth below hold is nobody’s business yet', () => {
    expect(tell([{ mib: 100 }, { mib: 400 }, { mib: 700 }])).toEqual(['.', '.', '.']);
  });

  test('growth after a rest is of the time after it', () => {
    const rise = (stillMs?: number): string[] =>
      tell([
        { mib: 500 },
        { mib: 850, afterMs: 2000, ...(stillMs === undefined ? {} : { stillMs }) },
      ]);
    expect(rise()).toEqual(['.', 'hold usage']);
    expect(rise(1900)).toEqual(['.', 'critical growth']);
  });

  test('growth that running tasks are known to need is no alarm', () => {
    const known = climb.map((scene) => ({ ...scene, expectedMib: 880 }));
    expect(tell(known).at(-1)).toBe('hold usage');
  });

  test('a look that comes soon after another weighs less', () => {
    // The slope of these 5 ms alone, 6 GiB/s, would be critical.
    expect(tell([{ mib: 780 }, { mib: 810, afterMs: 5 }]).at(-1)).toBe('hold usage');
  });
});

/** Looks at a machine that stalls for so many percent of the time. */
function stalling(mib: number, pct: { some: number; full: number }, looks: number): Scene[] {
  return Array.from({ length: looks }, (_, at) => ({
    mib,
    host: {
      psi: { someUs: at * pct.some * 1000, fullUs: at * pct.full * 1000 },
      reclaimScans: at,
    },
  }));
}

describe('levels by pressure', () => {
  const onlyChanges = (story: Scene[]): string[] => tell(story).filter((step) => step !== '.');

  test.each([
    ['some 12 % at 60 % of the budget', 600, { some: 12, full: 0 }, ['hold some-pressure']],
    ['some 12 % below that', 590, { some: 12, full: 0 }, []],
    ['some 8 %', 700, { some: 8, full: 0 }, []],
    ['full 25 % at 70 % of the budget', 700, { some: 0, full: 25 }, ['preempt full-pressure']],
    ['full 25 % below that', 690, { some: 0, full: 25 }, []],
    ['full 15 %', 700, { some: 0, full: 15 }, []],
  ] as const)('%s', (_, mib, pct, levels) => {
    expect(onlyChanges(stalling(mib, pct, 40))).toEqual(levels);
  });

  test('nothing is said before a whole window was seen', () => {
    expect(onlyChanges(stalling(700, { some: 50, full: 50 }, 20))).toEqual([]);
    expect(onlyChanges(stalling(700, { some: 50, full: 50 }, 22))).toHaveLength(1);
  });

  test('a stall after a rest counts in full', () => {
    const look = (someMs: number): Scene => ({
      mib: 600,
      host: { psi: { someUs: someMs * 1000, fullUs: 0 } },
    });
    const resting = [1, 2, 3].map(() => ({ ...look(0), afterMs: 2000, stillMs: 1900 }));
    // 15 % from here on: 10 % of 2 s are reached in 1.4 s.
    const stall = Array.from({ length: 14 }, (_, at) => look(15 * (at + 1)));
    expect(tell([...resting, ...stall])).toEqual([
      ...Array<string>(16).fill('.'),
      'hold some-pressure',
    ]);
  });

  test('full pressure without reclaim is somebody’s input and output', () => {
    const story = stalling(750, { some: 0, full: 30 }, 40).map((scene) => ({
      ...scene,
      host: { ...scene.host, reclaimScans: 5 },
    }));
    expect(onlyChanges(story)).toEqual([]);
  });

  test('the stall that our own brake makes is not held against anyone', () => {
    const story = stalling(750, { some: 90, full: 90 }, 40).map((scene, at) => ({
      ...scene,
      brakeFeltMs: at * 100,
    }));
    expect(onlyChanges(story)).toEqual([]);
  });

  test('the echo of the brake ends two seconds after it was last felt', () => {
    const story = stalling(750, { some: 90, full: 0 }, 60).map((scene) => ({
      ...scene,
      brakeFeltMs: 2500,
    }));
    const at = tell(story).indexOf('hold some-pressure');
    expect((at + 1) * 100).toBe(4500);
  });

  test('without PSI use alone decides', () => {
    expect(onlyChanges(still(750, 40))).toEqual([]);
  });
});

describe('atLeast', () => {
  test.each([
    ['open', 'open', true],
    ['open', 'hold', false],
    ['hold', 'hold', true],
    ['critical', 'preempt', true],
    ['preempt', 'critical', false],
  ] as const)('%s is at least %s: %s', (level, other, expected) => {
    expect(atLeast(level, other)).toBe(expected);
  });
});
