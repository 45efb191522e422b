import { Command } from 'commander';
import { surveyHost } from '../../adapters/host/survey.js';
import { scanScript } from '../../adapters/jobfile/shell-scan.js';
import { readJoblog, type PastCommands } from '../../adapters/map/joblog.js';
import {
  argvCommand,
  lineCommand,
  scriptCommand,
  type MapCommand,
} from '../../adapters/map/map-command.js';
import { createMapSource } from '../../adapters/map/map-source.js';
import { findReplacements } from '../../adapters/map/replacement.js';
import { scriptWordAt } from '../../adapters/map/shell-command.js';
import { resolveProgram } from '../../adapters/process/resolve-program.js';
import type { TaskSource } from '../../supervisor/ports.js';
import { bytesOf } from '../../util/byte-text.js';
import type { Result } from '../../util/result.js';
import { UsageError } from '../errors.js';
import { examplesText } from '../examples.js';
import { hereOrRelaunched } from '../here-or-relaunched.js';
import { openInput, splitWords, type MapWords } from '../map-input.js';
import { addMapOptions, readMapOptions, type MapOptions } from '../map-options.js';
import { tell, writeOut } from '../print.js';
import { addRunOptions, readRunOptions, type RunOptions } from '../run-options.js';
import { addTaskOptions, readTaskOptions } from '../task-options.js';
import { planTask, type TaskPlan } from '../task-plan.js';

const ABOUT = `
Replacement strings: {} the argument, {.} without its extension, {/} its last
part, {//} its folder, {/.} both, {1} {2.} … arguments of several sources or
columns, {-1} the last, {#} the number of the task. Without any, the argument is
put behind the command. A command of several words is executed as it is, without
a shell. One of a single word with shell syntax in it is read by bash; no
argument is ever read as part of it.
`;

const EXAMPLES = [
  ["find . -name '*.log' -print0 | memsched map -0 -- xz -9k {}", 'a command for each file found'],
  ['memsched map -- convert {} {.}.png ::: *.jpg', 'for each word of the command line'],
  ['memsched map -j4 -- ./train.sh {1} {2} ::: a b ::: 1 2', 'every combination'],
  ["memsched map 'gzip -dc {} | wc -c > {}.size' ::: *.gz", 'one word: a line for the shell'],
  ['memsched map < commands.txt', 'each line is a command'],
  [
    'memsched map --joblog jobs.log --resume-failed -- ./work {} :::: inputs.txt',
    'what has not succeeded yet',
  ],
] as const;

/** `memsched map`: one task for each line of input. */
export function mapCommand(): Command {
  const command = new Command('map')
    .summary('run a command for each line of input')
    .description(
      'Runs a command once for each line of input, file name or value, as many at a time as memory really allows.',
    )
    .argument('[command...]', 'the command with its arguments, then ::: values or :::: files')
    .passThroughOptions()
    .addHelpText('after', ABOUT + examplesText(EXAMPLES));
  addMapOptions(addTaskOptions(addRunOptions(command)));
  return command.action(async (operands: string[]) => {
    process.exitCode = await map(operands, command);
  });
}

interface MapOrder {
  readonly map: MapOptions;
  readonly input: MapWords;
  readonly options: RunOptions;
  readonly planned: TaskPlan;
  readonly command: MapCommand;
}

async function map(operands: readonly string[], command: Command): Promise<number> {
  const raw = command.opts<Readonly<Record<string, unknown>>>();
  const mapOptions = readMapOptions(raw);
  const options = withResume(readRunOptions(command), mapOptions);
  const input = splitWords(operands, mapOptions.files);
  const survey = surveyHost();
  const { words } = input;
  const task = readTaskOptions(raw);
  const order = {
    map: mapOptions,
    input,
    options,
    command: commandOf(input, mapOptions),
    planned: planTask({ words, task, overrides: options.overrides, survey }),
  };
  if (options.dryRun) return printCommands(order);
  requireProgram(order);
  return hereOrRelaunched({
    survey,
    wish: options.tier,
    check: () => Promise.resolve(),
    session: async (choice) => {
      const { plan, task } = order.planned;
      const { runSession } = await import('../session.js');
      return runSession({
        loaded: {
          plan: { ...plan, tasks: [], launches: new Map(), template: task.spec },
          path: 'map',
          content: Buffer.alloc(0),
          baseDir: process.cwd(),
          command: operands,
        },
        survey,
        choice,
        options,
        face: 'map',
        source: sourceOf(order),
        keepLogs: mapOptions.keepLogs,
      });
    },
  });
}

