import { expect, test } from 'vitest';
import type { WaitReason } from '../../../src/core/reasons.js';
import { Refusals } from '../../../src/core/refusals.js';

const small = { forMemory: 'small any', forOthers: 'any' };
const large = { forMemory: 'large any', forOthers: 'any' };

test('who needs another amount of memory is refused for everything else alike', () => {
  const refusals = new Refusals();
  const memory: WaitReason = { kind: 'slow-start', group: 'g', running: 2, limit: 2 };
  refusals.note(large, memory);
  expect([refusals.of(large), refusals.of(small)]).toEqual([memory, undefined]);
  const cpus: WaitReason = { kind: 'cpus', wanted: 1, inUse: 2, capacity: 2 };
  refusals.note(small, cpus);
  expect([refusals.of(large), refusals.of(small), refusals.size]).toEqual([cpus, cpus, 2]);
});
