import { Command } from 'commander';
import { judge } from './errors.js';
import { examplesText } from './examples.js';
import { addHelp } from './help.js';
import { EXIT_CODES, rowsText } from './help-topics.js';
import { writeOut } from './print.js';
import { ownVersion } from './version.js';
import { printableLines } from '../util/printable.js';

/** Which module makes which command; loaded only when it is needed, as start-up time is part of the product. */
const COMMANDS = {
  run: async () => (await import('./commands/run.js')).runCommand(),
  resume: async () => (await import('./commands/resume.js')).resumeCommand(),
  map: async () => (await import('./commands/map.js')).mapCommand(),
  exec: async () => (await import('./commands/exec.js')).execCommand(),
  plan: async () => (await import('./commands/plan.js')).planCommand(),
  ps: async () => (await import('./commands/ps.js')).psCommand(),
  show: async () => (await import('./commands/show.js')).showCommand(),
  logs: async () => (await import('./commands/logs.js')).logsCommand(),
  report: async () => (await import('./commands/report.js')).reportCommand(),
  explain: async () => (await import('./commands/explain.js')).explainCommand(),
  top: async () => (await import('./commands/top.js')).topCommand(),
  hold: async () => (await import('./commands/hold.js')).holdCommand(),
  release: async () => (await import('./commands/release.js')).releaseCommand(),
  cancel: async () => (await import('./commands/cancel.js')).cancelCommand(),
  set: async () => (await import('./commands/set.js')).setCommand(),
  profile: async () => (await import('./commands/profile.js')).profileCommand(),
  doctor: async () => (await import('./commands/doctor.js')).doctorCommand(),
  schema: async () => (await import('./commands/schema.js')).schemaCommand(),
  completion: async () => (await import('./commands/completion.js')).completionCommand(),
} as const;

const EXAMPLES = [
  ['memsched run jobs.yaml', 'run all jobs of a jobfile'],
  ['memsched map -- xz -9k {} ::: *.log', 'a command for each file'],
  ['memsched run jobs.yaml align --dry-run', 'what would happen for one job'],
  ['memsched explain latest align.a', 'why that task waited, or was stopped'],
  ['memsched doctor', 'what this host offers'],
] as const;

/**
 * Runs one command line.
 *
 * @param argv - as in `process.argv`.
 * @returns the exit code (the table in `exit-codes.ts`).
 */
export async function runProgram(argv: readonly string[]): Promise<number> {
  if (argv[2] === '__complete') {
    const { complete } = await import('./completion/complete.js');
    await complete(argv.slice(3), buildProgram);
    return 0;
  }
  const program = await buildProgram(argv[2]);
  try {
    await parse(program, argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    const { exitCode, text } = judge(error);
    // Names and texts of others stand in it; commander's own words, too, repeat what was typed.
    if (text !== '') process.stderr.write(`${printableLines(text)}\n`);
    return exitCode;
  }
}

/** What commander prints (help, the version) is collected first, as it writes without a look at how that went. */
async function parse(program: Command, argv: readonly string[]): Promise<void> {
  const printed: string[] = [];
  collectOutput(program, printed);
  try {
    await program.parseAsync([...argv]);
  } finally {
    if (printed.length > 0) await writeOut(printed.join(''));
  }
}

function collectOutput(command: Command, into: string[]): void {
  command.configureOutput({
    writeOut: (text) => into.push(text),
    writeErr: (text) => process.stderr.write(printableLines(text)),
  });
  for (const below of command.commands) collectOutput(below, into);
}

/**
 * The tree of commands, which parses, makes the help and the man page, and knows what completes.
 *
 * @param wanted - the first word of the command line: the command that is to run, or all are made; none for the version.
 */
export async function buildProgram(wanted?: string): Promise<Command> {
  const program = new Command('memsched')
    .description(
      'Run commands on one Linux host, as many at a time as memory really allows, with no OOM kill.',
    )
    .version(ownVersion(), '-V, --version', 'print the version')
    // What follows a command of the user's is the command's, not ours.
    .enablePositionalOptions()
    .addHelpText(
      'after',
      `${examplesText(EXAMPLES)}\n\nExit codes:\n${rowsText(EXIT_CODES)}\n\nThe manual: man memsched`,
    );
  for (const name of namesFor(wanted)) program.addCommand(await COMMANDS[name]());
  addHelp(program);
  return program;
}

function namesFor(wanted = ''): readonly (keyof typeof COMMANDS)[] {
  if (wanted === '-V' || wanted === '--version') return [];
  return Object.hasOwn(COMMANDS, wanted)
    ? [wanted as keyof typeof COMMANDS]
    : (Object.keys(COMMANDS) as (keyof typeof COMMANDS)[]);
}
