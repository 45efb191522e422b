import { Option, type Command } from 'commander';
import { UsageError } from './errors.js';

/** How input becomes tasks, as the options of `map` say. */
export interface MapOptions {
  readonly delimiter: Buffer;
  readonly columnSeparator: RegExp | undefined;
  readonly skipBlank: boolean;
  /** Records for each task. */
  readonly each: number;
  /** What stands for the arguments: `{}`, or as `-I` says. */
  readonly whole: string;
  readonly files: readonly string[];
  /** Undefined: a command of one word with shell syntax in it is one for a shell. */
  readonly shell: boolean | undefined;
  /** What is left out that a joblog has: all that ended, or what succeeded. */
  readonly resume: 'ended' | 'succeeded' | undefined;
  readonly keepLogs: boolean;
}

interface RawMapOptions extends Readonly<Record<string, unknown>> {
  readonly null?: true;
  readonly delimiter?: string;
  readonly colsep?: string;
  readonly runIfEmpty: boolean;
  readonly maxArgs?: string;
  readonly N?: string;
  readonly I: string;
  readonly argFile?: readonly string[];
  readonly shell?: boolean;
  readonly resume?: true;
  readonly resumeFailed?: true;
  readonly keepLogs?: true;
  readonly joblog?: string;
}

/** Options of GNU parallel that people reach for, and what to do instead. */
const OF_PARALLEL = [
  ['--tag', 'write --output tag'],
  ['--tagstring <text>', 'write --output tag; the tag is the arguments'],
  ['--line-buffer', 'write --output stream'],
  ['--lb', 'write --output stream'],
  ['-u, --ungroup', 'write --output stream: whole lines, at once'],
  ['--dryrun', 'write --dry-run'],
  ['--retry-failed', 'write --resume-failed, with the same command and input'],
  [
    '--bar',
    'a live picture is shown on a terminal with --output none; --verbose tells of everything',
  ],
  [
    '--progress',
    'a live picture is shown on a terminal with --output none; --verbose tells of everything',
  ],
  [
    '--eta',
    'a live picture is shown on a terminal with --output none; --verbose tells of everything',
  ],
  [
    '--memfree <size>',
    'leave it out: memory is what memsched looks after; --budget sets how much there is',
  ],
  [
    '--memsuspend <size>',
    'leave it out: memory is what memsched looks after; --preemptible lets tasks be stopped for it',
  ],
  ['--load <max>', 'leave it out: processors are measured; --cpus says what a task counts for'],
  ['--noswap', 'leave it out: memory is what memsched looks after'],
  ['--nice <n>', 'put nice before the command: -- nice -n 10 cmd {}'],
  ['--delay <seconds>', 'there is none: how fast tasks start follows from their memory'],
  ['--pipe', 'standard input is not split among tasks; split(1) makes files of it'],
  ['--pipepart', 'standard input is not split among tasks; split(1) makes files of it'],
  ['-S, --sshlogin <hosts>', 'memsched runs on one host'],
  [
    '--results <folder>',
    "write the file in the command, such as 'cmd {} > {}.out'; memsched logs shows what failed tasks wrote",
  ],
  ['--header <regexp>', 'name columns by number: {1} {2}'],
  ['--link', 'write :::+ or ::::+ between the sources'],
  ['--xapply', 'write :::+ or ::::+ between the sources'],
  ['-X', 'write -n N for N arguments a task'],
  ['-m', 'write -n N for N arguments a task'],
  ['-L <n>', 'write -n N for N lines a task'],
  ['--will-cite', 'leave it out'],
] as const;

/** Adds the options that only `map` has. */
export function addMapOptions(command: Command): Command {
  command
    .option('-0, --null', 'the input has NUL between its records, as find -print0 writes it')
    .option(
      '-d, --delimiter <text>',
      String.raw`what stands between the records; \n, \t and \0 are known`,
    )
    .option('-C, --colsep <regexp>', 'split each record into columns: {1} {2} …')
    .option('-r, --no-run-if-empty', 'leave out records of nothing but blanks')
    .option('-n, --max-args <n>', 'so many records for each task')
    .addOption(new Option('-N <n>').hideHelp())
    .option('-I <text>', 'what stands for the argument', '{}')
    .option('-a, --arg-file <file>', 'read the input from this file; may be repeated', collect)
    .option('--shell', 'join the words and let bash read them, as GNU parallel does')
    .option('--no-shell', 'no shell, even for a single word with shell syntax in it')
    .option('--resume', 'leave out the commands that the joblog has')
    .option('--resume-failed', 'leave out the commands that succeeded according to the joblog')
    .option('--keep-logs', 'keep the log of a task also when its output was passed on')
    .addOption(new Option('-P <n>', 'as -j').hideHelp());
  for (const [flags] of OF_PARALLEL) command.addOption(new Option(flags).hideHelp());
  return command;
}

/**
 * Reads them.
 *
 * @throws UsageError when one is wrong, contradicts another or is one of GNU parallel's that memsched does not have.
 */
export function readMapOptions(raw: Readonly<Record<string, unknown>>): MapOptions {
  refuseForeign(raw);
  const options = raw as RawMapOptions;
  const { resume, resumeFailed, joblog, colsep, I: whole } = options;
  if ((resume ?? resumeFailed) === true && joblog === undefined)
    throw new UsageError(
      '--resume and --resume-failed need --joblog FILE, the record of the run before',
    );
  if (whole === '') throw new UsageError('-I takes what stands for the argument, such as -I ,,');
  return {
    delimiter: delimiterOf(options),
    columnSeparator: colsep === undefined ? undefined : columnSeparator(colsep),
    skipBlank: !options.runIfEmpty,
    each: eachOf(options.maxArgs ?? options.N),
    whole,
    files: options.argFile ?? [],
    shell: options.shell,
    resume: resumeFailed === true ? 'succeeded' : resume === true ? 'ended' : undefined,
    keepLogs: options.keepLogs ?? false,
  };
}

function refuseForeign(raw: Readonly<Record<string, unknown>>): void {
  for (const [flags, instead] of OF_PARALLEL) {
    const option = new Option(flags);
    if (raw[option.attributeName()] === undefined) continue;
    throw new UsageError(
      `${option.long ?? option.short ?? flags} is an option of GNU parallel's that memsched does not have: ${instead}`,
    );
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '0': '\0',
  '\\': '\\',
};

function delimiterOf({ null: isNull, delimiter }: RawMapOptions): Buffer {
  if (isNull === true) {
    if (delimiter !== undefined)
      throw new UsageError('-0 and -d contradict each other: leave one of the two out');
    return Buffer.from([0]);
  }
  if (delimiter === undefined) return Buffer.from('\n');
  const text = delimiter.replaceAll(/\\([ntr0\\])/g, (_, letter: string) => ESCAPES[letter] ?? '');
  if (text === '')
    throw new UsageError('-d takes what stands between the records, such as -d , or -d "\\t"');
  return Buffer.from(text);
}

function columnSeparator(text: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch (error) {
    throw new UsageError(
      `--colsep takes a regular expression, such as --colsep '\\t': ${(error as Error).message}`,
    );
  }
}

const EACH_MAX = 10_000;

function eachOf(text: string | undefined): number {
  if (text === undefined) return 1;
  const each = Number(text);
  if (Number.isInteger(each) && each >= 1 && each <= EACH_MAX) return each;
  throw new UsageError(
    `-n takes a number of records from 1 to ${EACH_MAX}, such as -n 10, not "${text}"`,
  );
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
