import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Something the bench needs is not there, or did not work. Its text says what, and how to mend it. */
export class BenchError extends Error {}

/** The checkout, with a slash at its end: the bench runs compiled, from a folder below it. */
export const ROOT = checkoutAbove(new URL('./', import.meta.url));

/** The built CLI's entry. */
export const MEMSCHED = `${ROOT}bin/memsched.js`;

/** Our own version, as the package says. */
export function memschedVersion(): string {
  const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
    readonly version: string;
  };
  return version;
}

/** Whether a program can be started by its name. */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** @throws BenchError that says how to install what is missing. */
export function needPrograms(...programs: readonly string[]): void {
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length > 0)
    throw new BenchError(
      `these programs are missing: ${missing.join(', ')}; scripts/install-bench-tools.sh installs them`,
    );
}

/**
 * Compiles a program of one C file, so that it runs in a guest, too; returns its path.
 *
 * @param source - relative to the checkout.
 * @throws BenchError with what the compiler said.
 */
export function compiled(source: string, name: string): string {
  needPrograms('gcc');
  const folder = `${ROOT}.cache/bench/programs`;
  mkdirSync(folder, { recursive: true });
  const program = `${folder}/${name}`;
  const { status, stderr } = spawnSync(
    'gcc',
    ['-std=gnu11', '-O2', '-Wall', '-Werror', '-static', '-o', program, `${ROOT}${source}`],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new BenchError(`${source} does not compile:\n${stderr}`);
  return program;
}

function checkoutAbove(folder: URL): string {
  const above = new URL('../', folder);
  if (above.href === folder.href) throw new BenchError('the bench must run inside a checkout');
  return existsSync(new URL('package.json', folder)) ? fileURLToPath(folder) : checkoutAbove(above);
}
