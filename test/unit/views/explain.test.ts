import { describe, expect, test } from 'vitest';
import { evolve } from '../../../src/core/evolve.js';
import { emptyRunState } from '../../../src/core/run-state.js';
import { Story, storyText } from '../../../src/reporters/views/explain.js';
import { queueView } from '../../../src/reporters/views/queue-words.js';
import { recorded, stateAt } from '../../support/journals.js';

function storyOf(name: string, task: string): string {
  const state = emptyRunState();
  const story = new Story(task);
  for (const event of recorded(name)) {
    evolve(state, event);
    story.add(event, state);
  }
  return `\n${storyText(story.entries)}\n`;
}

describe('the story of a task', () => {
  test('preempted, with every candidate, and run again', () => {
    expect(storyOf('preempted-then-succeeded', 'align.c')).toMatchInlineSnapshot(`
      "
          0.0s   queued: preemptible level 3, request 200M
          0.0s   attempt 1 is admitted: it fits: estimate 200M (as declared) on top of claims 1.1G, of the 1.4G that claims may fill; it passed 1 task that must wait
                 used 0B of budget 1.5G, host has 1.9G available
          0.0s   runs as process 1005
          3.0s   level open → hold: used 1.2G of budget 1.5G, growing 499M/s, host has 633M available; the line for hold is 1.2G
          3.1s   level hold → critical: at this rate the budget of 1.5G is full before a kill takes effect; used 1.3G of budget 1.5G, growing 491M/s, host has 586M available
          3.2s   is preempted, killed at once: level critical: used 1.3G of budget 1.5G, growing 485M/s, host has 539M available; aims at 1.3G; 1 of 7 running chosen
                 CANDIDATE  ATTEMPT   AGE  USED  ESTIMATE  VERDICT
                 align.c          1  3.2s  340M      200M  taken, rank 1, level 3 (high)
                 align.b          1  3.2s  340M      200M  spared, rank 2, level 3 (high)
                 align.a          1  3.2s  340M      200M  spared, rank 3, level 3 (high)
                 align.d          1  1.3s  111M      200M  spared, rank 4, level 3 (high)
                 index.b          1  1.3s   84M      200M  spared, rank 5, level 1 (low)
                 index.a          1  1.3s   84M      200M  spared, rank 6, level 1 (low)
                 small.c          1  1.3s   60M       78M  not touched: not preemptible
          3.2s   its main process is ended by SIGKILL
          3.2s   attempt 1 is over: preempted at a peak of 340M
                 ran 3.2s, processor time 2.3s, peak 340M
          3.2s   runs again after preemption 1, estimate at least 440M, in 1.0s at the earliest
          3.2s   level critical → hold: used 1.0G of budget 1.5G, host has 861M available; it stayed under 1.1G
          4.0s   level hold → critical: at this rate the budget of 1.5G is full before a kill takes effect; used 1.4G of budget 1.5G, growing 387M/s, host has 501M available
          4.1s   level critical → hold: used 989M of budget 1.5G, host has 908M available; it stayed under 1.1G
          4.8s   held back, the level is hold: used 1.3G of budget 1.5G, growing 373M/s, host has 603M available
          4.9s   level hold → critical: at this rate the budget of 1.5G is full before a kill takes effect; used 1.3G of budget 1.5G, growing 418M/s, host has 550M available
          5.0s   level critical → hold: used 1.0G of budget 1.5G, host has 855M available; it stayed under 1.1G
          6.6s   level hold → critical: at this rate the budget of 1.5G is full before a kill takes effect; used 1.4G of budget 1.5G, growing 223M/s, host has 449M available
          6.6s   level critical → hold: used 862M of budget 1.5G, host has 1.0G available; it stayed under 1.1G
          8.6s   level hold → open: used 900M of budget 1.5G, host has 998M available; it stayed under 1.1G
          8.6s   attempt 2 is admitted: it fits: estimate 440M (raised: an earlier attempt was stopped on its way up) on top of claims 900M, of the 1.4G that claims may fill; it passed 2 tasks that must wait
                 used 900M of budget 1.5G, host has 998M available
          8.6s   runs as process 1010
           16s   its main process ends with exit code 0
           16s   attempt 2 is over: succeeded
                 ran 7.0s, processor time 7.0s, peak 600M
           16s   finished: succeeded in attempt 2, after 1 preemption
      "
    `);
  });

  test('killed at its own limit, which then grew', () => {
    expect(storyOf('own-limit-grows', 'convert.a')).toMatchInlineSnapshot(`
      "
          0.0s   queued: preemptible level 0, limit 400M
          0.0s   attempt 1 is admitted, limit 400M: it fits: estimate 400M (as declared) on top of claims 0B, of the 3.2G that claims may fill
                 used 0B of budget 3.5G, host has 3.8G available
          0.0s   runs as process 1001
          0.8s   its main process is ended by SIGKILL
          0.8s   attempt 1 is over: killed by the kernel at its own limit: peak 396M of limit 400M (oom 1, oom_kill 1, max 1)
                 ran 0.8s, processor time 0.7s, peak 396M
          0.8s   runs again with limit 600M instead of 400M, in 1.0s at the earliest
          1.8s   attempt 2 is admitted, limit 600M: it fits: estimate 400M (as declared) on top of claims 400M, of the 3.2G that claims may fill
                 used 300M of budget 3.5G, host has 3.5G available
          1.8s   runs as process 1004
          3.8s   its main process ends with exit code 0
          3.8s   attempt 2 is over: succeeded
                 ran 2.0s, processor time 2.0s, peak 550M
          3.8s   finished: succeeded in attempt 2, after 1 raise of its limit
      "
    `);
  });

  test('taken by the kernel as a bystander', () => {
    expect(storyOf('bystander', 'sim.a')).toMatchInlineSnapshot(`
      "
          0.0s   queued: preemptible level 0
          0.0s   attempt 1 is admitted: it fits: estimate 387M (a guess: nothing is known of it yet) on top of claims 0B, of the 1.4G that claims may fill
                 used 0B of budget 1.5G, host has 1.9G available
          0.0s   runs as process 1001
          3.1s   its main process is ended by SIGKILL
          3.1s   attempt 1 is over: killed by the kernel for want of memory elsewhere, no fault of its own: peak 380M, while all tasks used 380M of the budget 250M (oom 0, oom_kill 1, max 0)
                 ran 3.1s, processor time 3.0s, peak 380M
          3.1s   runs again, not counted as its failure (first time), in 1.0s at the earliest
          3.1s   level open → critical: used 380M of budget 250M, host has 120M available; the line for critical is 238M
          4.6s   level critical → hold: used 380M of budget 1.5G, host has 1.5G available; it stayed under 1.1G
          4.6s   held back, the level is hold: used 380M of budget 1.5G, host has 1.5G available
          5.0s   attempt 2 is admitted: nothing else runs, so it starts whatever the numbers say: estimate 494M (a guess: nothing is known of it yet), claims 0B, 1.4G that claims may fill
                 used 0B of budget 1.5G, host has 1.9G available
          5.0s   runs as process 1003
          6.6s   level hold → open: used 380M of budget 1.5G, growing 39M/s, host has 1.5G available; it stayed under 1.1G
           10s   its main process ends with exit code 0
           10s   attempt 2 is over: succeeded
                 ran 5.0s, processor time 5.0s, peak 380M
           10s   finished: succeeded in attempt 2, after 1 kill as a bystander
      "
    `);
  });

  test('timed out, would not end', () => {
    expect(storyOf('many-ends', 'slow')).toMatchInlineSnapshot(`
      "
          0.0s   queued: preemptible level 0
          0.0s   attempt 1 is admitted: it fits: estimate 899M (a guess: nothing is known of it yet) on top of claims 0B, of the 3.2G that claims may fill
                 used 0B of budget 3.5G, host has 3.8G available
          0.0s   runs as process 1001
          1.5s   is stopped, 5.0s to end by itself: it ran 1.5s, its timeout is 1.5s
          6.6s   is killed as its grace is over, 5.1s after it was asked to end
          6.6s   its main process is ended by SIGKILL
          6.6s   attempt 1 is over: stopped at its timeout of 1.5s
                 ran 6.6s, processor time 6.6s, peak 100M
          6.6s   finished: timed-out
      "
    `);
  });

  test('stuck in the kernel', () => {
    expect(storyOf('many-ends', 'stuck')).toContain('lives on 10s after SIGKILL, with 200M');
  });

  test('left others behind', () => {
    expect(storyOf('many-ends', 'daemon')).toContain(
      'is stopped, killed at once: its main process ended and left others behind',
    );
  });

  test('never run', () => {
    expect(storyOf('skipped-by-need', 'align.a')).toMatch(
      /finished: skipped: it needs fetch, which did not succeed\n$/,
    );
  });

  test('canceled by the user', () => {
    expect(storyOf('stopped-by-signal', 'work.a')).toContain(
      'is killed as the user asked twice, 1.0s after it was asked to end',
    );
  });

  test('a spared candidate hears of it', () => {
    expect(storyOf('preempted-then-succeeded', 'index.a')).toContain(
      'align.c is preempted, this one not: spared, rank',
    );
  });
});

describe('why a task waits now', () => {
  test.each([
    ['align.b', 'waits for memory: estimate'],
    ['align.d', '1 task ahead of it; the first, align.b waits for memory: estimate'],
    ['report.a', 'needs align (0 of 4 finished)'],
  ])('%s', (task, words) => {
    const state = stateAt('torn-last-line');
    const record = state.tasks.get(task);
    expect(record).toBeDefined();
    expect(queueView(state, 15_700).whyInFull(record!)).toContain(words);
  });

  test('a back-off', () => {
    const state = stateAt('preempted-then-succeeded', 3500);
    expect(queueView(state, 3500).why(state.tasks.get('align.c')!)).toBe(
      'waits out its back-off, 0.7s more',
    );
  });
});
