import { accessSync, constants, statSync } from 'node:fs';
import type { LaunchOrder } from '../../supervisor/ports.js';
import type { StartFault } from '../../core/outcome.js';
import { err, ok, type Result } from '../../util/result.js';
import { describeError } from '../../util/system-error.js';
import { layered } from './environment.js';
import type { FindProgram } from './resolve-program.js';
import { unfitForStdin } from './streams.js';

/** An order as it can be carried out. */
export interface PreparedOrder {
  readonly argv: readonly string[];
  /** What to execute as `argv`: a path, absolute or relative to the task's folder. */
  readonly program: string;
  /** What the task's environment has beside, or instead of, what all tasks inherit. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Looks at an order before anything is started: the commonest mistakes are answered at once.
 *
 * @param inherited - the environment that all tasks have in common.
 * @param findProgram - one for the whole run.
 * @returns a sentence for the user when it cannot be carried out.
 */
export function prepareOrder(
  order: LaunchOrder,
  inherited: Readonly<Record<string, string>>,
  findProgram: FindProgram,
): Result<PreparedOrder, StartFault> {
  const { spec, entry } = order;
  const argv = argvOf(order);
  const env = layered(spec.cwd, spec.env, entry.env, order.env);
  const unfit =
    nulIn(argv, env) ??
    unfitFolder(spec.cwd) ??
    (spec.stdin === undefined ? undefined : unfitForStdin(spec.stdin));
  if (unfit !== undefined) return err({ error: unfit });
  const [name = ''] = argv;
  const found = findProgram(name, spec.cwd, env['PATH'] ?? inherited['PATH']);
  if (!found.ok) return err({ error: found.error });
  return ok({ argv, program: name.includes('/') ? name : found.value, env });
}

/** The words to execute. */
export function argvOf({ spec: { command } }: LaunchOrder): readonly string[] {
  return command.kind === 'argv' ? command.argv : [...command.shell, command.script];
}

function nulIn(argv: readonly string[], env: Readonly<Record<string, string>>): string | undefined {
  if (argv.some((word) => word.includes('\0'))) {
    return 'the command contains a NUL character, which no program can be given';
  }
  const spoilt = Object.entries(env).find(([name, value]) => `${name}${value}`.includes('\0'));
  if (spoilt === undefined) return undefined;
  return `the environment variable ${spoilt[0].replaceAll('\0', '?')} contains a NUL character, which no program can be given`;
}

function unfitFolder(cwd: string): string | undefined {
  try {
    // Searching a folder for itself asks all questions at once.
    accessSync(`${cwd}/.`, constants.X_OK);
    return undefined;
  } catch {
    return whyUnfit(cwd);
  }
}

function whyUnfit(cwd: string): string | undefined {
  try {
    if (!statSync(cwd).isDirectory()) return `cannot start in ${cwd}: it is not a folder`;
    accessSync(cwd, constants.X_OK);
    return undefined;
  } catch (error) {
    return `cannot start in ${cwd}: ${describeError(error)}`;
  }
}
