import { Command } from 'commander';
import { CONTROL_VERSION } from '../../adapters/control/protocol.js';
import { examplesText } from '../examples.js';
import { command, type CommandOptions } from '../send-command.js';

const EXAMPLES = [
  ['memsched release latest', 'go on'],
  ['memsched release latest align.a', 'this task may start as well'],
] as const;

/** `memsched release`: go on with what was held. */
export function releaseCommand(): Command {
  return new Command('release')
    .summary('go on with what was held')
    .description('Releases a run that was held, or with TASK one task of it.')
    .argument('<run>', 'a run, the beginning of its id, or latest')
    .argument('[task]', 'a task of it')
    .option('--json', 'what came of it as a JSON object')
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (run: string, task: string | undefined, options: CommandOptions) => {
      const what = task === undefined ? {} : { task };
      await command(run, { v: CONTROL_VERSION, do: 'release', ...what }, options);
    });
}
