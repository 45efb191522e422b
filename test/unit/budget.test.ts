import { describe, expect, it } from 'vitest';
import { autoReserveBytes, budgetNow, marginBytes } from '../../src/core/budget.js';
import { GiB, MiB } from '../../src/util/bytes.js';

const AUTO = { kind: 'auto' } as const;

describe('autoReserveBytes', () => {
  it.each([
    ['a tiny host gives a quarter at the most', 1 * GiB, 256 * MiB],
    ['a small one 500 MiB', 4 * GiB, 500 * MiB],
    ['then it is a tenth', 64 * GiB, Math.round(6.4 * GiB)],
    ['and never more than 10 GiB', 512 * GiB, 10 * GiB],
  ])('%s', (_, capacity, reserve) => {
    expect(autoReserveBytes(capacity)).toBe(reserve);
  });
});

describe('budgetNow, auto', () => {
  it('an idle 2 GB host, as measured (kernel 6.1, 150 MB in use), offers more than 1.4 GB', () => {
    const { budgetBytes } = budgetNow(AUTO, [{ limitBytes: 2060419072, usedBytes: 155955200 }], 0);
    expect(budgetBytes).toBeGreaterThan(1.4 * GiB);
    expect(budgetBytes).toBeLessThan(1.5 * GiB);
  });

  it('the first half of the reserve may be used by others at no cost to us', () => {
    const at = (usedBytes: number) => budgetNow(AUTO, [{ limitBytes: 8 * GiB, usedBytes }], 0);
    const reserve = autoReserveBytes(8 * GiB);
    const half = Math.floor(reserve / 2);
    expect(at(0).budgetBytes).toBe(8 * GiB - reserve);
    expect(at(half).budgetBytes).toBe(at(0).budgetBytes);
    expect(at(half + 100 * MiB).budgetBytes).toBeLessThan(at(0).budgetBytes - 99 * MiB);
  });

  it('what tasks use is not outside', () => {
    const level = { limitBytes: 8 * GiB, usedBytes: 6 * GiB };
    expect(budgetNow(AUTO, [level], 6 * GiB)).toEqual(
      budgetNow(AUTO, [{ ...level, usedBytes: 0 }], 0),
    );
    expect(budgetNow(AUTO, [level], 5 * GiB).outsideBytes).toBe(1 * GiB);
  });

  it('the tightest ancestor decides', () => {
    const levels = [
      { limitBytes: 64 * GiB, usedBytes: 30 * GiB },
      { limitBytes: 8 * GiB, usedBytes: 0 },
      { limitBytes: 10 * GiB, usedBytes: 7 * GiB },
    ];
    const budget = budgetNow(AUTO, levels, 0);
    expect(budget.capacityBytes).toBe(8 * GiB);
    expect(budget.budgetBytes).toBe(10 * GiB - 7 * GiB - autoReserveBytes(10 * GiB) / 2);
    expect(budget.outsideBytes).toBe(7 * GiB);
    expect(budget.ceilingBytes).toBe(8 * GiB - autoReserveBytes(8 * GiB));
  });

  it('the ceiling does not move with what runs outside, and the budget never exceeds it', () => {
    const ceilings = [0, 1, 3, 7, 8].map((used) => {
      const budget = budgetNow(AUTO, [{ limitBytes: 8 * GiB, usedBytes: used * GiB }], 0);
      expect(budget.budgetBytes).toBeLessThanOrEqual(budget.ceilingBytes);
      expect(budget.budgetBytes).toBeGreaterThanOrEqual(0);
      return budget.ceilingBytes;
    });
    expect(new Set(ceilings).size).toBe(1);
  });
});

describe('budgetNow, explicit', () => {
  const spec = { kind: 'bytes', bytes: 4 * GiB } as const;

  it('is what was asked for while that is there', () => {
    const budget = budgetNow(spec, [{ limitBytes: 8 * GiB, usedBytes: 3 * GiB }], 0);
    expect(budget).toMatchObject({ budgetBytes: 4 * GiB, ceilingBytes: 4 * GiB });
  });

  it('is what is left when others use more', () => {
    const budget = budgetNow(spec, [{ limitBytes: 8 * GiB, usedBytes: 6 * GiB }], 0);
    expect(budget.budgetBytes).toBe(2 * GiB - marginBytes(8 * GiB));
    expect(budget.ceilingBytes).toBe(4 * GiB);
  });

  it('never promises more than the host has', () => {
    const budget = budgetNow(spec, [{ limitBytes: 2 * GiB, usedBytes: 0 }], 0);
    expect(budget.budgetBytes).toBe(2 * GiB - marginBytes(2 * GiB));
    expect(budget.ceilingBytes).toBe(2 * GiB - marginBytes(2 * GiB));
  });
});
