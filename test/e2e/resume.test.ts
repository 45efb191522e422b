import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readJunit } from '../support/consumers.js';
import { runCli, runFolder, runJobs, startCli, startJobs } from '../support/cli.js';
import { ofKind, outcomes, verdicts } from '../support/journal-view.js';
import { until } from '../support/poll.js';
import { helperOf, isRunning } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';

/** Appends a line for each time it is run to the end. */
function counting(file: string, seconds = '0.1'): string {
  return `sleep ${seconds}; echo "$MEMSCHED_TASK" >> ${file}`;
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').sort() : [];
}

const TIERS = ['auto', 'procfs'] as const;

describe.each(TIERS)('a run whose supervisor was killed, tier %s', (tier) => {
  it('goes on: what is finished stays so, everything else runs', async () => {
    const done = join(tempDir(), 'done');
    const jobs = {
      first: { matrix: { n: [1, 2, 3] }, run: counting(done), cpus: 0 },
      long: { needs: ['first'], run: counting(done, '3'), cpus: 0 },
      last: { needs: ['long'], run: counting(done), cpus: 0 },
    };
    const live = startJobs({ jobs }, ['--tier', tier]);
    await until('the long one runs', () =>
      ofKind(live.events(), 'attempt-launched').some(({ task }) => task === 'long'),
    );
    live.kill('SIGKILL');
    await live.finished;
    const { stateHome } = live;
    const end = await runCli(['resume'], { stateHome });
    expect(end.exitCode, end.story).toBe(0);
    expect(linesOf(done)).toEqual(['first.1', 'first.2', 'first.3', 'last', 'long']);
    expect(Object.values(outcomes(end.events))).toEqual(Array<string>(5).fill('succeeded'));
    expect(ofKind(end.events, 'run-resumed')).toMatchObject([{ after: 'death' }]);
    for (const { pid } of ofKind(end.events, 'attempt-launched'))
      expect(isRunning(pid)).toBe(false);
    expect(end.stderr).toContain('the run is resumed: the supervisor had died');
    const shown = await runCli(['show'], { stateHome });
    expect(shown.stdout).toContain('resumed once');
    expect((await runCli(['ps'], { stateHome })).stdout).toContain(' ended, resumed ');
    const again = await runCli(['resume', 'latest'], { stateHome });
    expect(again.exitCode).toBe(2);
    expect(again.stderr).toContain('has succeeded: there is nothing to resume');
  });

  it('takes over what still runs, and learns how it ends', async () => {
    const folder = tempDir();
    const jobs = {
      well: {
        run: `echo $$ >> ${folder}/pids; until [ -e ${folder}/go ]; do sleep 0.05; done`,
        cpus: 0,
        memory: '30M',
      },
      badly: {
        run: `until [ -e ${folder}/go ]; do sleep 0.05; done; exit 7`,
        cpus: 0,
        memory: '30M',
      },
      meanwhile: {
        run: `until [ -e ${folder}/dead ]; do sleep 0.05; done; exit 0`,
        cpus: 0,
        memory: '30M',
      },
    };
    const live = startJobs({ jobs }, ['--tier', tier]);
    await until('all run', () => ofKind(live.events(), 'attempt-launched').length === 3);
    live.kill('SIGKILL');
    await live.finished;
    const { stateHome } = live;
    const dead = await runCli(['show'], { stateHome });
    expect(dead.stdout).toMatch(
      /3 tasks of it still run, and nobody watches: well \(process \d+\), badly \(process \d+\), m/,
    );
    expect((await runCli(['ps'], { stateHome })).stdout).toContain(' died, 3 tasks live ');
    writeFileSync(join(folder, 'dead'), '');
    const next = startCli(['resume'], { stateHome });
    await until('it is resumed', () => ofKind(next.events(), 'run-resumed').length === 1);
    writeFileSync(join(folder, 'go'), '');
    const end = await next.finished;
    expect(end.exitCode, end.story).toBe(1);
    expect(linesOf(join(folder, 'pids'))).toHaveLength(1);
    expect(ofKind(end.events, 'attempt-exited').map(({ task, exit }) => [task, exit])).toEqual(
      expect.arrayContaining([
        ['well', { kind: 'code', code: 0 }],
        ['badly', { kind: 'code', code: 7 }],
        ['meanwhile', { kind: 'code', code: 0 }],
      ]),
    );
    expect(ofKind(end.events, 'attempt-admitted'), end.story).toHaveLength(3);
  });

  it('ends what it finds and cannot follow, and runs it again', async () => {
    const folder = tempDir();
    const jobs = {
      a: {
        run: `echo $$ >> ${folder}/pids; if [ -e ${folder}/once ]; then exit 0; fi; touch ${folder}/once; sleep 600`,
        cpus: 0,
      },
    };
    const live = startJobs({ jobs }, ['--tier', tier]);
    await until('it runs', () => existsSync(join(folder, 'once')));
    const helper = helperOf(live.pid) ?? 0;
    process.kill(live.pid, 'SIGSTOP');
    process.kill(helper, 'SIGKILL');
    live.kill('SIGKILL');
    await live.finished;
    await until('the helper is dead', () => !isRunning(helper));
    const [pid = 0] = linesOf(join(folder, 'pids')).map(Number);
    expect(isRunning(pid)).toBe(true);
    const end = await runCli(['resume'], { stateHome: live.stateHome });
    expect(end.exitCode, end.story).toBe(0);
    expect(isRunning(pid)).toBe(false);
    expect(verdicts(end.events, 'a')).toEqual(['lost', 'exit']);
  });
});

