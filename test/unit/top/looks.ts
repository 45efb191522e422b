import { Chalk } from 'chalk';
import { evolve } from '../../../src/core/evolve.js';
import type { RunEvent } from '../../../src/core/events.js';
import { emptyRunState } from '../../../src/core/run-state.js';
import { EtaTracker } from '../../../src/reporters/eta.js';
import type { RunLook, TopLook } from '../../../src/reporters/tty/top/look.js';
import { MemoryHistory } from '../../../src/reporters/tty/top/memory-history.js';
import { GiB } from '../../../src/util/bytes.js';
import { recorded } from '../../support/journals.js';

/** No colours: what is seen is the text. */
export const PLAIN = new Chalk({ level: 0 });

/** A run as it stood when so much of its journal was written. */
export function runLook(
  events: readonly RunEvent[],
  untilMs = Infinity,
  change: Partial<RunLook> = {},
): RunLook {
  const state = emptyRunState();
  const history = new MemoryHistory();
  const eta = new EtaTracker();
  let nowMs = 0;
  for (const event of events) {
    if (event.tMs > untilMs) break;
    evolve(state, event);
    history.event(event);
    eta.event(event);
    nowMs = event.tMs;
  }
  return {
    runId: state.started?.runId ?? 'run',
    standing: state.ended === undefined ? 'live' : 'ended',
    state,
    nowMs,
    etaMs: eta.etaMs(state, nowMs),
    history,
    ...change,
  };
}

/** A run from a recorded journal; see fixtures/journals. */
export function recordedRun(name: string, untilMs?: number, change?: Partial<RunLook>): RunLook {
  return runLook(recorded(name), untilMs, change);
}

/** What is seen of these runs on a machine of 16 GiB. */
export function topLook(...runs: RunLook[]): TopLook {
  return {
    epochMs: new Date(2026, 10, 25, 18, 40, 3).getTime(),
    host: {
      totalBytes: 16 * GiB,
      availableBytes: 10 * GiB,
      swapTotalBytes: 2 * GiB,
      swapFreeBytes: 1 * GiB,
      pressure: { somePct: 1.25, fullPct: 0.5 },
    },
    runs,
  };
}
