import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KiB, MiB } from '../../src/util/bytes.js';
import { runCli, runFolder, runJobs, startJobs } from '../support/cli.js';
import { endings, ofKind, outcomes, verdicts } from '../support/journal-view.js';
import { until } from '../support/poll.js';
import { listedProcesses } from '../support/processes.js';
import { program } from '../support/programs.js';
import { tempDir } from '../support/temp-dir.js';

/** Processes of a run that live still, by what they inherit. */
function processesOf(runId: string): number[] {
  return listedProcesses()
    .filter(({ environment }) => environment.includes(`MEMSCHED_RUN_ID=${runId}`))
    .map(({ pid }) => pid);
}

function log(stateHome: string, name: string): string {
  return readFileSync(join(runFolder(stateHome) ?? '', 'logs', name), 'utf8');
}

describe.each(['auto', 'procfs'])('hostile tasks on tier %s', (tier) => {
  it('one with more processes than a run may have is ended, told, and its neighbour goes on', async () => {
    const jobs = {
      tree: { run: [program('fork-tree'), '--count', '120', '--hold', '600'] },
      neighbour: { run: 'sleep 3', cpus: 0 },
    };
    const run = await runJobs({ max_pids: 60, jobs }, ['--tier', tier]);
    expect(run.exitCode, run.story).toBe(1);
    expect(outcomes(run.events), run.story).toEqual({ tree: 'failed', neighbour: 'succeeded' });
    const [ended] = endings(run.events, 'tree');
    expect(ended?.verdict).toMatchObject({ kind: 'over-pids', maxPids: 60 });
    expect(ofKind(run.events, 'pids-reached')[0]).toMatchObject({
      maxPids: 60,
      largest: { task: 'tree', attempt: 1 },
    });
    expect(run.stderr).toContain('max_pids is enforced at samples only');
    expect(run.stdout).toMatch(/tree: ended by memsched: it had \d+ processes/);
    expect(processesOf(ofKind(run.events, 'run-started')[0]?.runId ?? '')).toEqual([]);
  });

  it('one that stops itself is told of with what helps, counted as no failure, and goes on when continued', async () => {
    const live = startJobs({ jobs: { sleepy: { run: [program('stop-self')] } } }, ['--tier', tier]);
    const [paused] = await until(
      'it is told',
      () => {
        const events = ofKind(live.events(), 'attempt-paused');
        return events.length > 0 && events;
      },
      30_000,
    );
    expect(paused).toMatchObject({ task: 'sleepy', attempt: 1, by: 'signal' });
    process.kill(ofKind(live.events(), 'attempt-launched')[0]!.pid, 'SIGCONT');
    const run = await live.finished;
    expect(run.exitCode, run.story).toBe(0);
    expect(run.stderr).toMatch(
      /paused +sleepy: does nothing: .*"kill -CONT -- -\d+" lets it go on/,
    );
  });

  it('one that closes everything, leaves its session and ends takes nothing with it', async () => {
    const cwd = tempDir();
    const close = 'POSIX::close($_) for 0 .. 255; POSIX::setsid(); exit if fork; sleep 600';
    const jobs = { closer: { run: ['perl', '-MPOSIX', '-e', close] } };
    const run = await runJobs({ jobs }, ['--tier', tier], { cwd });
    expect(run.exitCode, run.story).toBe(0);
    expect(ofKind(run.events, 'attempt-stopping')[0]?.reason.kind).toBe('left-behind');
    expect(processesOf(ofKind(run.events, 'run-started')[0]?.runId ?? '')).toEqual([]);
  });
});

