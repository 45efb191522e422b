import { expect, test } from 'vitest';
import { MiB } from '../../../src/util/bytes.js';
import { runJobs } from '../../support/cli.js';
import { levelsSeen, ofKind, outcomes, preemptions } from '../../support/journal-view.js';
import { program } from '../../support/programs.js';
import { describePageCache } from '../support/guard.js';
import { countingOomKills, expectNothingLeft } from '../support/host-health.js';
import { alloc } from '../support/jobs.js';

/** A folder with 1.5 GB of files on a file system with a page cache: run-in-guest.sh makes it. */
const FILES = process.env['MEMSCHED_PAGE_CACHE_FILES'] ?? '';

describePageCache('a page cache larger than the host', () => {
  expectNothingLeft();

  test('nobody is held back or preempted for 1.5 GB of files read in 1 GB of memory', async () => {
    const jobs = {
      reader: { run: [program('page-cache'), '--mib', '1536', '--dir', FILES], memory: '60M' },
      worker: alloc(100, 2, 15, { memory: '60M', cpus: 0, preemptible: 'always' }),
    };
    const [run, kills] = await countingOomKills(() => runJobs({ jobs }));
    expect(run.exitCode, run.story).toBe(0);
    expect(outcomes(run.events)).toEqual({ reader: 'succeeded', worker: 'succeeded' });
    expect(kills).toBe(0);
    expect(preemptions(run.events), run.story).toEqual([]);
    expect([...levelsSeen(run.events)], run.story).toEqual([]);
    const used = ofKind(run.events, 'sampled').map(({ numbers }) => numbers.usedBytes);
    expect(Math.max(...used), 'the cache never counted').toBeLessThan(200 * MiB);
  });
});
