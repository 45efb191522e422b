import type { ChalkInstance } from 'chalk';
import type { RunEvent } from '../../core/events.js';
import type { RunState } from '../../core/run-state.js';
import type { QuotedLogs } from '../output-masks.js';
import { EtaTracker } from '../eta.js';
import { failureTail } from '../plain.js';
import { createLineTeller, type Weight } from '../plain-lines.js';
import type { Reporter, Verbosity } from '../reporter.js';
import { frame } from './frame.js';
import { LiveArea } from './live-area.js';
import type { Terminal } from './terminal-stream.js';

const TAIL_LINES = 10;
/** The time at the head of a plain line, which the picture has no room for. */
const STAMP = /^\[ *[^\]]+\] /;

/** What the live area is made of. */
export interface LiveOptions {
  readonly terminal: Terminal;
  readonly colour: ChalkInstance;
  readonly logs: QuotedLogs;
  readonly verbosity: Verbosity;
  /** Milliseconds on a clock that never jumps; a parameter for tests. */
  readonly clock?: () => number;
}

/**
 * For a terminal: a picture of the run below, what matters for longer (failures with the end of their output) scrolling
 * away above it.
 */
export function createLiveReporter(options: LiveOptions): Reporter {
  const { colour, logs, verbosity, clock = () => performance.now() } = options;
  const eta = new EtaTracker();
  const tell = createLineTeller();
  let seen: { readonly state: RunState; readonly nowMs: number; readonly at: number } | undefined;
  let note: string | undefined;

  const area = new LiveArea(options.terminal, colour, ({ columns, rows }) => {
    if (seen === undefined) return '';
    // The loop may look at memory rarely; the seconds go on meanwhile.
    const nowMs = seen.nowMs + (clock() - seen.at);
    return frame(seen.state, nowMs, {
      columns,
      rows,
      colour,
      etaMs: eta.etaMs(seen.state, nowMs),
      note,
    });
  });

  return {
    event(event, state) {
      seen = { state, nowMs: event.tMs, at: clock() };
      eta.event(event);
      const told = tell(event, state);
      if (told !== undefined && scrolls(told.weight, verbosity)) {
        area.above([told.text, ...failureTail(event, state, logs, TAIL_LINES)]);
      } else if (told?.weight === 'news' && !isOpening(event)) {
        note = told.text.replace(STAMP, '').replace(/ +/g, ' ');
      }
      if (isUnderWay(event)) area.start();
    },
    tick(state, nowMs) {
      seen = { state, nowMs, at: clock() };
    },
    say(line) {
      if (!area.isDrawn) return false;
      area.above([line]);
      return true;
    },
    close: () => area.close(),
  };
}

/** What is told at the start is in the picture anyway. */
function isOpening(event: RunEvent): boolean {
  return event.kind === 'run-started' || event.kind === 'budget-changed';
}

/** Planning may emit a hundred thousand events: the first picture comes after it. */
function isUnderWay(event: RunEvent): boolean {
  return (
    event.kind !== 'run-started' && event.kind !== 'task-planned' && event.kind !== 'run-ended'
  );
}

function scrolls(weight: Weight, verbosity: Verbosity): boolean {
  return weight === 'key' || verbosity === 'verbose';
}
