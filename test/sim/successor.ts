import { evolve } from '../../src/core/evolve.js';
import { emptyRunState } from '../../src/core/run-state.js';
import { Supervisor } from '../../src/supervisor/supervisor.js';
import type { Remains } from './recording.js';

/** Goes on where a dead supervisor stopped, as `memsched resume` does: from its journal, with what still lives. */
export function resume({ journal, parts, left }: Remains): Supervisor {
  const state = emptyRunState();
  for (const event of journal) evolve(state, event);
  if (state.started === undefined) return new Supervisor(parts);
  return new Supervisor({
    ...parts,
    plan: { ...parts.plan, config: state.started.config },
    resumption: {
      state,
      lastMs: journal.at(-1)?.tMs ?? 0,
      after: 'death',
      unlearned: journal.filter((event) => event.kind === 'attempt-ended'),
      remains: left,
    },
  });
}
