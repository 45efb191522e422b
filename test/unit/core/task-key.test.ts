import { expect, test } from 'vitest';
import { taskKeyOf } from '../../../src/core/task-key.js';
import type { TaskSpec } from '../../../src/core/task-spec.js';
import { plainTask } from '../../sim/specs.js';

const keyOf = (job: string, matrix: TaskSpec['matrix'] = {}, more: Partial<TaskSpec> = {}) =>
  taskKeyOf(plainTask('any', { job, matrix, ...more }));

test('the same job and row have the same key, whatever else changes', () => {
  const key = keyOf('align', { sample: 'a', lane: '1' });
  expect(keyOf('align', { sample: 'a', lane: '1' }, { id: 'other', index: 7, priority: 3 })).toBe(
    key,
  );
  expect(keyOf('align', { lane: '1', sample: 'a' })).toBe(key);
  expect(keyOf('align', { sample: 'b', lane: '1' })).not.toBe(key);
  expect(keyOf('sort', { sample: 'a', lane: '1' })).not.toBe(key);
});

test('a thousand rows have a thousand keys', () => {
  const keys = Array.from({ length: 1000 }, (_, row) => keyOf('job', { row: String(row) }));
  expect(new Set(keys).size).toBe(1000);
  for (const key of keys) expect(Number.isInteger(key) && key >= 0 && key < 2 ** 32).toBe(true);
});

test('keys are stored, so they stay what they are', () => {
  expect(keyOf('align', { sample: 'ä' })).toMatchInlineSnapshot(`1753766528`);
});
