import type { EventEmitter } from 'node:events';
import type { Command } from 'commander';
import {
  ENVIRONMENT,
  EXIT_CODES,
  FILES,
  STATE_FOLDER,
  TASK_ENVIRONMENT,
} from '../../src/cli/help-topics.js';

/**
 * The manual page memsched(1) in the man(7) macros, made of the same tree of commands as `--help`.
 *
 * @param program - with all its commands.
 * @param about - what stands in the page's head and foot.
 */
export function manPage(
  program: Command,
  about: { readonly version: string; readonly date: string },
): string {
  const commands = visible(program);
  return [
    `.TH MEMSCHED 1 ${about.date} "memsched ${about.version}" "User Commands"`,
    '.SH NAME',
    'memsched \\- run commands as many at a time as memory really allows',
    '.SH SYNOPSIS',
    '.B memsched',
    '.I command',
    '[\\fIoption\\fR\\ ...]',
    '[\\fIargument\\fR\\ ...]',
    '.SH DESCRIPTION',
    text(program.description()),
    '.PP',
    text(LEVELS),
    '.SH COMMANDS',
    ...commands.flatMap((command) => [
      '.TP',
      `.B ${text(command.name())}`,
      text(`${command.summary() || command.description()}.`),
    ]),
    ...commands.flatMap((command) => commandSections(command, 'memsched')),
    '.SH EXIT STATUS',
    ...terms(EXIT_CODES),
    '.SH ENVIRONMENT',
    ...terms(ENVIRONMENT),
    '.PP',
    'Every task finds, beside what memsched itself was given:',
    ...terms(TASK_ENVIRONMENT),
    '.SH FILES',
    text(`${STATE_FOLDER} Below it:`),
    ...terms(FILES),
    '.SH EXAMPLES',
    ...afterHelp(program, 'Examples'),
    '.SH SEE ALSO',
    '.BR parallel (1),',
    '.BR xargs (1),',
    '.BR systemd\\-run (1),',
    '.BR cgroups (7)',
    '',
  ].join('\n');
}

/** Escapes make them longer. */
const LINE_CHARS = 60;

const LEVELS =
  'Where the host allows it, every task lives in a cgroup of its own. Use of the budget decides what happens: above "hold" no task starts, above "preempt" tasks that may be stopped are asked to end and run again later, above "critical" they are killed at once. The last one that runs is never stopped.';

function visible(command: Command): readonly Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help');
}

/** A section for each command, and for those below it. */
function commandSections(command: Command, path: string): readonly string[] {
  const full = `${path} ${command.name()}`;
  const help = command.createHelp();
  const below = visible(command);
  const args = help.visibleArguments(command);
  const options = help.visibleOptions(command).filter(({ long }) => long !== '--help');
  return [
    `.SH ${quoted(full.toUpperCase())}`,
    `.B ${text(full)}`,
    text(command.usage()),
    '.PP',
    text(command.description()),
    ...args.flatMap((arg) => [
      '.TP',
      `.I ${text(arg.name())}`,
      text(help.argumentDescription(arg)),
    ]),
    ...options.flatMap((option) => [
      '.TP',
      `.B ${text(option.flags)}`,
      text(help.optionDescription(option)),
    ]),
    ...afterHelp(command),
    ...below.flatMap((one) => commandSections(one, full)),
  ];
}

/** What follows the options in `--help`, examples and tables, as it stands there; of one heading, where one is named. */
function afterHelp(command: Command, heading?: string): readonly string[] {
  let after = '';
  // It is one, though its types do not say so.
  (command as unknown as EventEmitter).emit('afterHelp', {
    error: false,
    command,
    write: (piece: string) => {
      after += piece;
    },
  });
  const blocks = after.split(/\n\s*\n/).map((block) => block.replace(/^\n+|\n+$/g, ''));
  return blocks
    .filter((block) => block !== '' && (heading === undefined || block.startsWith(heading)))
    .flatMap((block) => {
      const [first = '', ...rest] = block.split('\n');
      const titled = /^\S.*:$/.test(first);
      const body = titled ? rest : [first, ...rest];
      return [
        ...(heading === undefined ? ['.PP', ...(titled ? [text(first), '.PP'] : [])] : []),
        '.nf',
        ...body.map((line) => literal(line)),
        '.fi',
      ];
    });
}

function terms(rows: readonly (readonly [string, string])[]): readonly string[] {
  return rows.flatMap(([name, meaning]) => ['.TP', `.B ${text(name)}`, text(meaning)]);
}

/** Text that prints as it reads, in lines that are not too long for whoever reads the source. */
function text(words: string): string {
  return wrapped(words)
    .map((line) => escaped(line))
    .join('\n');
}

/** Lines of a paragraph; roff fills them anew. */
function wrapped(words: string): readonly string[] {
  const lines: string[] = [];
  for (const word of words.split(/\s+/)) {
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length > LINE_CHARS) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

function escaped(line: string): string {
  const safe = line
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('`', '\\(ga')
    .replaceAll("'", '\\(aq');
  return safe.startsWith('.') ? `\\&${safe}` : safe;
}

/** A line of preformatted text; an empty one would be a fault of the page. */
function literal(line: string): string {
  return line === '' ? '.sp' : escaped(line);
}

function quoted(word: string): string {
  return `"${escaped(word).replaceAll('"', '\\(dq')}"`;
}
