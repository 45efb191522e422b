import { describe, expect, test } from 'vitest';
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