/** Better said once than by each of a million tasks. What it is called may depend on the input, or be a shell's affair. */
function requireProgram({ input, map, planned, command }: MapOrder): void {
  const [program] = input.words;
  if (program === undefined || !findsNothing(program, map.whole)) return;
  const { cwd, env } = planned.task.launch;
  if (command.forRow({ seq: 1, args: [''] }).command.kind !== 'argv') return;
  unwrap(resolveProgram(program, cwd, env['PATH'] ?? process.env['PATH']));
}

function findsNothing(word: string, whole: string): boolean {
  const found = findReplacements(word, whole);
  return found.ok && found.value.length === 0;
}

/** What goes on writes behind what is there. */
function withResume(options: RunOptions, { resume }: MapOptions): RunOptions {
  const { joblog } = options;
  if (resume === undefined || joblog === undefined) return options;
  return { ...options, joblog: { ...joblog, append: true } };
}

function commandOf({ words, sources }: MapWords, options: MapOptions): MapCommand {
  const { whole, shell, columnSeparator, each } = options;
  const [first] = words;
  if (first === undefined) return lineCommand();
  if (words.length === 1 && first.trim() === '')
    throw new UsageError('the command is empty; memsched map -- cmd {} runs cmd for each line');
  const isScript = shell ?? (words.length === 1 && hasShellSyntax(first, whole));
  if (!isScript) {
    refuseScriptOfArguments(words, whole);
    return unwrap(argvCommand(words, whole));
  }
  const columns = columnSeparator === undefined ? sources.length * each : undefined;
  return unwrap(scriptCommand(words.join(' '), whole, columns, scanScript));
}

/** A shell that is handed an argument as part of its script would execute what a file is called. */
function refuseScriptOfArguments(words: readonly string[], whole: string): void {
  const at = scriptWordAt(words);
  if (at === undefined) return;
  const script = words[at];
  const isPutBehind = script === undefined && words.every((word) => findsNothing(word, whole));
  if (!isPutBehind && !(script !== undefined && holdsArgument(script, whole))) return;
  const shell = words[0] ?? 'sh';
  throw new UsageError(
    `${shell} -c would read the arguments as part of its script, and could execute what is in them. Hand them on behind it: ${shell} -c 'cmd "$1"' _ ${whole}; or write all of it as one word, which memsched fills in safely: memsched map 'cmd ${whole} | other'. Lines that are commands themselves need none: memsched map < commands`,
  );
}

/** The number of a task is nobody's input. */
function holdsArgument(word: string, whole: string): boolean {
  const found = findReplacements(word, whole);
  return found.ok && found.value.some(({ what }) => what !== 'seq');
}

/** More than the name of a program, replacement strings aside. */
function hasShellSyntax(word: string, whole: string): boolean {
  const found = findReplacements(word, whole);
  let rest = word;
  if (found.ok)
    for (const { start, end } of found.value.toReversed())
      rest = rest.slice(0, start) + rest.slice(end);
  return /[^\w@%+:,./~-]/.test(rest);
}

function unwrap<T>(result: Result<T, string>): T {
  if (!result.ok) throw new UsageError(result.error);
  return result.value;
}

function sourceOf({ map, input, options, planned, command }: MapOrder): TaskSource {
  const past = pastCommands(options, map);
  if (process.stdin.isTTY && input.sources.some(isStandardInput))
    tell('tasks are read from the terminal, one a line; Ctrl-D ends them');
  const { delimiter, columnSeparator, skipBlank, each } = map;
  const { rows, close } = openInput(input.sources, delimiter, {
    ...(columnSeparator === undefined ? {} : { columnSeparator }),
    skipBlank,
    each,
  });
  return createMapSource({
    rows,
    command,
    template: planned.task,
    ...(past === undefined ? {} : { isDone: (text) => past.take(text) }),
    keepText: options.joblog !== undefined || options.dryRun,
    onClose: close,
  });
}

function isStandardInput(source: MapWords['sources'][number]): boolean {
  return source.kind === 'file' && source.path === '-';
}

function pastCommands({ joblog }: RunOptions, { resume }: MapOptions): PastCommands | undefined {
  return joblog === undefined || resume === undefined
    ? undefined
    : unwrap(readJoblog(joblog.path, resume));
}

const PRINTED_AT_ONCE = 512;

async function printCommands(order: MapOrder): Promise<number> {
  const source = sourceOf(order);
  for (;;) {
    const arrival = await source.next(PRINTED_AT_ONCE);
    if (arrival.kind === 'end') {
      if (arrival.problem !== undefined) throw new UsageError(arrival.problem);
      return 0;
    }
    const lines = arrival.tasks.map(({ launch }) => launch.text ?? '');
    if (!(await writeOut(bytesOf(`${lines.join('\n')}\n`)))) break;
  }
  source.close();
  return 0;
}
