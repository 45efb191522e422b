import { Option, type Command } from 'commander';
import { ENV_NAME, ENV_NAME_GRAMMAR } from '../adapters/jobfile/names.js';
import type { Override } from '../adapters/jobfile/load.js';
import { UsageError } from './errors.js';

/** Options of `map` and `exec` that stand for keys of a job: the option, the key, and what it means. */
const KEYS = [
  [
    '--memory <size>',
    ['memory', 'request'],
    'what one task is expected to need, such as 2G; default: found out',
  ],
  ['--limit <size>', ['memory', 'limit'], 'memory.max of one task, such as 4G'],
  [
    '--cpus <n>',
    ['cpus'],
    'processors that one task counts for; auto: as measured, 0: not counted',
  ],
] as const;

/** What a task is like, beside its command. */
export interface TaskOptions {
  readonly overrides: (job: string) => readonly Override[];
  /** Tasks of one group share a profile; undefined: by command and folder. */
  readonly group: string | undefined;
  /** As typed; undefined: where memsched was started. */
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}

interface RawTaskOptions extends Readonly<Record<string, unknown>> {
  readonly group?: string;
  readonly cwd?: string;
  readonly env?: readonly string[];
}

/** Adds the options that stand for the keys of a job. */
export function addTaskOptions(command: Command): Command {
  for (const [flags, , description] of KEYS) command.option(flags, description);
  return command
    .option(
      '--group <name>',
      'tasks of one group share what is learned; default: by command and folder',
    )
    .option('--cwd <folder>', 'where tasks start')
    .option('--env <NAME=VALUE>', 'a variable of their environment; may be repeated', collect);
}

/**
 * Reads them.
 *
 * @throws UsageError when a variable has no name that one can have.
 */
export function readTaskOptions(raw: Readonly<Record<string, unknown>>): TaskOptions {
  const { group, cwd, env = [] } = raw as RawTaskOptions;
  return {
    overrides: (job) =>
      KEYS.flatMap(([flags, path]) => {
        const option = new Option(flags);
        const value = raw[option.attributeName()];
        if (value === undefined || (flags.startsWith('--memory') && value === 'auto')) return [];
        return [{ option: option.long ?? flags, path: ['jobs', job, ...path], value }];
      }),
    group,
    cwd,
    env: Object.fromEntries(env.map(variable)),
  };
}

function variable(text: string): [string, string] {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  if (at < 0)
    throw new UsageError(`--env takes NAME=VALUE, such as --env THREADS=2, not "${text}"`);
  if (!ENV_NAME.test(name))
    throw new UsageError(`--env ${text}: "${name}" is not ${ENV_NAME_GRAMMAR}`);
  if (name.startsWith('MEMSCHED_'))
    throw new UsageError(
      `--env ${text}: memsched itself sets the variables that begin with MEMSCHED_`,
    );
  return [name, text.slice(at + 1)];
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
