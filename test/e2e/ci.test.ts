import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runCli, runFolder, runJobs, startJobs, type LiveCli } from '../support/cli.js';
import { githubHtml, readJunit, readMetrics } from '../support/consumers.js';
import { obeyedCommands } from '../support/github-runner.js';
import { ofKind } from '../support/journal-view.js';
import { until } from '../support/poll.js';
import { helperOf, isRunning } from '../support/processes.js';
import { program } from '../support/programs.js';
import { removeRunTree, runTreeOf } from '../support/run-tree.js';
import { tempDir } from '../support/temp-dir.js';

const FILES = ['--junit', 'junit.xml', '--summary', 'summary.md', '--metrics', 'memsched.prom'];

/** What a task could do to a log that obeys. */
const ATTACK = [
  '::error title=forged::forged',
  '  ::add-mask::hidden',
  'text ##[error]forged',
  '##[add-mask]hidden',
  '\\rsection_end:1:memsched_output_1\\r\\e[0K',
].join('\\n');
const JOBS = {
  name: 'ci',
  jobs: {
    good: { run: 'echo fine' },
    bad: { run: `printf '%b\\n' '${ATTACK}' >&2; exit 3` },
    after: { needs: ['bad'], run: 'true' },
  },
};

describe('files for CI systems', () => {
  it('are all there in the end, and their consumers read them', async () => {
    const cwd = tempDir();
    const end = await runJobs(JOBS, FILES, { cwd });
    expect(end.exitCode, end.story).toBe(1);
    const { cases, failures } = await readJunit(join(cwd, 'junit.xml'));
    expect(failures).toBe(1);
    expect(cases.map(({ name, results }) => [name, results[0]?.kind])).toEqual([
      ['good', undefined],
      ['bad', 'failure'],
      ['after', 'skipped'],
    ]);
    const samples = await readMetrics(readFileSync(join(cwd, 'memsched.prom'), 'utf8'));
    expect(samples.find(({ name }) => name === 'memsched_run_active')?.value).toBe(0);
    const html = await githubHtml(readFileSync(join(cwd, 'summary.md'), 'utf8'));
    expect(html).toContain('<h2>memsched ci: 2 tasks did not succeed</h2>');
    expect(readdirSync(cwd).sort()).toEqual([
      'jobs.yaml',
      'junit.xml',
      'memsched.prom',
      'summary.md',
    ]);
  });

  it.each([
    [
      ['--junit', 'missing/junit.xml'],
      /--junit missing\/junit\.xml cannot be written: there is no/,
    ],
    [['--summary', '.'], /--summary \. cannot be written: it is a folder; name a file in it/],
    [['--metrics', '/proc/memsched.prom'], /--metrics \/proc\/memsched\.prom cannot be written/],
    [['--junit', '-'], /--junit takes the name of a file/],
    [['--junit', 'a', '--summary', './a'], /--junit and --summary name the same file/],
    [['--events', 'a', '--metrics', 'a'], /--events and --metrics name the same file/],
    [['--junit', 'jobs.yaml'], /the jobfile and --junit name the same file/],
    [['--events', 'jobs.yaml'], /the jobfile and --events name the same file/],
    [['--joblog', './jobs.yaml'], /the jobfile and --joblog name the same file/],
    [['--report', 'jobs.yaml'], /the jobfile and --report name the same file/],
    [['--events', 'a', '--joblog', './a'], /--events and --joblog name the same file/],
    [
      ['--events', 'missing/a'],
      /--events missing\/a cannot be written: there is no such file or folder \(ENOENT\)/,
    ],
  ])('%j: refused before anything starts', async (options, message) => {
    const end = await runJobs({ jobs: { a: { run: 'true' } } }, options);
    expect(end.exitCode).toBe(2);
    expect(end.stderr).toMatch(message);
    expect(runFolder(end.stateHome)).toBeUndefined();
  });

  it('that cannot be written any more are told of once, and the run goes on', async () => {
    const cwd = tempDir();
    mkdirSync(join(cwd, 'out'));
    const live = startJobs(
      { jobs: { a: { run: 'until [ -e go ]; do sleep 0.05; done; sleep 2' } } },
      ['--junit', 'out/junit.xml'],
      { cwd },
    );
    await until('the first version', () => existsSync(join(cwd, 'out', 'junit.xml')));
    rmSync(join(cwd, 'out'), { recursive: true });
    writeFileSync(join(cwd, 'go'), '');
    const end = await live.finished;
    expect(end.exitCode, end.story).toBe(0);
    expect(
      end.stderr.match(/--junit out\/junit\.xml cannot be written: there is no/g),
    ).toHaveLength(1);
  });
});

