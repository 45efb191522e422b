import { execa } from 'execa';
import { expect, test } from 'vitest';
import {
  bestOf,
  contest,
  gnuParallel,
  tableOf,
  type Contestant,
} from '../../../bench/peers/contest.js';
import { runJobs } from '../../support/cli.js';
import { ofKind, outcomes } from '../../support/journal-view.js';
import { program } from '../../support/programs.js';
import { tempDir } from '../../support/temp-dir.js';
import { describeCgroup } from '../support/guard.js';
import { countingOomKills, expectNothingLeft } from '../support/host-health.js';
import { alloc, times } from '../support/jobs.js';

const TASKS = 12;
const ARGV = [program('alloc'), '--mib', '300', '--ramp', '2', '--hold', '3'];
const NUMBERS = Array.from({ length: TASKS }, (_, at) => at + 1);
const JOBS = { jobs: { work: { matrix: { n: NUMBERS }, run: ARGV } } };
/** Set by bench/peers/run.sh: so many rounds against the peers, and the best of each counts. A test times nothing. */
const ROUNDS = Number(process.env['MEMSCHED_PEER_ROUNDS'] ?? 0);

async function runPile(cwd: string): Promise<number> {
  const run = await runJobs(JOBS, [], { cwd });
  expect(run.exitCode, run.story).toBe(0);
  expect(Object.values(outcomes(run.events))).toEqual(Array(TASKS).fill('succeeded'));
  return 0;
}

describeCgroup('the promise', () => {
  expectNothingLeft();

  test('12 tasks of 300 MB in 2 GB without swap, nothing set: all succeed, no OOM kill', async () => {
    const [, oomKills] = await countingOomKills(() => runPile(tempDir()));
    expect(oomKills).toBe(0);
  }, 300_000);

  test.runIf(ROUNDS > 0)(
    'the same pile against GNU parallel: not slower than the better of its memory options',
    async () => {
      const memsched: Contestant = { name: 'memsched run jobs.yaml', run: runPile };
      const peers = ['--memsuspend', '--memfree'].map((option) =>
        gnuParallel(['-j12', option, '400M', '--retries', '20'], ARGV.join(' '), TASKS),
      );
      // What a first start has to read from disk is not what is compared.
      await runJobs({ jobs: { warm: { run: 'true' } } });
      await execa('parallel', ['true', ':::', '1']);
      const rounds = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        rounds.push(await contest([memsched, ...peers], tempDir));
      }
      const [ours, ...theirs] = bestOf(rounds);
      console.log(tableOf(bestOf(rounds)));
      expect(ours?.oomKills).toBe(0);
      expect(ours?.failed).toBe(0);
      expect(ours?.wallMs).toBeLessThanOrEqual(Math.min(...theirs.map((score) => score.wallMs)));
    },
    1_800_000,
  );
});

const ROUNDS_UNTIL_FELT = 4;

describeCgroup('the seat belt', () => {
  expectNothingLeft();

  test('sampling every 4 s, eight full-speed allocators, sum far over the budget: the brake saves the day', async () => {
    const job = alloc(400, 0, 2, { memory: '50M', cpus: 0, preemptible: 'high' });
    const stories: string[] = [];
    // Where the machine is busy the allocators may be too slow for it, which would prove nothing.
    for (let round = 0; round < ROUNDS_UNTIL_FELT; round += 1) {
      const [run, kills] = await countingOomKills(() =>
        runJobs({ interval: '4s', jobs: times(8, 'fast', job) }),
      );
      expect(run.exitCode, run.story).toBe(0);
      expect(kills, run.story).toBe(0);
      expect(Object.values(outcomes(run.events))).toEqual(Array(8).fill('succeeded'));
      if (ofKind(run.events, 'brake-felt').length > 0) return;
      stories.push(run.story);
    }
    expect.fail(`nobody felt the brake in ${ROUNDS_UNTIL_FELT} runs\n${stories.join('\n')}`);
  });
});
