import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import about from '../../package.json' with { type: 'json' };
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
    .filter((file) => file.endsWith('.js'))
    .map((file) => readFileSync(join(DIST, file), 'utf8'))
    .join('\n');
  return [...new Set([...code.matchAll(SOURCE)].map(([, folder = '']) => folder))];
}

function licenceFileOf(folder: string): string {
  return readdirSync(join(ROOT, folder)).find((file) => /^licen[cs]e/i.test(file)) ?? 'LICENSE';
}
