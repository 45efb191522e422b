import type { RunEvent } from '../../../src/core/events.js';
import type { EventSink } from '../../../src/supervisor/ports.js';
import { nothingIsLeftOpen } from '../checkers/attempts.js';
import { brakeStaysAboveUse } from '../checkers/brake.js';
import { budgetIsRespected } from '../checkers/budget.js';
import { levelZeroIsLeftAlone } from '../checkers/preemption.js';
import { deathLosesNothing } from '../checkers/replay.js';
import type { Checker } from '../checkers/checker.js';
import { withHost, type Spoil } from '../spoil.js';

/** Bugs at work in runs of many seeds, each of which one promise must give away in at least one of them. */
export const AT_WORK: readonly (readonly [bug: string, caughtBy: Checker, spoil: Spoil])[] = [
  [
    'the host shows half of what is used',
    budgetIsRespected,
    withHost((host) => ({
      observe: () => {
        const sample = host.observe();
        return { ...sample, usedBytes: sample.usedBytes / 2 };
      },
    })),
  ],
  [
    'the brake is drawn where it would be for half of what is used',
    brakeStaysAboveUse,
    withHost((host) => ({
      limitTree: ({ highBytes, maxBytes }) => {
        const { usedBytes } = host.observe();
        host.limitTree({ highBytes: usedBytes / 2, maxBytes });
        host.limitTree({ highBytes, maxBytes });
      },
    })),
  ],
  [
    'an attempt that is still there is taken for cleared away',
    nothingIsLeftOpen,
    withHost((host) => ({
      close: (ref) => {
        const tally = host.close(ref);
        return tally === 'populated' ? { peakBytes: 0, cpuMs: 0 } : tally;
      },
    })),
  ],
  [
    'deeds are written down after they are done',
    deathLosesNothing,
    (parts) => ({ ...parts, sink: behind(parts.sink) }),
  ],
  [
    'what is expendable is signalled without being asked',
    levelZeroIsLeftAlone,
    withHost((host) => ({
      adopt: (ref) => {
        host.signal(ref, 'SIGTERM');
      },
    })),
  ],
];

/** Writes down what it was told the time before. */
function behind(sink: EventSink): EventSink {
  let last: readonly RunEvent[] = [];
  return {
    emit: (events) => {
      if (last.length > 0) sink.emit(last);
      last = events;
    },
  };
}
