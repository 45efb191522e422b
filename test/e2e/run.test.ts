import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli, runFolder, runJobs } from '../support/cli.js';
import { endings, ofKind, outcomes, requeues, verdicts } from '../support/journal-view.js';
import { until } from '../support/poll.js';
import { program } from '../support/programs.js';
import { tempDir } from '../support/temp-dir.js';

const DEMO = new URL('../../fixtures/jobfiles/demo.yaml', import.meta.url).pathname;

describe('the demo', () => {
  it.each(['auto', 'procfs'])('succeeds on tier %s in under a minute', async (tier) => {
    const end = await runCli(['run', DEMO, '--tier', tier]);
    expect(end.exitCode, end.story).toBe(0);
    expect(Object.values(outcomes(end.events))).toEqual(Array<string>(19).fill('succeeded'));
    expect(end.wallMs).toBeLessThan(60_000);
    expect(end.stdout).toContain('19 tasks: 19 succeeded');
    if (tier === 'procfs')
      expect(end.events[0]).toMatchObject({ kind: 'run-started', tier: 'procfs' });
  });
});

describe('tasks', () => {
  it('run in the order of their needs, and a failed need skips what follows', async () => {
    const end = await runJobs({
      jobs: {
        last: { needs: ['broken'], run: 'true' },
        always: { needs: ['broken'], when: 'always', run: 'true' },
        broken: { needs: ['first'], run: 'exit 3' },
        first: { run: 'true' },
      },
    });
    expect(end.exitCode, end.story).toBe(1);
    expect(outcomes(end.events)).toEqual({
      first: 'succeeded',
      broken: 'failed',
      last: 'skipped',
      always: 'succeeded',
    });
    const started = ofKind(end.events, 'attempt-admitted').map(({ task }) => task);
    expect(started).toEqual(['first', 'broken', 'always']);
  });

  it('get their environment, folder and input', async () => {
    const cwd = tempDir();
    mkdirSync(join(cwd, 'sub'));
    writeFileSync(join(cwd, 'sub', 'in.txt'), 'from a file\n');
    const end = await runJobs(
      {
        env: { OUTER: 'outer' },
        jobs: {
          show: {
            matrix: { word: ['a b'] },
            cwd: 'sub',
            stdin: 'in.txt',
            env: { INNER: '$(echo no)' },
            run: 'cat; pwd; printf "%s\\n" "$OUTER" "$INNER" "$MATRIX_WORD" "$MEMSCHED_JOB" "$MEMSCHED_TASK" "$MEMSCHED_ATTEMPT" "$MEMSCHED_PREEMPTIONS" "$MEMSCHED_RUN_ID"; test "$MEMSCHED_MEMORY_BYTES" -gt 0',
          },
        },
      },
      [],
      { cwd },
    );
    expect(end.exitCode, end.story).toBe(0);
    const folder = runFolder(end.stateHome) ?? '';
    const log = readdirSync(join(folder, 'logs')).find((name) => name.endsWith('.out')) ?? '';
    const output = readFileSync(join(folder, 'logs', log), 'utf8')
      .trimEnd()
      .split('\n');
    expect(output).toEqual([
      'from a file',
      join(cwd, 'sub'),
      'outer',
      '$(echo no)',
      'a b',
      'show',
      log.replace(/\.1\.out$/, ''),
      '1',
      '0',
      end.events[0]?.kind === 'run-started' ? end.events[0].runId : '',
    ]);
  });

  it('are retried as often as they say, with growing pauses', async () => {
    const counter = join(tempDir(), 'count');
    const end = await runJobs({
      jobs: {
        flaky: {
          run: [program('counter-file'), counter, '75', '75', '0'],
          retries: { max: 3, on: ['exit:75'], delay: '50ms', backoff: 2 },
        },
      },
    });
    expect(end.exitCode, end.story).toBe(0);
    expect(readFileSync(counter, 'utf8').trimEnd().split('\n')).toHaveLength(3);
    expect(requeues(end.events, 'flaky').map(({ cause }) => cause)).toEqual([
      { kind: 'retry', retry: 1, of: 3 },
      { kind: 'retry', retry: 2, of: 3 },
    ]);
  });

  it('are not retried for causes they do not name', async () => {
    const end = await runJobs({
      jobs: { once: { run: 'exit 4', retries: { max: 3, on: ['exit:75', 'timeout'] } } },
    });
    expect(end.exitCode, end.story).toBe(1);
    expect(verdicts(end.events, 'once')).toEqual(['exit']);
  });

  it('are stopped at their timeout, and killed when they ignore it', async () => {
    const end = await runJobs({
      jobs: {
        deaf: {
          run: [program('ignore-sigterm'), '--hold', '60'],
          timeout: '500ms',
          on_preempt: { grace: '300ms' },
        },
      },
    });
    expect(end.exitCode, end.story).toBe(1);
    expect(outcomes(end.events)).toEqual({ deaf: 'timed-out' });
    expect(ofKind(end.events, 'attempt-killed')).toMatchObject([{ because: 'grace-over' }]);
  });

  it('that cannot be started fail with the reason', async () => {
    const end = await runJobs({
      jobs: { gone: { run: ['./no-such-program'] }, lost: { run: 'true', cwd: 'nowhere' } },
    });
    expect(end.exitCode, end.story).toBe(1);
    expect(verdicts(end.events, 'gone')).toEqual(['could-not-start']);
    expect(verdicts(end.events, 'lost')).toEqual(['could-not-start']);
    expect(end.stderr).toContain('no-such-program');
    expect(end.stderr).toContain('nowhere');
  });

  it('that are killed from outside say so', async () => {
    const end = await runJobs({ jobs: { shot: { run: [program('kill-self'), 'KILL'] } } });
    expect(verdicts(end.events, 'shot'), end.story).toEqual(['external-signal']);
  });

  it('leave nothing behind: a daemon of theirs is ended', async () => {
    const ready = join(tempDir(), 'ready');
    const end = await runJobs({
      jobs: { parent: { run: [program('daemonize'), '--hold', '60', '--ready', ready] } },
    });
    expect(end.exitCode, end.story).toBe(0);
    const pid = readFileSync(ready, 'utf8').trim();
    await until('init reaps the daemon', () => !existsSync(`/proc/${pid}`));
  });

  it('show their peak', async () => {
    const end = await runJobs({
      jobs: { big: { run: [program('alloc'), '--mib', '200', '--hold', '1'] } },
    });
    const [ended] = endings(end.events, 'big');
    expect((ended?.peakBytes ?? 0) / 2 ** 20, end.story).toBeGreaterThan(190);
    expect((ended?.peakBytes ?? 0) / 2 ** 20).toBeLessThan(260);
  });
});

