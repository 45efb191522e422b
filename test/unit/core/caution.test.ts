import { describe, expect, test } from 'vitest';
import {
  afterCompletion,
  afterPreemption,
  FIRST_CAUTION,
  type Caution,
} from '../../../src/core/caution.js';

function repeat(times: number, before: Caution, step: (caution: Caution) => Caution): Caution {
  let caution = before;
  for (let at = 0; at < times; at += 1) caution = step(caution);
  return caution;
}

const ended = (times: number, before = FIRST_CAUTION): Caution =>
  repeat(times, before, (caution) => afterCompletion(caution, 100));

describe('caution', () => {
  test('is one and a half deviations while nothing is thrown away, however much ends well', () => {
    expect(ended(1000).sigmas).toBe(1.5);
  });

  test('does not grow by what is little beside the work that was done', () => {
    expect(afterPreemption(ended(1000), 900).sigmas).toBe(1.5);
  });

  test('grows with each preemption beyond that, to a bound', () => {
    const once = afterPreemption(ended(10), 50);
    const twice = afterPreemption(once, 50);
    expect(once.sigmas).toBeGreaterThan(1.5);
    expect(twice.sigmas).toBeGreaterThan(once.sigmas);
    expect(repeat(50, once, (caution) => afterPreemption(caution, 50)).sigmas).toBe(3);
  });

  test('falls back as work comes to its end, once it outweighs what was lost', () => {
    const bold = afterPreemption(ended(10), 50);
    expect(ended(30, bold).sigmas).toBe(bold.sigmas);
    const later = ended(60, bold);
    expect(later.sigmas).toBeLessThan(bold.sigmas);
    expect(ended(1000, bold).sigmas).toBe(1.5);
  });

  test('falls less by small tasks', () => {
    const bold = ended(40, afterPreemption(ended(10), 50));
    const fall = (byteMs: number): number => bold.sigmas - afterCompletion(bold, byteMs).sigmas;
    expect(fall(1)).toBeLessThan(fall(100) / 10);
    expect(fall(10_000)).toBeCloseTo(fall(100));
  });
});
