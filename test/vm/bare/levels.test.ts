import { expect, test } from 'vitest';
import { runJobs } from '../../support/cli.js';
import { ofKind, outcomes, preemptions, verdicts } from '../../support/journal-view.js';
import { program } from '../../support/programs.js';
import { describeCgroup } from '../support/guard.js';
import { countingOomKills, expectNothingLeft } from '../support/host-health.js';
import { allocAfter, allocUntilDone, allocUntilStopped, type Job } from '../support/jobs.js';

describeCgroup('who is preempted', () => {
  expectNothingLeft();

  test('levels go from 4 to 1, and level 0 is never stopped by us', async () => {
    const keys = { memory: '50M', cpus: 0, on_preempt: { grace: '1s' } };
    const at = (level: number): Job => allocUntilStopped(150, { ...keys, preemptible: level });
    const jobs = {
      two: at(2),
      zero: allocUntilDone(150, keys),
      four: at(4),
      one: at(1),
      three: at(3),
      // Grows when all others are up (780 of 1000 MiB), and takes the room of four of them, one by one.
      grower: allocAfter(
        5,
        [
          [12, 600],
          [14, 600],
        ],
        keys,
      ),
    };
    const [run, kills] = await countingOomKills(() =>
      runJobs({ memory: { budget: '1000M' }, jobs }),
    );
    expect(run.exitCode, run.story).toBe(0);
    expect(kills).toBe(0);
    const order = preemptions(run.events).map(({ task }) => task);
    expect([...new Set(order)], run.story).toEqual(['four', 'three', 'two', 'one']);
    const stopped = ofKind(run.events, 'attempt-stopping').map(({ task }) => task);
    expect(stopped).not.toContain('zero');
    expect(stopped).not.toContain('grower');
    expect(Object.values(outcomes(run.events))).toEqual(Array(6).fill('succeeded'));
  });

  test('a task that is preempted again and again still finishes', async () => {
    const keys = { memory: '50M', cpus: 0 };
    // Grows until the victim has gone or is done, then ebbs: as soon as the victim is back, so is the tide.
    const tide = [
      'while :; do',
      '  until [ -s ready.victim ]; do [ -e done ] && exit 0; sleep 0.2; done',
      `  ${program('alloc')} --mib 460 --ramp 3 --hold 300 & wave=$!`,
      '  while kill -0 "$(cat ready.victim)" 2>/dev/null; do sleep 0.2; done',
      '  rm ready.victim; kill $wave; wait $wave || true',
      'done',
    ].join('\n');
    const victim = [
      'hold=300; if [ "$MEMSCHED_PREEMPTIONS" -ge 5 ]; then hold=10; fi',
      `${program('alloc')} --mib 460 --hold $hold --ready ready.victim`,
      'touch done',
    ].join('\n');
    const jobs = {
      tide: { run: tide, ...keys },
      victim: { run: victim, ...keys, preemptible: 'always' },
    };
    const [run, kills] = await countingOomKills(() =>
      runJobs({ memory: { budget: '1000M' }, jobs }),
    );
    expect(run.exitCode, run.story).toBe(0);
    expect(kills).toBe(0);
    expect(outcomes(run.events)).toEqual({ tide: 'succeeded', victim: 'succeeded' });
    // Five times is enough; then it is left alone, although the tide comes in once more.
    expect(verdicts(run.events, 'victim'), run.story).toEqual([
      ...(Array(5).fill('preempted') as string[]),
      'exit',
    ]);
    expect(verdicts(run.events, 'tide'), run.story).toEqual(['exit']);
  });
});
