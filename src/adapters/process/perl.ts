import { resolveProgram } from './resolve-program.js';

/** Where the system's own is; one of PATH may be anything, and is taken where there is none. */
const SYSTEM_FOLDER = '/usr/bin';

/** The Perl that the launch helper is run with; undefined where there is none. */
export function findPerl(
  pathVariable: string | undefined = process.env['PATH'],
): string | undefined {
  const found = resolveProgram('perl', '/', `${SYSTEM_FOLDER}:${pathVariable ?? ''}`);
  return found.ok ? found.value : undefined;
}
