import { Command } from 'commander';
import { judge } from './errors.js';
import { addCommandsToCome } from './not-yet.js';
import { ownVersion } from './version.js';

/** Which module makes which command; loaded only when it is needed, as start-up time is part of the product. */
const COMMANDS = {
  run: async () => (await import('./commands/run.js')).runCommand(),
  resume: async () => (await import('./commands/resume.js')).resumeCommand(),
  plan: async () => (await import('./commands/plan.js')).planCommand(),
  ps: async () => (await import('./commands/ps.js')).psCommand(),
  show: async () => (await import('./commands/show.js')).showCommand(),
  logs: async () => (await import('./commands/logs.js')).logsCommand(),
  explain: async () => (await import('./commands/explain.js')).explainCommand(),
  hold: async () => (await import('./commands/hold.js')).holdCommand(),
  release: async () => (await import('./commands/release.js')).releaseCommand(),
  cancel: async () => (await import('./commands/cancel.js')).cancelCommand(),
  set: async () => (await import('./commands/set.js')).setCommand(),
  profile: async () => (await import('./commands/profile.js')).profileCommand(),
  doctor: async () => (await import('./commands/doctor.js')).doctorCommand(),
  schema: async () => (await import('./commands/schema.js')).schemaCommand(),
} as const;

const EXAMPLES = `
Examples:
  memsched run jobs.yaml                 run everything, as much at a time as memory allows
  memsched run jobs.yaml align --dry-run show what would happen for one job and its needs
  memsched explain latest align.a        why that task waited, or was stopped
  memsched doctor                        what this host offers, and how to get more
`;

/**
 * Runs one command line.
 *
 * @param argv - as in `process.argv`.
 * @returns the exit code (the table in `exit-codes.ts`).
 */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const program = await buildProgram(argv[2]);
  try {
    await program.parseAsync([...argv]);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    const { exitCode, text } = judge(error);
    if (text !== '') process.stderr.write(`${text}\n`);
    return exitCode;
  }
}

async function buildProgram(wanted: string | undefined): Promise<Command> {
  const program = new Command('memsched')
    .description(
      'Run the commands of a jobfile, as many at a time as memory really allows, with no OOM kill.',
    )
    .version(ownVersion(), '-V, --version')
    .showHelpAfterError('(memsched --help lists the commands)')
    .showSuggestionAfterError()
    .addHelpText('after', EXAMPLES)
    .exitOverride();
  const only = Object.hasOwn(COMMANDS, wanted ?? '')
    ? [wanted as keyof typeof COMMANDS]
    : (Object.keys(COMMANDS) as (keyof typeof COMMANDS)[]);
  for (const name of only) program.addCommand((await COMMANDS[name]()).exitOverride());
  addCommandsToCome(program);
  return program;
}
