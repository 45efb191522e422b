import { expect, test } from 'vitest';
import { runJobs } from '../../support/cli.js';
import { ofKind, outcomes, preemptions } from '../../support/journal-view.js';
import { describeCgroup } from '../support/guard.js';
import { countingOomKills, expectNothingLeft } from '../support/host-health.js';
import {
  alloc,
  allocAfter,
  allocCurve,
  allocUntilDone,
  allocUntilStopped,
  type Job,
} from '../support/jobs.js';

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
    // A wave every few seconds, each of which needs the victim's room; the victim needs longer than one wave.
    const wave = (number: number): Job =>
      allocCurve(
        [
          [0, 0],
          [2, 450],
          [4, 450],
        ],
        {
          memory: '50M',
          cpus: 0,
          group: `wave-${String(number)}`,
          ...(number === 1 ? {} : { needs: [`wave-${String(number - 1)}`] }),
        },
      );
    const waves = Array.from({ length: 12 }, (_, at) => [`wave-${String(at + 1)}`, wave(at + 1)]);
    const victim = alloc(450, 0, 10, { memory: '400M', cpus: 0, preemptible: 'always' });
    const jobs = { ...Object.fromEntries(waves), victim } as Record<string, Job>;
    const [run, kills] = await countingOomKills(() =>
      runJobs({ memory: { budget: '1000M' }, jobs }),
    );
    expect(run.exitCode, run.story).toBe(0);
    expect(kills).toBe(0);
    const times = preemptions(run.events).length;
    expect(times, run.story).toBeGreaterThanOrEqual(3);
    expect(times, run.story).toBeLessThanOrEqual(5);
    expect(outcomes(run.events)['victim']).toBe('succeeded');
    expect(new Set(preemptions(run.events).map(({ task }) => task))).toEqual(new Set(['victim']));
  });
});
