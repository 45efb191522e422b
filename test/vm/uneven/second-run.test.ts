import { join } from 'node:path';
import Table from 'cli-table3';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../../src/core/events.js';
import { figuresOf, learnedFrom, play } from '../../sim/scenario.js';
import { UNEVEN_BUDGET_MIB, unevenScenario } from '../../sim/uneven-scenario.js';
import { runJobs, type FinishedCli } from '../../support/cli.js';
import { ofKind, outcomes, preemptions } from '../../support/journal-view.js';
import { program } from '../../support/programs.js';
import { tempDir } from '../../support/temp-dir.js';
import { unevenTasks } from '../../support/uneven.js';
import { describeCgroup } from '../support/guard.js';
import { countingOomKills, expectNothingLeft } from '../support/host-health.js';

const TASKS = unevenTasks();
/** Set by bench/second-run/run.sh: who is preempted depends on how busy the machine is, and a test times nothing. */
const COMPARED = Number(process.env['MEMSCHED_PEER_ROUNDS'] ?? 0) > 0;
const JOBS = {
  memory: { budget: `${String(UNEVEN_BUDGET_MIB)}M` },
  defaults: {
    preemptible: 'low',
    // They mostly sleep, and emulation makes the rest dear: memory alone is to decide.
    cpus: 0,
    // alloc would start itself again to set this.
    env: { MALLOC_MMAP_THRESHOLD_: '65536' },
  },
  jobs: Object.fromEntries(
    TASKS.map(({ name, corners, requestMib }) => [
      name,
      {
        // By default it holds the folder's name, too, and each run has a new one.
        group: name,
        run: [program('alloc'), '--curve', corners.map((at) => at.join(':')).join(',')],
        ...(requestMib === undefined ? {} : { memory: `${String(requestMib)}M` }),
      },
    ]),
  ),
};

/** Tasks that were let in by the curve of their group. */
function foreseen(events: readonly RunEvent[]): number {
  const admitted = ofKind(events, 'attempt-admitted');
  return new Set(
    admitted.flatMap(({ task, reason }) => (reason.foresight === undefined ? [] : [task])),
  ).size;
}

function makespanS({ events }: FinishedCli): number {
  return (ofKind(events, 'run-ended')[0]?.tMs ?? NaN) / 1000;
}

/** From the start of a process until it follows its curve: the median over the attempts that came to their end. */
function startUpMs(events: readonly RunEvent[]): number {
  const lengths = new Map(TASKS.map(({ name, corners }) => [name, corners.at(-1)?.[0] ?? 0]));
  const late = ofKind(events, 'attempt-ended')
    .filter(({ verdict }) => verdict.kind === 'exit')
    .map(({ task, ranMs }) => ranMs - 1000 * (lengths.get(task) ?? 0));
  return Math.max(5, Math.round(late.sort((a, b) => a - b)[Math.floor(late.length / 2)] ?? 0));
}

/** The same two runs in the simulator, with the start-up that was measured here. */
function tell(first: FinishedCli, second: FinishedCli): string {
  const table = new Table({
    head: ['', 'makespan', 'wall', 'preemptions', 'simulated', 'to the simulator'],
    style: { head: [], border: [] },
  });
  const scenario = unevenScenario(startUpMs(first.events));
  const simulated = play(scenario);
  const again = play({
    ...unevenScenario(startUpMs(second.events)),
    priors: learnedFrom(simulated),
  });
  for (const [name, run, sim] of [
    ['first run', first, figuresOf(simulated)],
    ['second run', second, figuresOf(again)],
  ] as const) {
    table.push([
      name,
      `${makespanS(run).toFixed(1)} s`,
      `${(run.wallMs / 1000).toFixed(1)} s`,
      preemptions(run.events).length,
      `${sim.makespanS.toFixed(1)} s, ${String(sim.preemptions)} preemptions`,
      (makespanS(run) / sim.makespanS).toFixed(2),
    ]);
  }
  return table.toString();
}

describeCgroup('forty tasks with uneven curves', () => {
  expectNothingLeft();

  test('are let in by what the first run has shown in their second run', async () => {
    const profiles = ['--profile-file', join(tempDir(), 'profiles.json')];
    const [runs, oomKills] = await countingOomKills(async () => [
      await runJobs(JOBS, profiles),
      await runJobs(JOBS, profiles),
    ]);
    const [first, second] = runs as [FinishedCli, FinishedCli];
    console.log(tell(first, second));
    expect(oomKills).toBe(0);
    for (const { events, exitCode, story } of runs) {
      expect(exitCode, story).toBe(0);
      expect(Object.values(outcomes(events))).toEqual(TASKS.map(() => 'succeeded'));
    }
    expect(foreseen(first.events), first.story).toBe(0);
    // Those that declare more than they were seen to use are believed.
    expect(foreseen(second.events), second.story).toBeGreaterThan(TASKS.length / 2);
    if (!COMPARED) return;
    expect(preemptions(second.events).length, second.story).toBeLessThan(
      preemptions(first.events).length,
    );
    expect(makespanS(second)).toBeLessThan(makespanS(first));
  }, 600_000);
});