describe('resume', () => {
  it('after a reboot takes nothing over, and believes what was known before it', async () => {
    const folder = tempDir();
    const once = `echo x >> ${folder}/$MEMSCHED_TASK; until [ -e ${folder}/go ]; do sleep 0.05; done`;
    const jobs = {
      ended: { run: once, memory: '30M', cpus: 0 },
      ran: {
        run: `${once}; if [ "$MEMSCHED_ATTEMPT" = 1 ]; then sleep 600; fi`,
        memory: '30M',
        cpus: 0,
      },
    };
    const live = startJobs({ jobs });
    await until('both run', () => ofKind(live.events(), 'attempt-launched').length === 2);
    live.kill('SIGKILL');
    await live.finished;
    writeFileSync(join(folder, 'go'), '');
    const { stateHome } = live;
    const run = runFolder(stateHome) ?? '';
    const left = (): string => {
      const [word = ''] = readdirSync(join(run, 'status'));
      return word === '' ? '' : readFileSync(join(run, 'status', word), 'utf8');
    };
    await until('the helper has left word', () => /^ended 0 1 ended$/m.test(left()));
    for (const name of ['journal.jsonl', 'supervisor.json']) {
      const path = join(run, name);
      const text = readFileSync(path, 'utf8');
      writeFileSync(path, text.replace(/"bootId":"[^"]*"/, '"bootId":"another"'));
    }
    const end = await runCli(['resume'], { stateHome });
    expect(end.exitCode, end.story).toBe(0);
    expect(ofKind(end.events, 'run-resumed')).toMatchObject([
      {
        after: 'reboot',
        adopted: [{ task: 'ended', attempt: 1 }],
        lost: [{ task: 'ran', attempt: 1 }],
      },
    ]);
    expect(linesOf(join(folder, 'ended'))).toEqual(['x']);
    expect(linesOf(join(folder, 'ran'))).toEqual(['x', 'x']);
  });

  it('runs again what did not succeed in a run that has ended', async () => {
    const folder = tempDir();
    const done = join(folder, 'done');
    const jobs = {
      good: { run: counting(done) },
      bad: { run: `if [ ! -e ${folder}/mended ]; then exit 1; fi; ${counting(done)}` },
      after: { needs: ['bad'], run: counting(done) },
    };
    const first = await runJobs({ jobs });
    expect(outcomes(first.events)).toEqual({ good: 'succeeded', bad: 'failed', after: 'skipped' });
    const { stateHome } = first;
    const still = await runCli(['resume'], { stateHome });
    expect(still.exitCode, still.story).toBe(1);
    await runCli(['run', '-'], {
      stateHome,
      stdin: JSON.stringify({ version: 1, jobs: { mend: { run: `touch ${folder}/mended` } } }),
    });
    // The newest run has succeeded: the one that did not is meant.
    const end = await runCli(['resume'], { stateHome });
    expect(end.exitCode, end.story).toBe(0);
    expect(linesOf(done)).toEqual(['after', 'bad', 'good']);
    expect(end.stdout).toContain('3 tasks: 3 succeeded');
  });

  it('writes files of the whole run, where they are named again, and goes on in the tier that is wished for', async () => {
    const folder = tempDir();
    const jobs = {
      good: { run: 'echo good' },
      bad: { run: `test -e ${folder}/mended && echo mended` },
      after: { needs: ['bad'], run: 'echo after' },
    };
    const path = (name: string): string => join(folder, name);
    const { stateHome } = await runJobs({ jobs }, ['--junit', path('before.xml')]);
    expect(await readJunit(path('before.xml'))).toMatchObject({ tests: 3, failures: 1 });
    writeFileSync(path('mended'), '');
    const files = ['junit', 'summary', 'metrics', 'report', 'joblog'];
    const options = files.flatMap((name) => [`--${name}`, path(name)]);
    const end = await runCli(['resume', ...options, '--output', 'group', '--tier', 'procfs'], {
      stateHome,
    });
    expect(end.exitCode, end.story).toBe(0);
    expect(end.stdout).toBe('mended\nafter');
    expect(ofKind(end.events, 'run-resumed')).toMatchObject([{ tier: 'procfs' }]);
    const { cases, ...sums } = await readJunit(path('junit'));
    expect(sums).toMatchObject({ tests: 3, failures: 0, errors: 0 });
    expect(cases.flatMap(({ results }) => results)).toEqual([]);
    expect(cases.map(({ name }) => name).sort()).toEqual(['after', 'bad', 'good']);
    expect(readFileSync(path('summary'), 'utf8')).toContain('3 tasks: 3 succeeded');
    expect(readFileSync(path('metrics'), 'utf8')).toMatch(
      /memsched_tasks_finished_total\{.*outcome="succeeded".*\} 3/,
    );
    expect(readFileSync(path('report'), 'utf8')).toContain('"good"');
    expect(linesOf(path('joblog'))).toHaveLength(3);
  });

  it('still masks what tasks asked to mask before, wherever output is quoted', async () => {
    const env = { GITHUB_ACTIONS: 'true' };
    const junit = join(tempDir(), 'junit.xml');
    const jobs = {
      asks: { run: 'echo "::add-mask::hunter2"' },
      tells: { needs: ['asks'], run: 'echo "it is hunter2" >&2; exit 3' },
    };
    const { stateHome } = await runJobs({ jobs }, [], { env });
    const end = await runCli(['resume', '--junit', junit], { stateHome, env });
    expect(end.exitCode, end.story).toBe(1);
    expect(end.stderr).toContain('it is ***');
    expect(readFileSync(junit, 'utf8')).toContain('it is ***');
    expect(end.stderr + end.stdout + readFileSync(junit, 'utf8')).not.toContain('hunter2');
  });

  it('takes again the last of two values that were set for one variable, also of a job called env', async () => {
    const folder = tempDir();
    const jobs = { env: { run: `echo "$A" >> ${folder}/said; exit 3` } };
    const sets = ['--set', 'env.env.A=one', '--set', 'env.env.A=two', '--set', 'env.retries=1'];
    const { stateHome } = await runJobs({ jobs }, sets);
    const end = await runCli(['resume', '--set', 'env.env.A=two'], { stateHome });
    expect(end.exitCode, end.story).toBe(1);
    expect(linesOf(`${folder}/said`)).toEqual(['two', 'two', 'two', 'two']);
  });

  it('goes on as the run was started, but for values of the environment, which it asks for', async () => {
    const folder = tempDir();
    const jobs = {
      a: { run: `echo "$TOKEN" >> ${folder}/said; exit 3` },
      b: { run: 'exit 1' },
    };
    const first = await runJobs({ jobs }, [
      'a',
      '--set',
      'a.env.TOKEN=hunter2',
      '--set',
      'a.retries=1',
      '--budget',
      '300M',
    ]);
    const { stateHome } = first;
    expect(first.exitCode, first.story).toBe(1);
    const origin = join(runFolder(stateHome) ?? '', 'origin.json');
    expect(statSync(origin).mode & 0o777).toBe(0o600);
    expect(readFileSync(origin, 'utf8')).not.toContain('hunter2');
    const without = await runCli(['resume'], { stateHome });
    expect(without.exitCode).toBe(2);
    expect(without.stderr).toContain('give --set a.env.TOKEN=VALUE again');
    const other = await runCli(['resume', '--set', 'a.env.TOKEN=x', '--set', 'a.retries=3'], {
      stateHome,
    });
    expect(other.exitCode).toBe(2);
    expect(other.stderr).toContain('--set a.retries cannot be set now');
    const end = await runCli(['resume', '--set', 'a.env.TOKEN=again'], { stateHome });
    expect(end.exitCode, end.story).toBe(1);
    expect(readFileSync(join(folder, 'said'), 'utf8')).toBe('hunter2\nhunter2\nagain\nagain\n');
    expect(outcomes(end.events)).toEqual({ a: 'failed' });
  });

  it('refuses a run that is live, and one that never began', async () => {
    const live = startJobs({ jobs: { a: { run: 'sleep 600' } } });
    await until('it runs', () => ofKind(live.events(), 'attempt-launched').length === 1);
    const { stateHome } = live;
    const refused = await runCli(['resume', 'latest'], { stateHome });
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('is live: there is nothing to resume');
    const none = await runCli(['resume'], { stateHome });
    expect(none.stderr).toContain('no run can be resumed');
    live.kill('SIGTERM');
    expect((await live.finished).exitCode).toBe(143);
  });

  it.each([
    ['map', ['--', 'false', ':::', 'a']],
    ['exec', ['false']],
  ])('refuses a run of %s by name, and passes it over by default', async (command, words) => {
    const { stateHome } = await runJobs({ jobs: { a: { run: 'exit 1' } } });
    expect((await runCli([command, ...words], { stateHome })).exitCode).toBe(1);
    const refused = await runCli(['resume', 'latest'], { stateHome });
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('--joblog FILE --resume');
    const end = await runCli(['resume'], { stateHome });
    expect(end.exitCode, end.story).toBe(1);
    expect(end.stdout).toContain('1 task: 1 failed');
  });

  it('lets only one of two have the run', async () => {
    const folder = tempDir();
    const jobs = { a: { run: `echo x >> ${folder}/times; sleep 2; exit 1` } };
    const { stateHome } = await runJobs({ jobs });
    const two = [0, 1].map(() => startCli(['resume', 'latest'], { stateHome }));
    const ends = await Promise.all(two.map(({ finished }) => finished));
    expect(ends.map(({ exitCode }) => exitCode).sort()).toEqual([1, 2]);
    expect(linesOf(join(folder, 'times'))).toEqual(['x', 'x']);
  });
});
