import { describe, expect, test } from 'vitest';
import type { TaskSpec } from '../../../src/core/task-spec.js';
import { unknownShareOf } from '../../../src/core/unknowns.js';
import { GiB } from '../../../src/util/bytes.js';
import { plainTask } from '../../sim/specs.js';
import { Loop } from './loop.js';

const like = (id: string, change: Partial<TaskSpec> = {}): TaskSpec =>
  plainTask(id, { group: 'like', preemptible: 1, cpus: 0, ...change });

/** A run in which three tasks of a group have finished with a peak of 1 GiB, and these are running. */
function after(tasks: readonly TaskSpec[], use: Record<string, number>): number {
  const known = ['k1', 'k2', 'k3'].map((id) => like(id));
  const loop = new Loop([...known, ...tasks]);
  for (const { id } of known) {
    loop.reconfigure({ maxParallel: 1 });
    loop.tick();
    loop.launchAll({ afterMs: 1000, use: { [id]: 1 * GiB } });
    loop.end(id, undefined, { peakBytes: 1 * GiB });
  }
  loop.reconfigure({ maxParallel: 9 });
  for (let at = 0; at < 3; at += 1) loop.tick();
  loop.launchAll({ afterMs: 1000, use });
  return unknownShareOf(loop.state, loop.control, loop.nowMs);
}

describe('what may surprise', () => {
  test('is everything while nobody runs', () => {
    const loop = new Loop([like('a')]);
    expect(unknownShareOf(loop.state, loop.control, 0)).toBe(1);
  });

  test('is nothing where all are of a known kind', () => {
    expect(after([like('a'), like('b')], { a: GiB / 2, b: GiB })).toBe(0);
  });

  test('is a stranger by what it claims', () => {
    const share = after([like('a'), like('s', { group: 'other' })], { a: GiB, s: 3 * GiB });
    expect(share).toBeGreaterThan(0.7);
    expect(share).toBeLessThan(1);
  });

  test('is one that has gone beyond all of its kind', () => {
    const share = after([like('a'), like('b')], { a: GiB / 2, b: 3 * GiB });
    expect(share).toBeGreaterThan(0.6);
    expect(share).toBeLessThan(1);
  });

  test.each([
    ['nothing could stop', { preemptible: 0 }],
    [
      'does not go by its past',
      { profile: 'none', memory: { grow: { kind: 'none' }, requestBytes: GiB } },
    ],
  ] satisfies [string, Partial<TaskSpec>][])('is one that %s', (_, change) => {
    expect(after([like('a', change)], { a: GiB / 2 })).toBe(1);
  });
});