describe('a log without end', () => {
  it('keeps its beginning and its end, says what is missing, and is told of in the outcome', async () => {
    const cwd = tempDir();
    const run = `seq -f 'line %.0f' 3000000; echo last words >&2; touch written; until [ -e go ]; do sleep 0.1; done; echo the end`;
    const live = startJobs({ max_log: '256K', jobs: { talker: { run } } }, [], { cwd });
    await until('all is written', () => existsSync(join(cwd, 'written')), 60_000);
    await until('it is cut', () => ofKind(live.events(), 'log-cut').length > 0, 30_000);
    writeFileSync(join(cwd, 'go'), '');
    const end = await live.finished;
    expect(end.exitCode, end.story).toBe(0);
    const text = log(end.stateHome, 'talker.1.out');
    expect(text.length).toBeLessThanOrEqual(256 * KiB);
    expect(text.startsWith('line 1\nline 2\n')).toBe(true);
    expect(text.endsWith('line 3000000\nthe end\n')).toBe(true);
    expect(text).toMatch(
      /\n\[memsched: about [\d.]+M are left out here, as a log takes 256K at the most \(max_log\)\]\nline \d+\n/,
    );
    const gap = text.split('\n').filter((line) => line.startsWith('[memsched:'));
    expect(gap).toHaveLength(1);
    expect(log(end.stateHome, 'talker.1.err')).toBe('last words\n');
    const last = ofKind(end.events, 'log-cut').at(-1);
    expect(last).toMatchObject({ task: 'talker', attempt: 1, stream: 'stdout' });
    // What was written in the moment of a cut may be counted twice, or not at all.
    expect(last?.leftOutBytes).toBeGreaterThan(10 * MiB);
    expect(end.stderr).toMatch(/done +talker: .*M of its log left out/);
  });

  it('is cut even when the task is over before anybody looked', async () => {
    const run = `seq 200000`;
    const end = await runJobs({ max_log: '64K', jobs: { quick: { run } } });
    expect(end.exitCode, end.story).toBe(0);
    const text = log(end.stateHome, 'quick.1.out');
    expect(text.length).toBeLessThanOrEqual(64 * KiB);
    expect(text.endsWith('\n200000\n')).toBe(true);
    expect(text.startsWith('1\n2\n3\n')).toBe(true);
  });

  it('stays whole where output is passed on, and where max_log is none', async () => {
    const passed = await runJobs({ max_log: '64K', jobs: { a: { run: 'seq 200000' } } }, [
      '--output',
      'group',
      '--quiet',
    ]);
    // The runner takes the last end of line away.
    const lines = passed.stdout.split('\n').filter((line) => /^\d+$/.test(line));
    expect(lines.length).toBe(200_000);
    expect(passed.stderr).toMatch(/max_log \(64K\) is not kept to: output is passed on/);
    const whole = await runJobs({ jobs: { a: { run: 'seq 200000' } } }, ['--max-log', 'none']);
    expect(log(whole.stateHome, 'a.1.out').split('\n')).toHaveLength(200_001);
  });
});

describe('few descriptors', () => {
  it('many tasks at once with few of them: all run, or wait for their turn', async () => {
    const jobs = { many: { matrix: { n: numbers(120) }, run: ['sleep', '2'], cpus: 0 } };
    const cwd = tempDir();
    writeFileSync(join(cwd, 'jobs.yaml'), JSON.stringify({ version: 1, jobs }));
    const run = await runCli(['run', 'jobs.yaml', '-j', '120'], {
      cwd,
      openFiles: 48,
    });
    expect(run.exitCode, run.story).toBe(0);
    expect(Object.values(outcomes(run.events))).toEqual(numbers(120).map(() => 'succeeded'));
    expect(new Set(numbers(120).flatMap((n) => verdicts(run.events, `many.${n}`)))).not.toContain(
      'lost',
    );
  });

  it('the doctor says when there are few', async () => {
    const { stdout } = await runCli(['doctor', '--json'], { openFiles: 48 });
    const { findings } = JSON.parse(stdout) as { findings: { check: string; state: string }[] };
    expect(findings.find(({ check }) => check === 'open files')?.state).toBe('warn');
  });
});

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1);
}
