import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import about from '../../package.json' with { type: 'json' };
import { MEMSCHED, runCli, runJobs } from '../support/cli.js';
import { tempDir } from '../support/temp-dir.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DIST = join(ROOT, 'dist');

describe('the package', () => {
  it('installs from its tarball without the network, and works from there', async () => {
    const cwd = tempDir();
    const prefix = join(cwd, 'prefix');
    // What was built for these tests: npm would build it anew under their feet.
    const { stdout } = await execa('npm', ['pack', '--ignore-scripts', '--json', ROOT], { cwd });
    const [packed] = JSON.parse(stdout) as { filename: string }[];
    const options = ['--offline', '--no-audit', '--prefix', prefix];
    await execa('npm', ['install', '--global', ...options, `./${packed?.filename ?? ''}`], { cwd });

    const home = join(prefix, 'lib', 'node_modules', 'memsched');
    const bin = join(prefix, 'bin', 'memsched');
    expect(realpathSync(bin)).toBe(join(home, 'bin', 'memsched.js'));
    expect(existsSync(join(home, 'node_modules')), 'it brings all it needs').toBe(false);
    const manual = readFileSync(join(prefix, 'share', 'man', 'man1', 'memsched.1'), 'utf8');
    expect(manual, 'where man finds it').toContain(`memsched ${about.version}`);

    const memsched = async (args: readonly string[], input = ''): Promise<string> =>
      (await execa(bin, args, { cwd, input, env: { XDG_STATE_HOME: cwd } })).stdout;
    expect(await memsched(['--version'])).toBe(about.version);
    expect(await memsched(['doctor'])).toContain('Runs are possible');
    const shipped: unknown = JSON.parse(readFileSync(join(home, 'jobfile.schema.json'), 'utf8'));
    expect(JSON.parse(await memsched(['schema']))).toEqual(shipped);
    const jobfile = 'version: 1\njobs: { a: { run: echo from-a } }\n';
    expect(await memsched(['run', '-'], jobfile)).toContain('1 task: 1 succeeded');
    expect(await memsched(['logs', 'a', '--stdout'])).toBe('from-a');
  });

  it('hands on the licence of every package whose code is in it', () => {
    const licences = readFileSync(join(DIST, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
    const packages = bundledPackages();
    expect(packages.length).toBeGreaterThan(0);
    for (const folder of packages) {
      const text = readFileSync(join(ROOT, folder, licenceFileOf(folder)), 'utf8');
      expect(licences, folder).toContain(text.trim());
    }
  });
});

/** Folders of packages that the bundle names as the source of a stretch of code. */
function bundledPackages(): readonly string[] {
  const SOURCE = /^\/\/ (node_modules\/(?:.*\/node_modules\/)?(?:@[^/\n]+\/)?[^/\n]+)\/.*$/gm;
  const code = readdirSync(DIST)
    .filter((file) => /\.c?js$/.test(file))
    .map((file) => readFileSync(join(DIST, file), 'utf8'))
    .join('\n');
  return [...new Set([...code.matchAll(SOURCE)].map(([, folder = '']) => folder))];
}

function licenceFileOf(folder: string): string {
  return readdirSync(join(ROOT, folder)).find((file) => /^licen[cs]e/i.test(file)) ?? 'LICENSE';
}

describe('of the package, a command loads what it needs, and no more:', () => {
  const SMALL = { jobs: { a: { run: 'true' } } };

  /** Names of the bundle's files that node loaded, as its coverage tells. */
  function filesLoaded(coverage: string): readonly string[] {
    return readdirSync(coverage)
      .map((file) => readFileSync(join(coverage, file), 'utf8'))
      .flatMap((text) => (JSON.parse(text) as { result: { url: string }[] }).result)
      .filter(({ url }) => url.startsWith(pathToFileURL(`${DIST}/`).href))
      .map(({ url }) => basename(url));
  }

  it.each([
    ['show', ['jobfile.cjs', 'session.cjs', 'live.cjs', 'cli-table3.cjs']],
    ['ps', ['jobfile.cjs', 'session.cjs', 'live.cjs', 'cli-table3.cjs']],
    ['doctor', ['jobfile.cjs', 'session.cjs', 'live.cjs', 'zod.cjs']],
    ['run', ['doctor.cjs', 'print-plan.cjs', 'live.cjs', 'cli-table3.cjs']],
  ])('%s', async (command, others) => {
    const coverage = tempDir();
    const env = { NODE_V8_COVERAGE: coverage };
    const ran = await runJobs(SMALL, [], command === 'run' ? { env } : {});
    const end = command === 'run' ? ran : await runCli([command], { ...ran, env });
    expect(end.exitCode, end.story).toBe(0);
    const files = filesLoaded(coverage);
    expect(files).toContain(`${command}.cjs`);
    for (const other of others) {
      expect(readdirSync(DIST)).toContain(other);
      expect(files).not.toContain(other);
    }
  });
});

describe('compiled code', () => {
  const WELL = ['exec', '--tier', 'procfs', '--', 'true'];

  /** What is kept there; a file that was replaced has another number. */
  function kept(cacheHome: string): readonly { readonly file: string; readonly inode: number }[] {
    const folder = join(cacheHome, 'memsched');
    const files = existsSync(folder) ? readdirSync(folder) : [];
    return files.map((file) => ({ file, inode: statSync(join(folder, file)).ino }));
  }

  it('is kept by a run that went well, and is all that the next one needs', async () => {
    const env = { XDG_CACHE_HOME: tempDir(), NODE_V8_COVERAGE: '' };
    const start = async (args: readonly string[]): Promise<void> => {
      const end = await runCli(args, { env });
      expect(end.exitCode, end.story).toBe(0);
    };
    await start(WELL);
    const first = kept(env.XDG_CACHE_HOME);
    expect(first.map(({ file }) => file)).toEqual([expect.stringMatching(/^[0-9a-f]{16}-exec$/)]);
    await start(WELL);
    expect(kept(env.XDG_CACHE_HOME)).toEqual(first);
    await start(['--version']);
    expect(kept(env.XDG_CACHE_HOME)).toHaveLength(2);
  });

  it('is not kept by what failed, nor where it is not wanted', async () => {
    const env = { XDG_CACHE_HOME: tempDir(), NODE_V8_COVERAGE: '' };
    expect((await runCli(['exec', '--', 'false'], { env })).exitCode).toBe(1);
    const off = { ...env, MEMSCHED_NO_CODE_CACHE: '1' };
    expect((await runCli(WELL, { env: off })).exitCode).toBe(0);
    expect(kept(env.XDG_CACHE_HOME)).toEqual([]);
  });

  it('that others may have written is neither taken nor written over', async () => {
    const cacheHome = tempDir();
    const env = { XDG_CACHE_HOME: cacheHome, NODE_V8_COVERAGE: '' };
    mkdirSync(join(cacheHome, 'memsched'));
    chmodSync(join(cacheHome, 'memsched'), 0o777);
    const end = await runCli(WELL, { env });
    expect(end.exitCode, end.story).toBe(0);
    expect(end.stderr).toBe('');
    expect(kept(cacheHome)).toEqual([]);
  });
});

describe('on a terminal', () => {
  it('the picture goes away row by row, and what scrolled away above it stays', async () => {
    const cwd = tempDir();
    const jobs = { bad: { run: 'exit 3' }, long: { run: 'sleep 0.7' } };
    writeFileSync(join(cwd, 'jobs.yaml'), JSON.stringify({ version: 1, jobs }));
    const command = `stty cols 70 rows 20; '${process.execPath}' '${MEMSCHED}' run jobs.yaml`;
    const env = { XDG_STATE_HOME: cwd, TERM: 'xterm', CI: '', NO_COLOR: '1' };
    const run = await execa('script', ['-qec', command, '/dev/null'], { cwd, env, reject: false });
    expect(run.exitCode, run.stdout).toBe(1);
    expect(run.stdout.match(/^level /gm)?.length, 'pictures').toBeGreaterThan(2);
    const screen = screenAfter(run.stdout);
    expect(screen.filter((row) => row.includes('failed     bad: exit code 3'))).toHaveLength(1);
    expect(screen.filter((row) => row.startsWith('level '))).toEqual([]);
    expect(screen.at(-1)).toContain('2 tasks: 1 succeeded, 1 failed');
  });
});

/** A row up, an end of a row erased, other sequences, ends of lines, text. */
const TERMINAL = /\x1b\[(?:(\d+)A|[?\d;]*[A-Za-z])|\r?\n|\r|[^\x1b\r\n]+/g; // eslint-disable-line no-control-regex -- a terminal obeys them

/** What a terminal shows in the end, as far as our pictures use its powers. */
function screenAfter(output: string): readonly string[] {
  const rows: string[] = [];
  let at = 0;
  for (const [piece, up] of output.matchAll(TERMINAL)) {
    if (up !== undefined) at -= Number(up);
    else if (piece.endsWith('\n')) at += 1;
    else if (piece === '\x1b[0K') rows[at] = '';
    else if (!piece.startsWith('\x1b') && piece !== '\r') rows[at] = `${rows[at] ?? ''}${piece}`;
  }
  return rows.filter((row) => row !== '');
}
