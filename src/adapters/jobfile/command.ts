import type { Command } from '../../supervisor/ports.js';
import type { Job } from './jobs.js';
import type { Located } from './located.js';
import type { Row } from './matrix.js';
import { matrixVariable } from './names.js';
import { quote } from './printable.js';
import type { Report } from './report.js';
import { DEFAULT_SHELL, rewriteScript, shellName } from './shell-script.js';
import { checkPassable, placed, pointAt, readText } from './texts.js';

/** A job's command, ready to be made for each row. */
export interface JobCommand {
  readonly forRow: (row: Row) => Command;
  /** The command as written, matrix values excluded: what tells it from others. */
  readonly words: readonly string[];
  /** It is a script that appends to files. */
  readonly appends: boolean;
}

/** Where a command stands in a job. */
type CommandPath = readonly [string, ...string[]];

/** Reads `run` and `shell`; faults are reported. */
export function jobCommand(
  job: Job,
  keys: readonly string[],
  report: Report,
): JobCommand | undefined {
  const run = job.located('run');
  if (run === undefined) {
    report.at(job.origin('run'), {
      message: `job ${quote(job.name)} lacks the key "run"`,
      mend: 'say what to run: run: ./work.sh',
    });
    return undefined;
  }
  if (run.kind === 'list' && job.own.shell !== undefined) {
    report.at(job.origin('shell'), {
      message: `shell of job ${quote(job.name)} has no meaning: a list under "run" is executed without a shell`,
      mend: 'remove "shell", or write "run" as a text',
    });
  }
  return commandAt(job, ['run'], keys, report);
}

/** Reads the command at a place of a job, with the job's shell; undefined where there is none. */
export function commandAt(
  job: Job,
  path: CommandPath,
  keys: readonly string[],
  report: Report,
): JobCommand | undefined {
  const run = job.located(...path);
  if (run?.kind === 'list') return argvCommand(job, path, run.items, keys, report);
  return run?.kind === 'scalar' ? shellCommand(job, path, run.text, keys, report) : undefined;
}

function placeOf(job: Job, path: CommandPath): string {
  return `${path.join('.')} of job ${quote(job.name)}`;
}

function argvCommand(
  job: Job,
  path: CommandPath,
  items: readonly Located[],
  keys: readonly string[],
  report: Report,
): JobCommand {
  const place = placeOf(job, path);
  const texts = items.map((item, index) =>
    readText(
      item.kind === 'scalar' ? item.text : '',
      job.origin(...path, index),
      place,
      keys,
      report,
    ),
  );
  if (texts[0]?.text.trim() === '')
    report.at(job.origin(...path, 0), { message: `${place}: the command is empty` });
  const fixed = texts.every((text) => text.references.length === 0);
  const argv = texts.map((text) => text.text);
  const constant: Command = { kind: 'argv', argv };
  return {
    forRow: (row) =>
      fixed ? constant : { kind: 'argv', argv: texts.map((text) => text.fill(row)) },
    words: ['argv', ...argv],
    appends: false,
  };
}

function shellCommand(
  job: Job,
  path: CommandPath,
  script: string,
  keys: readonly string[],
  report: Report,
): JobCommand {
  const place = placeOf(job, path);
  const shell = shellOf(job, report);
  const origin = job.origin(...path);
  const block = job.located(...path)?.origin ?? origin;
  if (script.trim() === '') report.at(origin, { message: `${place}: the script is empty` });
  const text = readText(script, block, place, keys, report);
  const rewritten = rewriteScript(text.text, text.references, shell);
  for (const { start, fault } of rewritten.faults)
    report.at(pointAt(block, script, start, report), placed(fault, place));
  const command: Command = { kind: 'shell', shell, script: rewritten.script };
  checkPassable(rewritten.script, origin, place, report);
  const used = [...new Set(text.references.map((reference) => reference.key))];
  return {
    forRow: (row) => {
      for (const key of used) if (!Object.hasOwn(row, key)) text.reportMissing(key);
      return command;
    },
    words: ['shell', ...shell, script],
    appends: rewritten.appends,
  };
}

function shellOf(job: Job, report: Report): readonly string[] {
  const { shell } = job.input;
  if (shell === undefined) return DEFAULT_SHELL;
  const words =
    typeof shell === 'string' ? shell.split(/\s+/).filter((word) => word !== '') : shell;
  const origin = job.origin('shell');
  const place = `shell of job ${quote(job.name)}`;
  for (const word of words) {
    checkPassable(word, origin, place, report);
    if (word.includes('${{'))
      report.at(origin, { message: `${place}: matrix values cannot be used here` });
  }
  const [first = ''] = words;
  if (first === '')
    report.at(origin, {
      message: `${place}: the shell is empty`,
      mend: 'such as: shell: bash -eu -c',
    });
  else if (shellName(words) !== undefined && !words.some((word) => /^-[A-Za-z]*c$/.test(word))) {
    report.at(origin, {
      message: `${place}: ${quote(words.join(' '))} would take the script for the name of a file`,
      mend: `end it in -c: shell: ${words.join(' ')} -c`,
    });
  }
  return words;
}

/** The variables in which a task finds its row. */
export function rowVariables(row: Row): readonly (readonly [string, string])[] {
  return Object.entries(row).map(([key, value]) => [matrixVariable(key), value] as const);
}
