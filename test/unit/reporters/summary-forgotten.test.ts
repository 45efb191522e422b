import { Chalk } from 'chalk';
import { describe, expect, test } from 'vitest';
import { evolve } from '../../../src/core/evolve.js';
import type { Outcome } from '../../../src/core/outcome.js';
import { emptyRunState, type RunState } from '../../../src/core/run-state.js';
import { createSummaryReporter, notShown } from '../../../src/reporters/summary.js';
import { formatCount } from '../../../src/util/count.js';
import { plainTask } from '../../sim/specs.js';
import { textOutput } from '../../support/journals.js';
import { started } from '../journal/events.js';

describe('with more tasks than are remembered', () => {
  const MANY = 20_000;

  /** A run whose tasks come while it goes on, and each ends as told. */
  function long(outcomeOf: (at: number) => Outcome): RunState {
    const state = emptyRunState();
    evolve(state, { ...started, isStreaming: true, tasks: 0 });
    for (let tMs = 0; tMs < MANY; tMs += 1) {
      const task = `t${tMs}`;
      evolve(state, {
        kind: 'task-planned',
        tMs,
        spec: plainTask(task, { job: 'map', index: tMs }),
      });
      evolve(state, { kind: 'task-finished', tMs, task, outcome: outcomeOf(tMs) });
    }
    return state;
  }

  test('all failures count', async () => {
    const out = textOutput();
    const reporter = createSummaryReporter({
      out,
      colour: new Chalk({ level: 0 }),
      isQuiet: false,
    });
    await reporter.close(long(() => 'failed'));
    expect(out.text()).toContain(`\n… and ${MANY - 10} more: `);
    expect(out.text()).toContain('\n19,950 more tasks failed or preempted: ');
  });

  test.each([
    [() => 'succeeded', /^[\d,]+ finished tasks more, which succeeded: /, /^$/],
    [() => 'failed', /^[\d,]+ finished tasks more, which failed: /, /^[\d,]+ failed tasks more: /],
    [() => 'canceled', /^[\d,]+ finished tasks more, which did not run to their end: /, /^$/],
    [
      (at) => (at % 4 === 0 ? 'succeeded' : 'failed'),
      /^[\d,]+ finished tasks more, \d+ succeeded, \d+ failed: /,
      /^[\d,]+ failed tasks more: /,
    ],
  ] as [(at: number) => Outcome, RegExp, RegExp][])(
    'it is said what became of those that are not shown (%#)',
    (outcomeOf, all, failed) => {
      const state = long(outcomeOf);
      expect(notShown(state, false)).toMatch(all);
      expect(notShown(state, true)).toMatch(failed);
      expect(notShown(state, false)).toContain(`${formatCount(MANY - state.tasks.size)} finished`);
    },
  );
});
