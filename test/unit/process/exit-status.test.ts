import { expect, test } from 'vitest';
import { exitStatusOf } from '../../../src/adapters/process/exit-status.js';

test.each([
  [0, { kind: 'code', code: 0 }],
  [3 << 8, { kind: 'code', code: 3 }],
  [255 << 8, { kind: 'code', code: 255 }],
  [9, { kind: 'signal', signal: 'SIGKILL' }],
  [6, { kind: 'signal', signal: 'SIGABRT' }],
  [29, { kind: 'signal', signal: 'SIGIO' }],
  // 128: it left a core file.
  [11 | 128, { kind: 'signal', signal: 'SIGSEGV' }],
  [32, { kind: 'signal', signal: 'SIG32' }],
  [34, { kind: 'signal', signal: 'SIGRTMIN' }],
  [35, { kind: 'signal', signal: 'SIGRTMIN+1' }],
  [64, { kind: 'signal', signal: 'SIGRTMIN+30' }],
])('wait status %i is %j', (waitStatus, exit) => {
  expect(exitStatusOf(waitStatus)).toEqual(exit);
});
