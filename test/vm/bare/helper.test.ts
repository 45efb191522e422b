import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startJobs } from '../../support/cli.js';
import { ofKind, outcomes, verdicts } from '../../support/journal-view.js';
import { until } from '../../support/poll.js';
import { helperOf } from '../../support/processes.js';
import { describeCgroup } from '../support/guard.js';
import { expectNothingLeft } from '../support/host-health.js';

/** The guest is emulated, and may share its host with others. */
const DEADLINE_MS = 60_000;

function cgroupOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim();
}

function oomScoreAdj(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'));
}

describeCgroup('the launch helper', () => {
  expectNothingLeft();

  test('lives beside the supervisor, protected like it; tasks do not', async () => {
    const live = startJobs({ jobs: { a: { run: ['sleep', '600'], preemptible: 'low' } } });
    const [task] = await until(
      'it runs',
      () => {
        const launched = ofKind(live.events(), 'attempt-launched');
        return launched.length > 0 && launched;
      },
      DEADLINE_MS,
    );
    const helper = await until('the helper', () => helperOf(live.pid), DEADLINE_MS);
    expect(cgroupOf(helper)).toBe(cgroupOf(live.pid));
    expect(cgroupOf(helper)).toMatch(/\/supervisor$/);
    expect(oomScoreAdj(helper)).toBe(oomScoreAdj(live.pid));
    expect(oomScoreAdj(helper)).toBe(-900);
    expect(cgroupOf(task!.pid)).toMatch(/\/tasks\/task-0\.1$/);
    expect(oomScoreAdj(task!.pid)).toBe(200);
    live.kill('SIGTERM');
    const run = await live.finished;
    expect(run.exitCode, run.story).toBe(143);
  });

  test('dies: what it had started is ended to the last process, and runs again', async () => {
    const run = 'if [ "$MEMSCHED_ATTEMPT" = 1 ]; then sleep 600 & sleep 600; fi';
    const live = startJobs({ jobs: { a: { run } } });
    await until('it runs', () => ofKind(live.events(), 'attempt-launched').length > 0, DEADLINE_MS);
    process.kill(await until('the helper', () => helperOf(live.pid), DEADLINE_MS), 'SIGKILL');
    const end = await live.finished;
    expect(end.exitCode, end.story).toBe(0);
    expect(verdicts(end.events, 'a')).toEqual(['lost', 'exit']);
    expect(outcomes(end.events)).toEqual({ a: 'succeeded' });
  });
});
