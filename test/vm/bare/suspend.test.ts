import { expect, test } from 'vitest';
import { ofKind, preemptions } from '../../support/journal-view.js';
import { describeCgroup } from '../support/guard.js';
import { expectNothingLeft } from '../support/host-health.js';
import { runTwoThatGrow } from '../support/two-that-grow.js';

describeCgroup('two that grow beyond what there is', () => {
  expectNothingLeft();

  test('lose no work where the newer one may be frozen', async () => {
    const run = await runTwoThatGrow(470);
    expect(preemptions(run.events), run.story).toEqual([]);
    expect(ofKind(run.events, 'attempt-admitted')).toHaveLength(2);
    const frozen = ofKind(run.events, 'attempt-suspended');
    expect(
      frozen.map(({ task }) => task),
      run.story,
    ).toEqual(['newer']);
    const ended = ofKind(run.events, 'attempt-ended').find(({ task }) => task === 'newer');
    expect(ended?.frozenMs).toBeGreaterThan(1000);
  });

  test('one of them is stopped where what is frozen is too much for the other', async () => {
    const run = await runTwoThatGrow(700);
    expect(ofKind(run.events, 'attempt-suspended')[0]?.task).toBe('newer');
    const [first] = preemptions(run.events);
    expect(first?.task, run.story).toBe('newer');
  });
});
