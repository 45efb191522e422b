import type { NodeSignal } from './task-spec.js';
import { requestStop } from './stopping.js';
import { emit, liveAttemptOf, refOf, type Tick } from './tick.js';

/** Signals that ask for an end; whoever gets one passed on may still decide otherwise. */
const ENDING: readonly NodeSignal[] = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'];

/**
 * Hands a signal on to the tasks that run: what they make of it is theirs to decide, so nobody is timed or killed for
 * it. One that asks for an end is told of, and what ends after it is not tried again; who has not started yet is stopped.
 */
export function passSignal(tick: Tick, signal: NodeSignal): void {
  const running = [...tick.state.live.values()].filter(
    (record) => liveAttemptOf(record)?.launched !== undefined,
  );
  if (ENDING.includes(signal)) {
    if (running.length === 0) {
      requestStop(tick, { signal });
      return;
    }
    emit(tick, { kind: 'stop-requested', signal, times: (tick.state.stop?.times ?? 0) + 1 });
  }
  for (const record of running) tick.actions.push({ kind: 'signal', ...refOf(record), signal });
}
