import { describe, expect, test } from 'vitest';
import { autoReserveBytes, budgetNow, marginBytes } from '../../../src/core/budget.js';
import { linesFor } from '../../../src/core/lines.js';
import { GiB, MiB } from '../../../src/util/bytes.js';
import { plainConfig } from '../../sim/specs.js';

describe('lines', () => {
  test('stand at their shares of the budget', () => {
    expect(linesFor(plainConfig(), 1000)).toEqual({
      resumeBytes: 700,
      holdBytes: 800,
      targetBytes: 850,
      preemptBytes: 900,
      criticalBytes: 950,
      brakeBytes: 975,
      budgetBytes: 1000,
    });
  });

  test('aim no more than 3 GiB below preempt on large hosts', () => {
    const { preemptBytes, targetBytes } = linesFor(plainConfig(), 1000 * GiB);
    expect(preemptBytes - targetBytes).toBe(3 * GiB);
  });

  test('are in order for every budget', () => {
    for (const budgetBytes of [1, 64 * MiB, 7 * GiB, 900 * GiB]) {
      const lines: number[] = Object.values({ ...linesFor(plainConfig(), budgetBytes) });
      expect(lines).toEqual([...lines].sort((a, b) => a - b));
    }
  });

  test('do not go below nothing when hold is low', () => {
    expect(linesFor(plainConfig({ holdShare: 0.05 }), 1000).resumeBytes).toBe(0);
  });
});

describe('the reserve', () => {
  test.each([
    [1 * GiB, 256 * MiB],
    [2 * GiB, 500 * MiB],
    [8 * GiB, Math.round(0.8 * GiB)],
    [64 * GiB, Math.round(6.4 * GiB)],
    [512 * GiB, 10 * GiB],
  ])('of %i bytes is %i', (capacity, reserve) => {
    expect(autoReserveBytes(capacity)).toBe(reserve);
  });

  test.each([
    [100 * MiB, 25 * MiB],
    [1 * GiB, 32 * MiB],
    [10 * GiB, Math.round(0.2 * GiB)],
    [200 * GiB, 1 * GiB],
  ])('that an explicit budget leaves of %i bytes is %i', (capacity, margin) => {
    expect(marginBytes(capacity)).toBe(margin);
  });
});

describe('the budget', () => {
  const limitBytes = 10 * GiB;

  test('auto: what runs outside is free up to half the reserve, and counts beyond', () => {
    const budget = (outsideBytes: number): number =>
      budgetNow({ kind: 'auto' }, [{ limitBytes, usedBytes: outsideBytes + 2 * GiB }], 2 * GiB)
        .budgetBytes;
    expect(budget(0)).toBe(9 * GiB);
    expect(budget(512 * MiB)).toBe(9 * GiB);
    expect(budget(1536 * MiB)).toBe(8 * GiB);
    expect(budget(20 * GiB)).toBe(0);
  });

  test('explicit: as told, but never more than is left', () => {
    const spec = { kind: 'bytes', bytes: 6 * GiB } as const;
    const level = { limitBytes, usedBytes: 3 * GiB };
    expect(budgetNow(spec, [level], 1 * GiB).budgetBytes).toBe(6 * GiB);
    expect(budgetNow(spec, [{ limitBytes, usedBytes: 9 * GiB }], 1 * GiB).budgetBytes).toBe(
      2 * GiB - marginBytes(limitBytes),
    );
  });

  test('the tightest level decides, and the ceiling does not move with what runs outside', () => {
    const levels = [
      { limitBytes: 64 * GiB, usedBytes: 50 * GiB },
      { limitBytes: 10 * GiB, usedBytes: 1 * GiB },
    ];
    const { budgetBytes, capacityBytes, ceilingBytes, outsideBytes } = budgetNow(
      { kind: 'auto' },
      levels,
      1 * GiB,
    );
    expect({ budgetBytes, capacityBytes, ceilingBytes, outsideBytes }).toEqual({
      budgetBytes: 9 * GiB,
      capacityBytes: 10 * GiB,
      ceilingBytes: 9 * GiB,
      outsideBytes: 0,
    });
  });

  test('needs at least the host itself', () => {
    expect(() => budgetNow({ kind: 'auto' }, [], 0)).toThrow('always one of the levels');
  });
});
