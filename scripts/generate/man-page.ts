import type { EventEmitter } from 'node:events';
import type { Command } from 'commander';
import {
  ENVIRONMENT,
  EXIT_CODES,
  FILES,
  STATE_FOLDER,
  TASK_ENVIRONMENT,
} from '../../src/cli/help-topics.js';
import type { Chapter } from './jobfile-reference.js';
import { literal, quoted, terms, text } from './roff.js';

/** What stands in the head and the foot of a page. */
interface About {
  readonly version: string;
  /** As in 2026-11-23. */
  readonly date: string;
}

/**
 * The manual page memsched(1) in the man(7) macros, made of the same tree of commands as `--help`.
 *
 * @param program - with all its commands.
 */
export function manPage(program: Command, about: About): string {
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
    '.BR memsched\\-jobfile (5),',
    '.BR parallel (1),',
    '.BR xargs (1),',
    '.BR systemd\\-run (1),',
    '.BR cgroups (7)',
    '',
  ].join('\n');
}

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

/** The manual page memsched-jobfile(5), made of the definition that validates jobfiles. */
export function jobfilePage(
  { top, job }: { readonly top: readonly Chapter[]; readonly job: readonly Chapter[] },
  about: About,
): string {
  return [
    `.TH MEMSCHED\\-JOBFILE 5 ${about.date} "memsched ${about.version}" "File Formats"`,
    '.SH NAME',
    'memsched\\-jobfile \\- jobs for memsched',
    '.SH DESCRIPTION',
    text(JOBFILE),
    '.SH EXAMPLE',
    '.nf',
    ...JOBFILE_EXAMPLE.split('\n').map((line) => literal(line)),
    '.fi',
    '.SH TOP LEVEL',
    ...top.flatMap(chapter),
    '.SH JOBS',
    text('The keys of each entry under "jobs", and of "defaults".'),
    ...job.flatMap(chapter),
    '.SH SEE ALSO',
    '.BR memsched (1)',
    '',
  ].join('\n');
}

const JOBFILE =
  'A jobfile is one YAML document: settings of the run, and jobs. Every key that is not marked as needed may be left out. Keys of the top level that begin with "x-" are left alone. "memsched schema" prints the JSON Schema.';

const JOBFILE_EXAMPLE = `version: 1
jobs:
  fetch:
    run: ./fetch.sh
  align:
    needs: [fetch]
    matrix: { sample: [a, b, c] }
    run: ./align.sh "\${{ matrix.sample }}"
    preemptible: high
    retries: { max: 2, on: [oom, timeout] }`;

function chapter({ map, keys }: Chapter): readonly string[] {
  return [
    ...(map === '' ? [] : [`.SS ${quoted(`Keys of ${map}`)}`]),
    ...keys.flatMap(({ name, isNeeded, takes, means }) => [
      '.TP',
      `.B ${text(name)}`,
      text(`${means} Takes ${takes}.${isNeeded ? ' Needed.' : ''}`),
    ]),
  ];
}
