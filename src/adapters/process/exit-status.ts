import { constants } from 'node:os';
import type { ExitStatus } from '../../core/outcome.js';
import type { NodeSignal } from '../../core/task-spec.js';

/** The first real-time signal that programs may use; 32 and 33 are the C library's own (signal(7)). */
const SIGRTMIN = 34;

const NAMES = new Map<number, NodeSignal>(
  // Of several names for a number the first is the usual one.
  Object.entries(constants.signals)
    .toReversed()
    .map(([name, number]) => [number, name as NodeSignal]),
);

/** What a status of wait(2) says: the signal is in its low 7 bits, the exit code in the next 8. */
export function exitStatusOf(waitStatus: number): ExitStatus {
  const signal = waitStatus & 0x7f;
  if (signal === 0) return { kind: 'code', code: (waitStatus >> 8) & 0xff };
  return { kind: 'signal', signal: signalName(signal) };
}

function signalName(signal: number): NodeSignal {
  const name = NAMES.get(signal);
  if (name !== undefined) return name;
  if (signal < SIGRTMIN) return `SIG${signal}`;
  return signal === SIGRTMIN ? 'SIGRTMIN' : `SIGRTMIN+${signal - SIGRTMIN}`;
}
