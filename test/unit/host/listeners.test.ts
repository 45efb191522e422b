import { expect, test } from 'vitest';
import { diesOf } from '../../../src/adapters/host/listeners.js';

/** SIGTERM is 15: bit 14. */
const TERM = '0000000000004000';
const NONE = '0000000000000000';

function status(parts: {
  state?: string;
  threads?: number;
  masks?: Record<string, string>;
}): string {
  const { state = 'S (sleeping)', threads = 1, masks = {} } = parts;
  const all = { SigBlk: NONE, SigIgn: NONE, SigCgt: NONE, ...masks };
  const lines = Object.entries(all).map(([name, mask]) => `${name}:\t${mask}`);
  return ['Name:\tx', `State:\t${state}`, `Threads:\t${threads}`, ...lines, ''].join('\n');
}

test.each([
  ['does nothing about it', status({}), true],
  ['catches it', status({ masks: { SigCgt: TERM } }), false],
  ['ignores it', status({ masks: { SigIgn: TERM } }), false],
  ['holds it back', status({ masks: { SigBlk: TERM } }), false],
  ['catches another one', status({ masks: { SigCgt: '0000000000000002' } }), true],
  ['is over', status({ state: 'Z (zombie)', masks: { SigCgt: TERM } }), true],
  ['is over but for other threads', status({ state: 'Z (zombie)', threads: 2 }), false],
  ['does not tell', 'Name:\tx\nState:\tS (sleeping)\nThreads:\t1\n', false],
])('SIGTERM, and a process that %s', (_, text, isDeadly) => {
  expect(diesOf('SIGTERM', text)).toBe(isDeadly);
});
