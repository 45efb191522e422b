import { assert } from '../util/assert.js';
import { queueLength } from './queue.js';
import type { RunState } from './run-state.js';

/**
 * What must hold after every tick; cheap enough to stay on.
 *
 * @throws InvariantError naming the first that does not.
 */
export function checkInvariants(state: RunState): void {
  assert(state.unfinished >= state.live.size, 'live tasks are unfinished');
  assert(
    queueLength(state.queue) + state.live.size <= state.unfinished,
    'a task is queued or live, not both',
  );
  assert(state.inUse.cpus >= -1e-6, 'processors are not given back twice');
  for (const [name, count] of state.inUse.resources)
    assert(count >= 0, `resource ${name} is not given back twice`);
  for (const [name, count] of state.inUse.concurrency)
    assert(count >= 0, `group ${name} is not left twice`);
  for (const record of state.live.values()) {
    assert('attempt' in record.phase, `task ${record.spec.id} is live and has an attempt`);
    assert(
      record.phase.attempt.number === record.attempts,
      `task ${record.spec.id} runs its newest attempt`,
    );
  }
  if (state.ended !== undefined)
    assert(state.live.size === 0, 'nobody runs when the run has ended');
}
