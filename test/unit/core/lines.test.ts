import { describe, expect, test } from 'vitest';
import { foreseenAllowance, linesFor } from '../../../src/core/lines.js';
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

describe('lines where everyone who runs is of a known kind', () => {
  const at = (budgetBytes: number, unknownShare: number, change = {}) =>
    linesFor(plainConfig(change), budgetBytes, unknownShare);

  test('come closer to the budget and to each other, hold up to target', () => {
    const lines = at(50 * GiB, 0);
    const { resumeBytes, holdBytes, preemptBytes, criticalBytes } = lines;
    const shares = [resumeBytes, holdBytes, preemptBytes, criticalBytes].map(
      (bytes) => Math.round((1000 * bytes) / (50 * GiB)) / 10,
    );
    expect(shares).toEqual([90, 94, 96, 98]);
    expect(lines.targetBytes).toBe(holdBytes);
  });

  test('come the closer the less is unknown', () => {
    const criticals = [1, 0.5, 0.1, 0].map((share) => at(64 * GiB, share).criticalBytes);
    expect(criticals).toEqual([...criticals].sort((a, b) => a - b));
    expect(new Set(criticals).size).toBe(4);
  });

  test('leave critical where it is on a small budget, and come closer to it', () => {
    const [known, unknown] = [at(4 * GiB, 0), at(4 * GiB, 1)];
    expect(known.criticalBytes).toBe(unknown.criticalBytes);
    expect(known.brakeBytes).toBe(unknown.brakeBytes);
    for (const line of ['resumeBytes', 'holdBytes', 'preemptBytes'] as const)
      expect(known[line]).toBeGreaterThan(unknown[line]);
  });

  test('keep hold no further from preempt than it was told to be', () => {
    const { holdBytes, preemptBytes } = at(50 * GiB, 0, { holdShare: 0.89 });
    expect(preemptBytes - holdBytes).toBeLessThanOrEqual(0.01 * 50 * GiB);
  });

  test('leave critical at least 256 MiB, and stay in order', () => {
    for (const gib of [1, 5, 6, 8, 12, 13, 500]) {
      const lines = at(gib * GiB, 0);
      const ordinary = at(gib * GiB, 1);
      expect(lines.criticalBytes).toBeLessThanOrEqual(
        Math.max(gib * GiB - 256 * MiB, ordinary.criticalBytes),
      );
      const all: number[] = Object.values({ ...lines });
      expect(all).toEqual([...all].sort((a, b) => a - b));
    }
  });

  test('hold as they were told', () => {
    expect(at(64 * GiB, 0, { isAsTold: true })).toEqual(at(64 * GiB, 1));
  });
});

describe('what courses may fill', () => {
  const allowance = (unknownShare: number, change = {}) =>
    foreseenAllowance(plainConfig(change), 1000 * GiB, unknownShare) / GiB;

  test('is what claims may fill while nothing is known, and reaches the critical line where all is', () => {
    expect(allowance(1)).toBe(900);
    expect(allowance(0)).toBeCloseTo(980, 3);
    expect(allowance(0.5)).toBeGreaterThan(900);
    expect(allowance(0.5)).toBeLessThan(980);
  });

  test('is never less than claims may fill', () => {
    expect(allowance(0, { overcommit: 1.5 })).toBe(1500);
    expect(allowance(0, { isAsTold: true })).toBe(900);
  });
});
