import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseProfiles, profilesText } from '../../src/adapters/profiles/format.js';
import type { StoredProfile } from '../../src/core/learning/stored-profile.js';
import { MiB } from '../../src/util/bytes.js';
import { runCli, runJobs, startJobs, type CliOptions, type FinishedCli } from '../support/cli.js';
import { ofKind } from '../support/journal-view.js';
import { until } from '../support/poll.js';
import { storedProfile } from '../support/profiles.js';
import { program } from '../support/programs.js';
import { tempDir } from '../support/temp-dir.js';
import { completed } from '../unit/core/learning/samples.js';

/** A job whose tasks use about so many MiB for a moment. */
const alloc = (mib: number, more: object = {}) => ({
  run: [program('alloc'), '--mib', String(mib), '--hold', '0.3'],
  group: 'work',
  ...more,
});

/** What is in a file of profiles. */
function profilesIn(path: string): readonly StoredProfile[] {
  const parsed = parseProfiles(readFileSync(path, 'utf8'));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

/** All profiles of a state folder, by group. */
async function profilesOf(stateHome: string): Promise<ReadonlyMap<string, StoredProfile>> {
  const out = join(tempDir(), 'all.json');
  const end = await runCli(['profile', 'export', out], { stateHome });
  expect(end.exitCode, end.stderr).toBe(0);
  return new Map(profilesIn(out).map((stored) => [stored.group, stored]));
}

const runsOf = (stored: StoredProfile | undefined) => stored?.profile.runs.length ?? 0;

describe('a run', () => {
  it('adds to what earlier ones have learned, and the commands show, export, import and forget it', async () => {
    const options = { stateHome: tempDir(), cwd: tempDir() };
    const { stateHome } = options;
    const jobs = {
      align: { matrix: { n: [1, 2, 3] }, run: [program('alloc'), '--mib', '20', '--hold', '0.4'] },
    };
    expect((await runCli(['profile', 'ls'], options)).stdout).toContain('no profiles yet');
    for (const runs of [3, 6]) {
      const end = await runJobs({ jobs }, [], options);
      expect(end.exitCode, end.story).toBe(0);
      expect(end.stderr).not.toContain('profile');
      const [stored] = (await profilesOf(stateHome)).values();
      expect(stored?.label).toBe('align');
      expect(runsOf(stored)).toBe(runs);
      await runCli(['profile', 'export', `after-${runs}.json`], options);
    }
    const [group = ''] = (await profilesOf(stateHome)).keys();

    const ls = await runCli(['profile', 'ls'], options);
    expect(ls.stdout).toMatch(new RegExp(`^${group} +6 `, 'm'));
    const rows = await runCli(['profile', 'ls', '--json'], options);
    expect(JSON.parse(rows.stdout)).toMatchObject({ group, label: 'align', runs: 6, learned: 6 });

    const show = await runCli(['profile', 'show', 'align'], options);
    expect(show.stdout).toContain('memory over the time of a run');
    expect(show.stdout).toMatch(/PEAK {2}RUNS\n/);
    for (const line of show.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const unknown = await runCli(['profile', 'show', 'algin'], options);
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stderr).toContain('the nearest is "align"');

    const file = join(options.cwd, 'carried.json');
    expect((await runCli(['profile', 'export', file, 'align'], options)).exitCode).toBe(0);
    const toStdout = await runCli(['profile', 'export'], options);
    expect(`${toStdout.stdout}\n`).toBe(readFileSync(file, 'utf8'));

    const forgot = await runCli(['profile', 'forget', 'align'], options);
    expect(forgot.stdout).toMatch(new RegExp(`^forgot ${group}: 6 runs, last seen `));
    expect((await profilesOf(stateHome)).size).toBe(0);

    const back = await runCli(['profile', 'import', file], options);
    expect(back.stdout).toContain('imported 1 group from 1 file: 1 new, 0 added to, 0 unchanged');
    const again = await runCli(['profile', 'import', file, file], options);
    expect(again.stdout).toContain('0 new, 0 added to, 1 unchanged');
    expect(runsOf((await profilesOf(stateHome)).get(group))).toBe(6);
    await runCli(['profile', 'forget', '--all'], options);
    await runCli(['profile', 'import', 'after-3.json'], options);
    const more = await runCli(['profile', 'import', 'after-6.json'], options);
    expect(more.stdout).toContain('0 new, 1 added to, 0 unchanged');
    expect(runsOf((await profilesOf(stateHome)).get(group))).toBe(6);
    await runCli(['profile', 'forget', '--all'], options);
    expect((await profilesOf(stateHome)).size).toBe(0);
  });

  it('knows a task that ran before among others of its group', async () => {
    const options = { stateHome: tempDir(), cwd: tempDir() };
    const sizes = [60, 160, 20, 100];
    const jobs = {
      row: {
        matrix: { mib: sizes },
        run: [program('alloc'), '--mib', '${{ matrix.mib }}', '--hold', '0.5'],
        preemptible: 'low',
      },
    };
    const estimates = async () => {
      const end = await runJobs({ jobs }, [], options);
      expect(end.exitCode, end.story).toBe(0);
      return new Map(
        ofKind(end.events, 'attempt-admitted').map(({ task, reason }) => [task, reason.estimate]),
      );
    };
    expect(new Set([...(await estimates()).values()].map(({ source }) => source))).not.toContain(
      'same-task',
    );
    const second = await estimates();
    for (const mib of sizes) {
      const { source, bytes = 0 } = second.get(`row.${mib}`) ?? {};
      expect(source).toBe('same-task');
      expect(bytes / MiB).toBeGreaterThan(mib);
      expect(bytes / MiB).toBeLessThan(1.5 * mib + 16);
    }
    const explained = await runCli(['explain', 'row.20'], options);
    expect(explained.stdout).toContain('from 1 earlier run of the same task');
    const show = await runCli(['profile', 'show', 'row'], options);
    expect(show.stdout).toMatch(/again +peak ± \d+ %, time ± \d+ % .*\(4 pairs\)/);
  });

  it('keeps them in a portable file when told so, whatever the checkout it runs in', async () => {
    const file = join(tempDir(), 'profiles.json');
    const sharing = { stateHome: tempDir() };
    for (const runs of [1, 2]) {
      const cwd = join(tempDir(), 'project');
      mkdirSync(cwd);
      const jobs = { test: { run: 'true' } };
      const end = await runJobs({ jobs }, ['--profile-file', file], { ...sharing, cwd });
      expect(end.exitCode, end.story).toBe(0);
      expect(profilesIn(file).map(runsOf)).toEqual([runs]);
      expect(end.events[0]).toMatchObject({ kind: 'run-started', profileFile: file });
    }
    expect(existsSync(join(sharing.stateHome, 'memsched', 'profiles'))).toBe(false);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const ls = await runCli(['profile', 'ls', '--profile-file', file]);
    expect(ls.stdout).toMatch(/^test#[0-9a-f]{8} +2 /m);
  });

  it('neither reads nor keeps any when told so', async () => {
    const end = await runJobs({ jobs: { a: { run: 'true' } } }, ['--no-profile']);
    expect(end.exitCode, end.story).toBe(0);
    expect(existsSync(join(end.stateHome, 'memsched', 'profiles'))).toBe(false);
    const both = await runJobs({ jobs: { a: { run: 'true' } } }, [
      '--no-profile',
      '--profile-file',
      'x',
    ]);
    expect(both.exitCode).toBe(2);
    expect(both.stderr).toContain('contradict each other');
  });

  it('that is stopped keeps what had ended by then, and that the others were stopped on their way', async () => {
    const file = join(tempDir(), 'profiles.json');
    const jobs = {
      quick: { run: 'true', group: 'quick' },
      slow: { run: [program('alloc'), '--mib', '20', '--hold', '100'], group: 'slow' },
      failing: { run: 'exit 3', group: 'failing' },
    };
    const cli = startJobs({ jobs, max_parallel: 3 }, ['--profile-file', file]);
    await until('two have ended and one is seen to use memory', () => {
      const events = cli.events();
      const seen = ofKind(events, 'sampled').some(({ attempts }) =>
        attempts.some(({ task, usedBytes }) => task === 'slow' && usedBytes > 0),
      );
      return seen && ofKind(events, 'attempt-ended').length === 2;
    });
    cli.kill('SIGTERM');
    const end = await cli.finished;
    expect(end.exitCode, end.story).toBe(143);
    const stored = new Map(profilesIn(file).map(({ group, profile }) => [group, profile]));
    expect([...stored.keys()].sort()).toEqual(['quick', 'slow']);
    expect(stored.get('quick')?.runs).toHaveLength(1);
    expect(stored.get('slow')?.bounds).toHaveLength(1);
  });

  it('and another at the same time lose nothing of each other', async () => {
    const file = join(tempDir(), 'profiles.json');
    const jobs = { a: { matrix: { n: [1, 2, 3] }, run: 'true', group: 'shared' } };
    const ends = await Promise.all(
      Array.from({ length: 4 }, () => runJobs({ jobs }, ['--profile-file', file])),
    );
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    const [stored] = profilesIn(file);
    expect(stored?.profile.learned).toBe(12);
    expect(runsOf(stored)).toBe(12);
  });
});

describe('many processes at once', () => {
  it('add to one folder, and nothing of any of them is lost', async () => {
    const stateHome = tempDir();
    const dir = tempDir();
    const files = Array.from({ length: 6 }, (_, at) => {
      const path = join(dir, `${at}.json`);
      const shared = Array.from({ length: 5 }, (_run, run) => completed(10 * at + run, 100 + at));
      writeFileSync(
        path,
        profilesText([
          storedProfile('shared', shared),
          storedProfile(`own${at}`, [completed(at, 7)]),
        ]),
      );
      return path;
    });
    const ends = await Promise.all(
      files.map((file) => runCli(['profile', 'import', file], { stateHome })),
    );
    expect(ends.map(({ stderr }) => stderr)).toEqual(Array(6).fill(''));
    const all = await profilesOf(stateHome);
    expect(runsOf(all.get('shared'))).toBe(30);
    expect(all.size).toBe(7);
  });
});

describe('profiles that cannot be used', () => {
  const JOBS = { jobs: { a: { run: 'true', group: 'a' } } };
  const inFile = (content: string) => {
    const dir = tempDir();
    const file = join(dir, 'profiles.json');
    writeFileSync(file, content);
    return { dir, file, args: ['--profile-file', file] };
  };
  const NEWER = '{"format":"memsched-profiles","version":99,"groups":[]}\n';

  it('because they are damaged are put aside, with a warning, and the run goes on', async () => {
    const { dir, file, args } = inFile('{"format":"memsched-profiles","vers');
    const end = await runJobs(JOBS, args);
    expect(end.exitCode, end.story).toBe(0);
    const [aside = ''] = readdirSync(dir).filter((name) => name.includes('.corrupt-'));
    expect(end.stderr).toContain(`is put aside as ${join(dir, aside)}`);
    expect(readFileSync(join(dir, aside), 'utf8')).toBe('{"format":"memsched-profiles","vers');
    expect(profilesIn(file).map(runsOf)).toEqual([1]);
  });

  it('because they are of a newer version are left alone by a run and refused by the commands', async () => {
    const { file, args } = inFile(NEWER);
    const end = await runJobs(JOBS, args);
    expect(end.exitCode, end.story).toBe(0);
    expect(end.stderr).toMatch(/version 99 of the format.*This run goes without it/);
    for (const command of [['ls'], ['show', 'a'], ['export'], ['forget', '--all']]) {
      const refused = await runCli(['profile', ...command, ...args]);
      expect(refused.exitCode, command.join(' ')).toBe(2);
      expect(refused.stderr).toContain('version 99 of the format');
    }
    expect(readFileSync(file, 'utf8')).toBe(NEWER);
  });

  it('because they are something else are refused before anything starts', async () => {
    const { file, args } = inFile('{"name":"some package"}');
    const end = await runJobs(JOBS, args);
    expect(end.exitCode).toBe(2);
    expect(end.stderr).toContain('is no file of profiles; is it the right one?');
    expect(end.events).toEqual([]);
    expect(readFileSync(file, 'utf8')).toBe('{"name":"some package"}');
    for (const [wrong, message] of [
      ['jobs.yaml', 'the jobfile and --profile-file name the same file'],
      ['missing/profiles.json', 'there is no folder'],
      ['.', 'no ordinary file'],
    ] as const) {
      const refused = await runJobs(JOBS, ['--profile-file', wrong]);
      expect(refused.exitCode).toBe(2);
      expect(refused.stderr).toContain(message);
    }
  });

  it('because nothing can be written there cost a warning, and the run goes on', async () => {
    const stateHome = tempDir();
    mkdirSync(join(stateHome, 'memsched'), { mode: 0o700 });
    writeFileSync(join(stateHome, 'memsched', 'profiles'), 'in the way');
    const end = await runJobs(JOBS, [], { stateHome });
    expect(end.exitCode, end.story).toBe(0);
    expect(end.stderr).toContain('what this run has learned is not stored');
    const nowhere = await runJobs(JOBS, ['--profile-file', '/proc/profiles.json']);
    expect(nowhere.exitCode, nowhere.story).toBe(0);
    expect(nowhere.stderr).toContain('what this run has learned is not stored');
  });

  it.each([
    [['show'], "missing required argument 'group'"],
    [['forget'], 'which group?'],
    [['forget', 'a', '--all'], 'contradict each other'],
    [['import', 'missing.json'], 'there is no file missing.json'],
    [['ls', '--profile-file', 'missing.json'], 'there is no file missing.json'],
    [['export', 'jobs.yaml'], 'it is not replaced'],
    [['import', 'jobs.yaml'], 'is damaged'],
  ])('%j is explained', async (args, message) => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'jobs.yaml'), 'version: 1\n');
    const end = await runCli(['profile', ...args], { cwd });
    expect(end.exitCode).toBe(2);
    expect(end.stderr).toContain(message);
    expect(readFileSync(join(cwd, 'jobs.yaml'), 'utf8')).toBe('version: 1\n');
  });
});

