import { describe, expect, it } from 'vitest';
import { LimitWarner, SampledLimit } from '../../../src/adapters/host/sampled-limit.js';

describe('SampledLimit', () => {
  it('once over, always over, and told as seen by sampling: the kernel has counted nothing', () => {
    const limit = new SampledLimit(100);
    expect(limit.check(100)).toBe(false);
    expect(limit.counters()).toBeUndefined();
    expect(limit.check(101)).toBe(true);
    expect(limit.check(5)).toBe(true);
    expect(limit.counters()).toEqual({ oomKill: 0, oom: 0, max: 0, of: 'sampled' });
  });

  it('without a limit there is nothing to count', () => {
    const limit = new SampledLimit(undefined);
    expect(limit.check(1e15)).toBe(false);
    expect(limit.counters()).toBeUndefined();
  });
});

describe('LimitWarner', () => {
  it('says each thing once', () => {
    const said: string[] = [];
    const warner = new LimitWarner((sentence) => said.push(sentence));
    warner.noteLimits({});
    warner.noteLimits({ limitBytes: 1 });
    warner.noteLimits({ limitBytes: 2, swapBytes: 0 });
    warner.noteLimits({ swapBytes: 0 });
    expect(said).toHaveLength(2);
  });
});
