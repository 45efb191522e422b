import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startCli, startJobs } from '../../support/cli.js';
import { endings, ofKind, outcomes, verdicts } from '../../support/journal-view.js';
import { until } from '../../support/poll.js';
import { program } from '../../support/programs.js';
import { tempDir } from '../../support/temp-dir.js';
import { describeCgroup } from '../support/guard.js';
import { expectNothingLeft } from '../support/host-health.js';

const MiB = 2 ** 20;
/** The guest is emulated, and may share its host with others. */
const DEADLINE_MS = 120_000;

describeCgroup('a supervisor that is killed', () => {
  expectNothingLeft();

  test('leaves its tasks to the next one, with peak, exit status and OOM counters', async () => {
    const folder = tempDir();
    const go = `until [ -e ${folder}/go ]; do sleep 0.2; done`;
    const jobs = {
      large: {
        run: `${program('alloc')} --mib 150 --hold 1\ntouch ${folder}/peaked\n${go}`,
        memory: '200M',
      },
      greedy: {
        run: `${go}; exec ${program('alloc')} --mib 200 --hold 60`,
        memory: { limit: '100M' },
      },
    };
    const live = startJobs({ jobs });
    const { stateHome } = live;
    await until(
      'the peak was reached',
      () => existsSync(join(folder, 'peaked')),
      DEADLINE_MS,
    ).catch(async (error: unknown) => {
      live.kill('SIGTERM');
      throw new Error((await live.finished).story, { cause: error });
    });
    await until(
      'both run',
      () => ofKind(live.events(), 'attempt-launched').length === 2,
      DEADLINE_MS,
    );
    live.kill('SIGKILL');
    await live.finished;
    const next = startCli(['resume'], { stateHome });
    await until(
      'it is resumed',
      () => ofKind(next.events(), 'run-resumed').length === 1,
      DEADLINE_MS,
    );
    writeFileSync(join(folder, 'go'), '');
    const end = await next.finished;
    expect(ofKind(end.events, 'run-resumed')[0]?.adopted, end.story).toHaveLength(2);
    expect(outcomes(end.events), end.story).toEqual({ large: 'succeeded', greedy: 'oom-killed' });
    expect(endings(end.events, 'large')[0]?.peakBytes).toBeGreaterThan(150 * MiB);
    expect(verdicts(end.events, 'greedy')[0]).toBe('own-limit');
    expect(readFileSync('/proc/self/cgroup', 'utf8')).not.toContain('memsched');
  });
});
