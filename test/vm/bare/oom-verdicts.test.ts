import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MiB } from '../../../src/util/bytes.js';
import { runJobs, startJobs } from '../../support/cli.js';
import { endings, outcomes, requeues, verdicts } from '../../support/journal-view.js';
import { program } from '../../support/programs.js';
import { hog } from '../support/actors.js';
import { freshCgroup } from '../support/cgroup.js';
import { describeCgroup } from '../support/guard.js';
import { countingOomKills, expectNothingLeft } from '../support/host-health.js';
import { alloc, allocUntilStopped } from '../support/jobs.js';
import { until } from '../support/until.js';

describeCgroup('who killed it', () => {
  expectNothingLeft();

  test('a task over its own limit: its own fault, with numbers, and the limit grows', async () => {
    const memory = { request: '100M', limit: '150M', grow: 2, max: '600M' };
    const [run, kills] = await countingOomKills(() =>
      runJobs({ jobs: { hungry: alloc(250, 0, 1, { memory }) } }),
    );
    expect(run.exitCode, run.story).toBe(0);
    expect(verdicts(run.events, 'hungry'), run.story).toEqual(['own-limit', 'exit']);
    const [first] = endings(run.events, 'hungry');
    expect(first?.verdict).toMatchObject({ kind: 'own-limit', limitBytes: 150 * MiB });
    if (first?.verdict.kind === 'own-limit') {
      expect(first.verdict.oom.oomKill).toBeGreaterThan(0);
      expect(first.verdict.oom.oom).toBeGreaterThan(0);
      expect(first.verdict.peakBytes).toBeGreaterThan(140 * MiB);
      expect(first.verdict.peakBytes).toBeLessThanOrEqual(150 * MiB);
    }
    const [requeue] = requeues(run.events, 'hungry');
    expect(requeue?.cause).toEqual({
      kind: 'limit-grown',
      fromBytes: 150 * MiB,
      toBytes: 300 * MiB,
    });
    expect(outcomes(run.events)).toEqual({ hungry: 'succeeded' });
    // The kernel may count a process twice when it takes it as a group of one.
    expect(kills).toBeGreaterThan(0);
  });

  test('a task over its own limit that may not grow: oom-killed, and the run fails', async () => {
    const job = alloc(250, 0, 1, { memory: { limit: '150M' } });
    const run = await runJobs({ jobs: { hungry: job } });
    expect(run.exitCode, run.story).toBe(1);
    expect(verdicts(run.events, 'hungry')).toEqual(['own-limit']);
    expect(outcomes(run.events)).toEqual({ hungry: 'oom-killed' });
  });

  test('a task that the kernel takes for the sake of others: a bystander, run again, not counted as its failure', async () => {
    const house = freshCgroup();
    house.write('memory.max', 900 * MiB);
    house.write('memory.swap.max', 0);
    const [ours, neighbour] = [house.child('ours'), house.child('neighbour')];
    const jobs = { bystander: allocUntilStopped(300, { memory: '310M', retries: 0 }) };
    const live = startJobs({ jobs }, ['--budget', '400M'], { cgroup: ours.path });
    await until('the task has its memory', () => ours.value('memory.stat', 'anon') > 300 * MiB);

    // Larger than the room that is left, and out of the OOM killer's reach: the task is all that it can take.
    const bully = neighbour.spawn(['sh', '-c', 'read go && exec "$@"', 'sh', ...hog(640)], 'pipe');
    writeFileSync(`/proc/${bully.pid ?? 0}/oom_score_adj`, '-1000');
    bully.stdin?.write('go\n');
    await until('the kernel took it', () => endings(live.events(), 'bystander').length > 0);
    neighbour.write('cgroup.kill', 1);

    const run = await live.finished;
    expect(run.exitCode, run.story).toBe(0);
    expect(verdicts(run.events, 'bystander'), run.story).toEqual(['bystander', 'exit']);
    expect(requeues(run.events, 'bystander').map(({ cause }) => cause)).toEqual([
      { kind: 'bystander', times: 1 },
    ]);
    expect(outcomes(run.events)).toEqual({ bystander: 'succeeded' });
  });

  test('tmpfs counts as used memory, although no process has it mapped', async () => {
    const jobs = { filler: { run: [program('fill-tmpfs'), '/dev/shm', '300', '4'] } };
    const run = await runJobs({ jobs });
    expect(run.exitCode, run.story).toBe(0);
    const seen = run.events.flatMap((event) =>
      event.kind === 'sampled' ? event.attempts.map(({ usedBytes }) => usedBytes) : [],
    );
    expect(Math.max(...seen), run.story).toBeGreaterThan(300 * MiB);
    expect(endings(run.events, 'filler')[0]?.peakBytes).toBeGreaterThan(300 * MiB);
  });
});
