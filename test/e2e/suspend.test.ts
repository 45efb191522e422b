import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli, startCli, startJobs, type LiveCli } from '../support/cli.js';
import { ofKind, outcomes } from '../support/journal-view.js';
import { until } from '../support/poll.js';
import { isRunning } from '../support/processes.js';
import { program } from '../support/programs.js';
import { tempDir } from '../support/temp-dir.js';

const KEYS = { memory: '50M', cpus: 0, profile: 'none', preemptible: 'low' };

/**
 * Two that grow to 280 MiB side by side on 600: beyond hold (480), and the older one to its end below preempt (540) if the
 * newer one stands still. The older one stays until there is a file `go`.
 */
function jobfile(folder: string, ofNewer = {}): Readonly<Record<string, unknown>> {
  const grow = `${program('alloc')} --mib 280 --ramp 8`;
  return {
    memory: { budget: '600M' },
    defaults: { on_pressure: ['suspend', 'preempt'] },
    jobs: {
      older: {
        ...KEYS,
        run: `${grow} --hold 600 & until [ -e ${folder}/go ]; do sleep 0.05; done; kill $!; wait || true`,
      },
      newer: { ...KEYS, ...ofNewer, run: `${grow} --hold 1; touch ${folder}/newer-is-done` },
    },
  };
}

function frozen(run: LiveCli): Promise<unknown> {
  return until('one is frozen', () => ofKind(run.events(), 'attempt-suspended').length > 0, 60_000);
}

/** All that was ever launched. */
function pidsOf(run: LiveCli): number[] {
  return ofKind(run.events(), 'attempt-launched').map(({ pid }) => pid);
}

describe.each(['auto', 'procfs'] as const)('on_pressure: [suspend, preempt], tier %s', (tier) => {
  it('freezes the newer task until the older one is done, and loses no work', async () => {
    const folder = tempDir();
    const run = startJobs(jobfile(folder), ['--tier', tier]);
    await frozen(run);
    const { stateHome } = run;
    const shown = await runCli(['show', 'latest'], { stateHome });
    expect(shown.stdout).toMatch(/newer +suspended/);
    expect(shown.stdout).toContain('1: suspended, frozen for');
    expect(existsSync(join(folder, 'newer-is-done'))).toBe(false);
    writeFileSync(join(folder, 'go'), '');
    const end = await run.finished;
    expect(end.exitCode, end.story).toBe(0);
    expect(ofKind(end.events, 'attempt-suspended').map(({ task }) => task)).toEqual(['newer']);
    expect(ofKind(end.events, 'attempt-thawed').map(({ task }) => task)).toEqual(['newer']);
    expect(ofKind(end.events, 'attempt-admitted')).toHaveLength(2);
    expect(ofKind(end.events, 'attempt-paused')).toEqual([]);
    expect(end.stdout).toContain('1 suspension');
    expect(end.stderr).toContain('suspend    newer: level hold: at this rate use reaches');
    expect(end.stderr).toContain('thaw       newer: ');
    const told = await runCli(['explain', 'latest', 'newer'], { stateHome });
    expect(told.stdout).toContain('is frozen: level hold');
    expect(told.stdout).toMatch(/newer +1 .*taken, rank 1/);
    expect(told.stdout).toContain('goes on: ');
    expect(told.stdout).toContain('and was frozen for');
  });

  it('goes on with it after the supervisor died', async () => {
    const folder = tempDir();
    const run = startJobs(jobfile(folder), ['--tier', tier]);
    await frozen(run);
    run.kill('SIGKILL');
    await run.finished;
    const { stateHome } = run;
    const next = startCli(['resume'], { stateHome });
    await until('it is resumed', () => ofKind(next.events(), 'run-resumed').length === 1);
    writeFileSync(join(folder, 'go'), '');
    const end = await next.finished;
    expect(end.exitCode, end.story).toBe(0);
    expect(outcomes(end.events)).toEqual({ older: 'succeeded', newer: 'succeeded' });
    expect(ofKind(end.events, 'attempt-admitted'), end.story).toHaveLength(2);
    expect(ofKind(end.events, 'attempt-thawed').map(({ task }) => task)).toEqual(['newer']);
  });

  it('has its work saved when the run is told to end while it is frozen', async () => {
    const checkpoint = { run: 'touch "$MEMSCHED_CHECKPOINT_DIR/saved"', timeout: '30s' };
    const run = startJobs(jobfile(tempDir(), { checkpoint }), ['--tier', tier]);
    await frozen(run);
    run.kill('SIGINT');
    const end = await run.finished;
    expect(end.exitCode, end.story).toBe(130);
    expect(ofKind(end.events, 'checkpoint-made'), end.story).toMatchObject([
      { task: 'newer', how: 'hook' },
    ]);
    expect(pidsOf(run).filter(isRunning)).toEqual([]);
  });

  it('leaves nothing frozen when the run is told to end', async () => {
    const run = startJobs(jobfile(tempDir()), ['--tier', tier]);
    await frozen(run);
    run.kill('SIGINT');
    const end = await run.finished;
    expect(end.exitCode, end.story).toBe(130);
    expect(outcomes(end.events)).toEqual({ older: 'canceled', newer: 'canceled' });
    expect(pidsOf(run).filter(isRunning)).toEqual([]);
  });
});
