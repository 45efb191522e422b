import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runJobs } from '../../support/cli.js';
import { ofKind, verdicts } from '../../support/journal-view.js';
import { counted, saverAndGrower, SMALL_BUDGET } from '../../support/savers.js';
import { tempDir } from '../../support/temp-dir.js';
import { describeCgroup } from '../support/guard.js';
import { countingOomKills, expectNothingLeft } from '../support/host-health.js';

/** Twenty seconds of counting: the emulated guest takes half of them until a task is preempted. */
const TO = 200;

describeCgroup('work that is saved', () => {
  expectNothingLeft();

  test('a preempted task goes on from its checkpoint, and nothing is counted twice that was saved', async () => {
    const folder = tempDir();
    const jobs = saverAndGrower(folder, TO, { signal: 'SIGUSR1', timeout: '60s' });
    const [run, kills] = await countingOomKills(() => runJobs({ memory: SMALL_BUDGET, jobs }));
    expect(run.exitCode, run.story).toBe(0);
    expect(kills).toBe(0);
    expect(verdicts(run.events, 'saver'), run.story).toEqual(['preempted', 'exit']);
    expect(ofKind(run.events, 'checkpoint-made')[0], run.story).toMatchObject({ how: 'folder' });
    const all = counted(folder);
    expect(new Set(all).size).toBe(TO);
    expect(all.length).toBeLessThan(TO + 50);
  });

  test('a command saves the work from inside of the attempt’s cgroup', async () => {
    const folder = tempDir();
    const run = [
      `cat /proc/self/cgroup > ${folder}/where`,
      'pkill -USR1 -P "$MEMSCHED_PID"',
      'until [ -e "$MEMSCHED_CHECKPOINT_DIR/count" ]; do sleep 0.1; done',
    ].join('\n');
    const jobs = saverAndGrower(folder, TO, { run, timeout: '60s' });
    const [done, kills] = await countingOomKills(() => runJobs({ memory: SMALL_BUDGET, jobs }));
    expect(done.exitCode, done.story).toBe(0);
    expect(kills).toBe(0);
    expect(ofKind(done.events, 'checkpoint-made')[0], done.story).toMatchObject({ how: 'hook' });
    expect(readFileSync(`${folder}/where`, 'utf8')).toMatch(/tasks\/task-\d+\.1$/m);
  });
});
