import { present } from '../../../src/util/assert.js';
import { deathLosesNothing, replayGivesTheState } from '../checkers/replay.js';
import { changed, dead, diedOtherwise, isA, run, withEvents, type Planted } from './doctor.js';

/** Bugs about what is written down. */
export const JOURNAL: readonly Planted[] = [
  [
    'the last look at memory is missing from the journal',
    replayGivesTheState,
    () => {
      const last = run.events.findLastIndex(isA('sampled'));
      return withEvents((events) => events.filter((_, at) => at !== last));
    },
  ],
  [
    'an event was written wrongly',
    replayGivesTheState,
    () => changed('attempt-ended', (event) => ({ ...event, peakBytes: event.peakBytes + 1 })),
  ],
  [
    'an event is missing from the journal of the dead',
    deathLosesNothing,
    () => diedOtherwise({ journal: present(dead.death, 'it died').journal.slice(1) }),
  ],
  [
    'an attempt runs on of which the journal of the dead says nothing',
    deathLosesNothing,
    () => diedOtherwise({ open: [{ task: 'last', attempt: 1 }] }),
  ],
  [
    'a torn line is glued to what comes after it',
    deathLosesNothing,
    () => diedOtherwise({ continued: present(dead.death, 'it died').journal }),
  ],
  [
    'the journal of the dead does not replay',
    deathLosesNothing,
    () => {
      const journal = present(dead.death, 'it died').journal.map((event) =>
        event.kind === 'attempt-ended'
          ? { ...event, kind: 'tick-late' as const, lateMs: 0 }
          : event,
      );
      const { sequel } = present(dead.death, 'it died');
      const told = { ...diedOtherwise({ journal, continued: [...journal, sequel] }) };
      return { ...told, events: journal };
    },
  ],
];
