import { describe, expect, it } from 'vitest';
import { runCli, runJobs } from '../support/cli.js';
import { program } from '../support/programs.js';
import { tempDir } from '../support/temp-dir.js';

interface Row {
  readonly on: string;
  readonly budgetBytes: number;
  readonly cpus: number;
  readonly makespanMs: number;
  readonly peakBytes: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

describe('plan --simulate', () => {
  const jobs = {
    fetch: { run: ['sleep', '0.3'] },
    work: {
      needs: 'fetch',
      matrix: { n: [1, 2, 3, 4] },
      cpus: 0,
      run: [program('alloc'), '--mib', '30', '--hold', '0.5'],
    },
  };

  async function simulate(options: { stateHome: string; cwd: string }, ...extra: string[]) {
    const end = await runCli(['plan', 'jobs.yaml', '--simulate', ...extra], options);
    expect(end.exitCode, end.stderr).toBe(0);
    return end.stdout;
  }

  it('plays the run as earlier ones went, here and on other machines', async () => {
    const options = { stateHome: tempDir(), cwd: tempDir() };
    const ran = await runJobs({ jobs }, [], options);
    expect(ran.exitCode, ran.story).toBe(0);
    expect(await simulate(options)).toMatch(/5 tasks, 5 of them as earlier runs went/);
    const out = await simulate(options, '--json', '--budget', '40M', '--cpus', '3');
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Row);
    expect(rows.map(({ on }) => on)).toEqual([
      '40M budget',
      ...[4, 8, 16, 32, 64].map((gib) => `${gib === 4 || gib === 8 ? `${gib}.0` : gib}G machine`),
    ]);
    for (const { outcomes, cpus } of rows) {
      expect(outcomes).toEqual({ succeeded: 5 });
      expect(cpus).toBe(3);
    }
    const [tight, roomy] = rows as [Row, Row];
    // One at a time, or all at once.
    expect(tight.peakBytes).toBeLessThanOrEqual(tight.budgetBytes);
    expect(roomy.peakBytes).toBeGreaterThan(100 * 1024 * 1024);
    expect(tight.makespanMs).toBeGreaterThan(1.8 * roomy.makespanMs);
  });

  it('says what it takes tasks for that no earlier run has shown', async () => {
    const options = { stateHome: tempDir(), cwd: tempDir() };
    const ran = await runJobs({ jobs }, ['--no-profile'], options);
    expect(ran.exitCode, ran.story).toBe(0);
    expect(await simulate(options, '--assume-duration', '5m')).toMatch(
      /5 tasks without a profile: taken for what they declare, or else .+, over 5m00s/,
    );
  });
});
