import { assert, present } from '../util/assert.js';
import type { ConductEvent } from './events.js';
import type { LiveAttempt, PastAttempt, RunState } from './run-state.js';

// What attempts do to themselves, as a part of the state: changed by `evolve` alone, by way of this.

/** An attempt stands still or goes on, its log was cut, or it was put back where it belongs. */
export function followConduct(state: RunState, event: ConductEvent): void {
  const record = present(state.tasks.get(event.task), `task ${event.task} was planned`);
  const { phase } = record;
  assert('attempt' in phase, `task ${event.task} lives when something is said of its conduct`);
  record.phase = { ...phase, attempt: after(phase.attempt, event) };
}

function after(attempt: LiveAttempt, event: ConductEvent): LiveAttempt {
  switch (event.kind) {
    case 'attempt-paused':
      return { ...attempt, pausedAtMs: event.tMs };
    case 'attempt-unpaused':
      return unpaused(attempt);
    case 'log-cut': {
      const leftOutBytes = { ...attempt.leftOutBytes, [event.stream]: event.leftOutBytes };
      return { ...attempt, leftOutBytes };
    }
    case 'attempt-strayed':
    case 'attempt-tampered':
      return attempt;
  }
}

/** The attempt as one that nobody but us has stopped. */
export function unpaused(attempt: LiveAttempt): LiveAttempt {
  const kept = Object.entries(attempt).filter(([name]) => name !== 'pausedAtMs');
  return Object.fromEntries(kept) as unknown as LiveAttempt;
}

/** What is remembered of an attempt's cut logs when it is over. */
export function leftOutOf({ leftOutBytes }: LiveAttempt): Pick<PastAttempt, 'leftOutBytes'> {
  if (leftOutBytes === undefined) return {};
  return { leftOutBytes: (leftOutBytes.stdout ?? 0) + (leftOutBytes.stderr ?? 0) };
}