describe('limits of a run', () => {
  it('max_parallel, groups and resources hold', async () => {
    const end = await runJobs({
      max_parallel: 3,
      groups: { net: { max_parallel: 1 } },
      resources: { gpu: 1 },
      jobs: {
        n: { matrix: { i: [1, 2, 3] }, concurrency: 'net', run: 'sleep 0.2', cpus: 0 },
        g: { matrix: { i: [1, 2, 3] }, resources: { gpu: 1 }, run: 'sleep 0.2', cpus: 0 },
        f: { matrix: { i: [1, 2, 3] }, run: 'sleep 0.2', cpus: 0 },
      },
    });
    expect(end.exitCode, end.story).toBe(0);
    const live = new Set<string>();
    const most = { all: 0, n: 0, g: 0 };
    for (const event of end.events) {
      if (event.kind === 'attempt-admitted') live.add(event.task);
      if (event.kind === 'attempt-ended') live.delete(event.task);
      const of = (job: string): number => [...live].filter((task) => task.startsWith(job)).length;
      most.all = Math.max(most.all, live.size);
      most.n = Math.max(most.n, of('n'));
      most.g = Math.max(most.g, of('g'));
    }
    expect(most).toEqual({ all: 3, n: 1, g: 1 });
  });

  it('halt: now stops what runs and starts nothing more', async () => {
    const end = await runJobs({
      halt: 'now,fail=1',
      jobs: {
        bad: { run: 'exit 1' },
        long: { run: 'sleep 60', cpus: 0 },
        later: { needs: ['long'], run: 'true' },
      },
    });
    expect(end.exitCode, end.story).toBe(1);
    expect(outcomes(end.events)).toEqual({ bad: 'failed', long: 'canceled', later: 'skipped' });
    expect(end.wallMs).toBeLessThan(30_000);
  });

  it('a run of chosen jobs runs those and their needs', async () => {
    const end = await runJobs(
      { jobs: { a: { run: 'true' }, b: { needs: ['a'], run: 'true' }, c: { run: 'exit 1' } } },
      ['b'],
    );
    expect(end.exitCode, end.story).toBe(0);
    expect(outcomes(end.events)).toEqual({ a: 'succeeded', b: 'succeeded' });
  });
});

describe('the state folder', () => {
  it('is private, holds the jobfile as it was, and no value of the environment', async () => {
    const end = await runJobs({ env: { SECRET: 'hunter2-in-env' }, jobs: { a: { run: 'true' } } });
    const folder = runFolder(end.stateHome) ?? '';
    const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
    expect(mode(join(end.stateHome, 'memsched'))).toBe('700');
    expect(mode(folder)).toBe('700');
    for (const file of ['journal.jsonl', 'jobfile.yaml'])
      expect(mode(join(folder, file)), file).toBe('600');
    expect(readFileSync(join(folder, 'journal.jsonl'), 'utf8')).not.toContain('hunter2');
    expect(readFileSync(join(folder, 'jobfile.yaml'), 'utf8')).toContain('hunter2');
  });
});
