import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { err, ok, type Result } from '../../util/result.js';
import { describeError, errorCode } from '../../util/system-error.js';

/** Where the kernel's and the shells' own default leads when `PATH` is not set (execvp(3), dash). */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Finds the file that `exec` would execute, the way a shell does: through `PATH` unless the name has a slash, relative
 * to the task's folder. Looking first makes the commonest mistake an answer at once, not an exit code later.
 *
 * @returns the path that was found, or a sentence for the user.
 */
export function resolveProgram(
  program: string,
  cwd: string,
  pathVariable: string | undefined,
): Result<string, string> {
  if (program === '') return err('the program to run has an empty name');
  if (program.startsWith('-')) {
    return err(
      `the program is called "${program}", which a shell takes for an option: write "./${program}"`,
    );
  }
  if (program.includes('/')) return check(program, resolve(cwd, program));

  let refused: string | undefined;
  const path = pathVariable ?? DEFAULT_PATH;
  for (const folder of path.split(':')) {
    const candidate = resolve(cwd, folder, program);
    if (!isFile(candidate)) continue;
    const found = check(program, candidate);
    if (found.ok) return found;
    refused ??= found.error;
  }
  return err(refused ?? `there is no program "${program}" in PATH (${path})`);
}

/** Whether a program that {@link resolveProgram} has not found is there all the same, and cannot be executed. */
export function isProgramThere(
  program: string,
  cwd: string,
  pathVariable: string | undefined,
): boolean {
  if (program === '') return false;
  const folders = program.includes('/') ? [''] : (pathVariable ?? DEFAULT_PATH).split(':');
  return folders.some((folder) => {
    const path = resolve(cwd, folder, program);
    return isFile(path) || (program.includes('/') && existsSync(path));
  });
}

/** Finds programs like {@link resolveProgram}. */
export type FindProgram = typeof resolveProgram;

/**
 * A {@link resolveProgram} that remembers where it found a name in `PATH`, as shells do: tasks of one job look for the
 * same again and again. What is not there any more is looked for anew.
 */
export function programFinder(): FindProgram {
  const places = new Map<string, string>();
  return (program, cwd, pathVariable) => {
    const key = [program, cwd, pathVariable ?? ''].join('\0');
    const place = places.get(key);
    if (place !== undefined && isExecutable(place)) return ok(place);
    const found = resolveProgram(program, cwd, pathVariable);
    if (found.ok && !program.includes('/')) places.set(key, found.value);
    return found;
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function check(program: string, path: string): Result<string, string> {
  const shown = isAbsolute(program) || !program.includes('/') ? path : `${program} (${path})`;
  try {
    if (statSync(path).isDirectory()) return err(`${shown} is a folder, not a program`);
  } catch (error) {
    return err(`cannot execute ${shown}: ${describeError(error)}`);
  }
  try {
    accessSync(path, constants.X_OK);
  } catch (error) {
    if (errorCode(error) !== 'EACCES')
      return err(`cannot execute ${shown}: ${describeError(error)}`);
    return err(`${shown} is not executable for this user; "chmod +x ${path}" makes it so`);
  }
  return ok(path);
}

/** Also false in a folder of PATH that is closed to us: a shell passes over it without a word, too. */
function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return false;
  }
}
