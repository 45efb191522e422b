import { Command } from 'commander';
import { surveyHost } from '../../adapters/host/survey.js';
import { isProgramThere, resolveProgram } from '../../adapters/process/resolve-program.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { examplesText } from '../examples.js';
import { hereOrRelaunched } from '../here-or-relaunched.js';
import { tell } from '../print.js';
import { addRunOptions, readRunOptions } from '../run-options.js';
import { addTaskOptions, readTaskOptions } from '../task-options.js';
import { planTask } from '../task-plan.js';

const ABOUT = `
The command has memsched's own standard streams, gets every signal that memsched
gets, and its exit code is memsched's; 128+n when signal n ended it, 124 when
its --timeout did, 126 and 127 when it could not be executed or was not found.
`;

const EXAMPLES = [
  ['memsched exec --limit 4G -- ./build.sh', 'with a limit of its own'],
  ['memsched exec --timeout 1h --retries 2 -- ./train.sh --epochs 10', 'again when it fails'],
  ['memsched exec -v -- make -j8', 'and say afterwards what it used'],
] as const;

/** `memsched exec`: one command, supervised. */
export function execCommand(): Command {
  const command = new Command('exec')
    .summary('run one command, supervised')
    .description(
      'Runs one command in a place of its own, measured and limited, as if memsched were not there.',
    )
    .argument('<command...>', 'the command with its arguments')
    .passThroughOptions()
    .addHelpText('after', ABOUT + examplesText(EXAMPLES));
  addTaskOptions(addRunOptions(command));
  return command.action(async (words: string[]) => {
    process.exitCode = await exec(words, command);
  });
}

async function exec(words: readonly string[], command: Command): Promise<number> {
  const options = readRunOptions(command);
  if (options.keepOrder) throw new UsageError('--keep-order has no meaning for one command');
  const task = readTaskOptions(command.opts());
  const survey = surveyHost();
  const planned = planTask({ words, task, overrides: options.overrides, survey });
  const { spec } = planned.task;
  const launch = { ...planned.task.launch, command: { kind: 'argv', argv: words } } as const;
  const place = [words[0] ?? '', launch.cwd, launch.env['PATH'] ?? process.env['PATH']] as const;
  const found = resolveProgram(...place);
  if (!found.ok) {
    tell(found.error);
    return isProgramThere(...place) ? EXIT.notExecuted : EXIT.notFound;
  }
  if (options.dryRun) {
    const { commandText } = await import('../../reporters/command-text.js');
    const { print } = await import('../print.js');
    await print(commandText(launch));
    return 0;
  }
  return hereOrRelaunched({
    survey,
    wish: options.tier,
    check: () => Promise.resolve(),
    session: async (choice) => {
      const { runSession } = await import('../session.js');
      return runSession({
        loaded: {
          plan: { ...planned.plan, launches: new Map([[spec.id, launch]]) },
          path: 'exec',
          content: Buffer.alloc(0),
          baseDir: process.cwd(),
          command: words,
        },
        survey,
        choice,
        options,
        face: 'exec',
      });
    },
  });
}
