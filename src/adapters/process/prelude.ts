import { existsSync, readFileSync } from 'node:fs';
import { removeFile } from '../../util/remove-file.js';
import { errorCode } from '../../util/system-error.js';
import { isAllIdentifiers } from './environment.js';

/**
 * What runs between `fork` and the task's `exec`, in the task's own process, so that the first page of the command is
 * charged to the right cgroup and no descendant keeps our `oom_score_adj`.
 *
 * - Failing to enter the cgroup ends it (125): nothing may run outside. Failing to set `oom_score_adj` does not:
 *   lowering needs a privilege (proc_pid_oom_score_adj(5)), and the task runs as well without.
 * - The EXIT trap leaves word in the marker file. After a successful `exec` there is no shell left to run it, so the
 *   marker exists exactly if the command was never executed, whatever the exit code.
 * - bash runs no trap after a failed `exec` unless `execfail` is set; dash and busybox do.
 * - Arguments, not variables, so that nothing is exported by accident; the one variable has a name that never comes
 *   from outside (see `environment.ts`). `BASH_ENV` is put back here because bash would have read it.
 *
 * `$1` marker, `$2` cgroup.procs or empty, `$3` oom_score_adj, `$4` soft limit of open files or empty, `$5` BASH_ENV
 * or empty; the command follows.
 */
const SCRIPT = `[ -z "$BASH_VERSION" ] || shopt -s execfail 2>/dev/null
memsched_marker=$1
trap 'echo "$?" >"$memsched_marker"' EXIT
if [ -n "$2" ]; then echo 0 >"$2" || exit 125; fi
echo "$3" 2>/dev/null >/proc/self/oom_score_adj
[ -z "$4" ] || ulimit -S -n "$4" 2>/dev/null
[ -z "$5" ] || export BASH_ENV="$5"
shift 5
exec "$@"`;

const ENTRY_REFUSED = '125';
const BASH_PATHS = ['/bin/bash', '/usr/bin/bash', '/usr/local/bin/bash'];

/** What the prelude needs to know. */
export interface PreludeOrder {
  readonly markerPath: string;
  readonly procsFile: string | undefined;
  readonly oomScoreAdj: number;
  readonly openFilesLimit: number | undefined;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A program with its arguments and its environment. */
export interface Execution {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The command with the prelude before it. The shell is `/bin/sh`; only for an environment with names that dash would
 * drop (exported bash functions such as `BASH_FUNC_module%%`, names with dots) it is bash, which hands them on.
 */
export function withPrelude(order: PreludeOrder): Execution {
  const { BASH_ENV: bashEnv, ...rest } = order.env;
  const bash = isAllIdentifiers(order.env) ? undefined : findBash();
  const args = [
    '-c',
    SCRIPT,
    'memsched',
    order.markerPath,
    order.procsFile ?? '',
    String(order.oomScoreAdj),
    order.openFilesLimit === undefined ? '' : String(order.openFilesLimit),
    bash === undefined ? '' : (bashEnv ?? ''),
    ...order.argv,
  ];
  return bash === undefined
    ? { file: '/bin/sh', args, env: order.env }
    : { file: bash, args, env: rest };
}

let bashPath: string | undefined;

function findBash(): string | undefined {
  bashPath ??= BASH_PATHS.find((path) => existsSync(path));
  return bashPath;
}

/** At which step the prelude ended, instead of becoming the command. */
export type PreludeFailure = 'entry' | 'exec';

/**
 * Reads and removes the marker.
 *
 * @returns undefined when there is none: the command was executed, and the exit code is its own.
 */
export function takeMarker(markerPath: string): PreludeFailure | undefined {
  let content: string;
  try {
    content = readFileSync(markerPath, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  removeFile(markerPath);
  return content.trim() === ENTRY_REFUSED ? 'entry' : 'exec';
}

/** The shell's complaint without its own name and line number: `memsched: 6: exec: ./a: not found` → `./a: not found`. */
export function stripShellPrefix(line: string): string {
  return line.replace(/^memsched: (?:line )?\d+: /, '').replace(/^exec: (?:line \d+: )?/, '');
}
