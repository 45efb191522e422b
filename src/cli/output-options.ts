import { Option, type Command } from 'commander';
import { OUTPUT_MODES, type OutputMode } from '../reporters/task-output/modes.js';
import { UsageError } from './errors.js';

/** What is done with what tasks write, and where it is noted which ended how. */
export interface OutputOptions {
  /** Undefined: as the command does by default. */
  readonly output: OutputMode | undefined;
  readonly keepOrder: boolean;
  /** Where each end of a task is noted; `append`: behind what is there. */
  readonly joblog: { readonly path: string; readonly append: boolean } | undefined;
}

interface RawOutputOptions {
  readonly output?: OutputMode;
  readonly keepOrder?: true;
  readonly joblog?: string;
  readonly json?: true;
}

/** Adds the options that `run`, `map` and `exec` share. */
export function addOutputOptions(command: Command): Command {
  return command
    .addOption(outputOption())
    .option('-k, --keep-order', 'pass output on in the order of the tasks')
    .addOption(joblogOption());
}

/** What becomes of what tasks write. */
export function outputOption(): Option {
  return new Option(
    '--output <mode>',
    "pass on what tasks write: when each is finished (group), line by line (stream), so with the task's name before each line (tag), or not (none)",
  ).choices(OUTPUT_MODES);
}

/** Where ends of tasks are noted. */
export function joblogOption(): Option {
  return new Option(
    '--joblog <file>',
    'note each task that ends in this file, as GNU parallel does; +FILE writes behind what is there',
  );
}

/**
 * Reads them.
 *
 * @param byDefault - what the command does without `--output`.
 * @throws UsageError when they contradict each other.
 */
export function readOutputOptions(raw: Readonly<Record<string, unknown>>): OutputOptions {
  const { output, keepOrder = false, joblog, json } = raw as RawOutputOptions;
  if (json === true && output !== undefined && output !== 'none')
    throw new UsageError(
      `--json and --output ${output} both write to stdout: leave one of the two out, or write the events to a file with --events`,
    );
  if (joblog === '' || joblog === '+')
    throw new UsageError('--joblog takes the name of a file, such as --joblog jobs.log');
  const append = joblog?.startsWith('+') ?? false;
  return {
    output: json === true ? 'none' : output,
    keepOrder,
    joblog: joblog === undefined ? undefined : { path: append ? joblog.slice(1) : joblog, append },
  };
}