describe('max_growth', () => {
  const GATE = ['--profile-file', 'ci.json', '--max-growth', '20%'];
  const run = (mib: number, options: CliOptions, args = GATE): Promise<FinishedCli> =>
    runJobs({ jobs: { build: alloc(mib) } }, args, options);

  it('goes red when a group grew, stays red until somebody decides, and is green again then', async () => {
    const options = { cwd: tempDir(), stateHome: tempDir() };
    const file = join(options.cwd, 'ci.json');
    const first = await run(60, options);
    expect(first.exitCode, first.story).toBe(0);
    expect(first.stderr).toContain('max_growth compares nothing in this run');
    for (let runs = 0; runs < 2; runs += 1) await run(60, options);
    const steady = await run(60, options);
    expect(steady.exitCode, steady.story).toBe(0);
    expect(steady.stderr).not.toContain('compares nothing');
    expect(profilesIn(file).map(runsOf)).toEqual([4]);

    for (let times = 0; times < 2; times += 1) {
      const red = await run(120, options);
      expect(red.exitCode, red.story).toBe(1);
      const [grew] = ofKind(red.events, 'group-grew');
      expect(grew).toMatchObject({ group: 'work', task: 'build', limitPct: 20, samples: 4 });
      expect(grew?.growthPct).toBeGreaterThan(50);
      expect(red.events.at(-1)?.kind).toBe('run-ended');
      expect(red.stderr).toMatch(/grew +work: peak \S+ \(task build\), [\d.]+% more than the/);
      expect(red.stdout).toContain(`memsched profile forget work --profile-file ${file}`);
      expect(red.stdout).toContain('1 task: 1 succeeded');
      expect(profilesIn(file).map(runsOf)).toEqual([4]);
      for (const command of [['show'], ['explain', 'build']]) {
        const told = await runCli(command, options);
        expect(told.stdout, told.stderr).toMatch(/work: peak .* max_growth is 20%/);
      }
    }

    const larger = await run(120, options, ['--profile-file', 'ci.json', '--max-growth', '500%']);
    expect(larger.exitCode, larger.story).toBe(0);
    await runCli(['profile', 'forget', 'work', '--profile-file', 'ci.json'], options);
    const anew = await run(120, options);
    expect(anew.exitCode, anew.story).toBe(0);
  });

  it('of a jobfile has no effect without profiles, and that is said', async () => {
    const end = await runJobs({ max_growth: '20%', jobs: { a: { run: 'true' } } }, [
      '--no-profile',
    ]);
    expect(end.exitCode, end.story).toBe(0);
    expect(end.stderr).toContain('max_growth has no effect with --no-profile');
  });
});