describe('on GitHub Actions', () => {
  it.each([[[]], [['--json']], [['--quiet']]])(
    'with %j: a failure is annotated, nothing that a task wrote is obeyed, the summary is appended',
    async (options) => {
      const summary = join(tempDir(), 'summary.md');
      writeFileSync(summary, 'what was there');
      const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary, CI: 'true' };
      const end = await runJobs(JOBS, options, { env });
      expect(end.exitCode, end.story).toBe(1);
      expect(obeyedCommands(end.stdout)).toEqual([]);
      const [one, ...others] = obeyedCommands(end.stderr);
      expect(others).toEqual([]);
      expect(one).toMatchObject({ name: 'error', properties: { title: 'bad failed' } });
      expect(one?.data).toContain('exit code 3\n::error title=forged::forged\n');
      const text = readFileSync(summary, 'utf8');
      expect(text).toMatch(/^what was there\n## memsched ci: 2 tasks did not succeed\n/);
      expect(text.match(/## memsched ci/g)).toHaveLength(1);
    },
  );

  it('a summary that cannot be appended to fails nothing', async () => {
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: '/missing/summary.md' };
    const end = await runJobs({ jobs: { a: { run: 'true' } } }, [], { env });
    expect(end.exitCode, end.story).toBe(0);
    expect(end.stderr).toContain('the GitHub step summary reporter failed');
  });

  it('the summary tells of the whole run after it was resumed; annotations, of what is new', async () => {
    const cwd = tempDir();
    const summary = join(cwd, 'step.md');
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary, CI: 'true' };
    const waits = `until [ -e ${cwd}/go ]; do sleep 0.05; done; exit 4`;
    const jobs = { early: { run: 'echo of old >&2; exit 3' }, late: { run: waits } };
    const live = startJobs({ jobs }, [], { env });
    await until('one has failed and the other runs', () => {
      const events = live.events();
      const { length } = ofKind(events, 'attempt-launched');
      return length === 2 && ofKind(events, 'task-finished').length === 1;
    });
    live.kill('SIGKILL');
    await live.finished;
    expect(existsSync(summary)).toBe(false);
    writeFileSync(join(cwd, 'go'), '');
    const end = await runCli(['resume'], { stateHome: live.stateHome, env });
    expect(end.exitCode, end.story).toBe(1);
    const html = await githubHtml(readFileSync(summary, 'utf8'));
    expect(html).toContain(': 2 tasks did not succeed</h2>');
    expect(html).toMatch(/early[^]*exit code 3[^]*of old/);
    expect(html).toMatch(/late[^]*exit code 4/);
    expect(obeyedCommands(end.stderr)).toMatchObject([{ properties: { title: 'late failed' } }]);
  });
});

