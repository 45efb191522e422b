import { readFileSync } from 'node:fs';
import { execaSync } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { MiB } from '../../../../src/util/bytes.js';
import { ofKind, preemptions } from '../../../support/journal-view.js';
import { describeEnvironment } from '../../support/guard.js';
import { expectNothingLeft } from '../../support/host-health.js';
import { runTwoThatGrow } from '../../support/two-that-grow.js';

const PAGE_BYTES = 4096;

/** What has been moved to swap since boot. */
function swappedOutBytes(): number {
  const pages = /^pswpout (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1];
  return Number(pages) * PAGE_BYTES;
}

describeEnvironment('a frozen task where there is swap', () => {
  expectNothingLeft();

  test('is moved out, so that the older one finishes, and goes on', async () => {
    // The guest's other tests want none.
    execaSync('swapoff', ['-a']);
    execaSync('swapon', ['/dev/vda']);
    onTestFinished(() => {
      execaSync('swapoff', ['-a']);
    });
    const before = swappedOutBytes();
    // Without swap what is frozen of the newer one would leave the older one too little.
    const run = await runTwoThatGrow(700);
    expect(preemptions(run.events), run.story).toEqual([]);
    const [frozen] = ofKind(run.events, 'attempt-suspended');
    expect(frozen, run.story).toMatchObject({ task: 'newer' });
    expect(frozen?.reclaimBytes).toBeGreaterThan(100 * MiB);
    expect(swappedOutBytes() - before).toBeGreaterThan(100 * MiB);
  });
});