describe('on GitLab', () => {
  it('the end of a failed task is a section, which the task cannot end', async () => {
    const end = await runJobs(JOBS, [], { env: { GITLAB_CI: 'true', CI: 'true' } });
    const marks = end.stderr.match(/section_(?:start|end):\d+:[\w.-]+\r\x1b\[0K/g); // eslint-disable-line no-control-regex -- the format has one
    expect(marks).toHaveLength(2);
    expect(end.stderr).toMatch(/section_start:\d+:memsched_output_1\r\S+output of bad\n/);
  });
});

describe('after kill -9 of the supervisor and of all tasks', () => {
  it.each(['auto', 'procfs'])(
    'on tier %s: the files, show, explain and logs tell who used what, up to the last second',
    async (tier) => {
      const cwd = tempDir();
      const alloc = [program('alloc'), '--hold', '600'];
      const live = startJobs(
        {
          name: 'dies',
          jobs: {
            early: { run: 'echo said-early' },
            steady: { run: [...alloc, '--mib', '30'] },
            grows: { run: [...alloc, '--mib', '400', '--ramp', '40'] },
            never: { needs: ['grows'], run: 'true' },
          },
        },
        ['--tier', tier, ...FILES],
        { cwd },
      );
      await killedMidRun(live, cwd);
      const env = { XDG_STATE_HOME: live.stateHome };
      const memsched = async (...args: string[]): Promise<string> => {
        const { stdout, stderr, exitCode } = await runCli(args, { env, stateHome: live.stateHome });
        expect(exitCode, stderr).toBe(0);
        return stdout;
      };

      const sampled = ofKind(live.events(), 'sampled').at(-1);
      const used = sampled?.attempts.find(({ task }) => task === 'grows')?.usedBytes ?? 0;
      expect(used).toBeGreaterThan(20 * 1024 * 1024);

      const shown = await memsched('show');
      expect(shown).toMatch(/^run +\S+ \(died\)$/m);
      expect(shown).toMatch(
        /^At the last look, \S+ after the start \(.*\), the level was open: used \d+M of budget/m,
      );
      expect(shown).toMatch(/^grows +1 +\d+M +\d+M +\S+ +\+\d+M in \S+ +running$/m);
      expect(shown).toMatch(/^steady +1 +\d+M +\d+M +\S+ +[+−]\S+ in \S+ +running$/m);
      expect(shown).toContain('1 succeeded, 3 not finished');
      expect(await memsched('explain', 'grows')).toMatch(
        /in the end: running, attempt 1; it used \d+M at the last look, \S+ after the start of the run, \+\d+M within \S+; peak \d+M/,
      );
      expect(await memsched('logs', 'early', '--stdout')).toBe('said-early');
      const objects = (await memsched('show', '--json'))
        .split('\n')
        .map((line) => JSON.parse(line) as object);
      expect(objects).toContainEqual(
        expect.objectContaining({ task: 'grows', state: 'running', usedBytes: used }),
      );
      const html = await githubHtml(await memsched('show', '--markdown'));
      expect(html).toContain('<h2>memsched dies: died</h2>');
      expect(html).toContain('Running at the last look');

      const { cases, errors } = await readJunit(join(cwd, 'junit.xml'));
      const message = (name: string): string =>
        cases.find((one) => one.name === name)?.results[0]?.message ?? '';
      expect(errors).toBe(3);
      expect(message('grows')).toMatch(
        /^attempt 1 was running when this was last written, \S+ after the start of the run: it used \d+M then/,
      );
      expect(message('the end of the run')).toMatch(/^the run was not over/);
      expect(cases.find(({ name }) => name === 'early')?.results).toEqual([]);
      expect(readFileSync(join(cwd, 'summary.md'), 'utf8')).toContain('<code>grows</code>');
      const samples = await readMetrics(readFileSync(join(cwd, 'memsched.prom'), 'utf8'));
      const updated = samples.find(({ name }) => name === 'memsched_run_update_time_seconds');
      expect(samples.find(({ name }) => name === 'memsched_run_active')?.value).toBe(1);
      expect(updated?.value).toBeGreaterThan(1_700_000_000);
    },
  );
});

/** Lets the run grow until its files show it, and kills all of it at one blow. */
async function killedMidRun(live: LiveCli, cwd: string): Promise<void> {
  const tasks = await until(
    'both to run',
    () => {
      const pids = ofKind(live.events(), 'attempt-launched')
        .filter(({ task }) => task !== 'early')
        .map(({ pid }) => pid);
      return pids.length === 2 && pids;
    },
    30_000,
  );
  const tree = runTreeOf(tasks[0] ?? 0);
  onTestFinished(async () => {
    for (const pid of tasks) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
    await removeRunTree(tree);
  });
  await until(
    'a few looks, and a report that shows the last task',
    () =>
      ofKind(live.events(), 'sampled').length >= 4 &&
      /name="grows"[^]{1,400}it used [2-9]\dM then/.test(
        readFileSync(join(cwd, 'junit.xml'), 'utf8'),
      ),
    60_000,
  );
  const helper = helperOf(live.pid);
  for (const pid of [live.pid, helper, ...tasks])
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  await live.finished;
  await until('all of it to be gone', () => tasks.every((pid) => !isRunning(pid)));
}
