import { Command } from 'commander';
import { CONTROL_VERSION } from '../../adapters/control/protocol.js';
import { examplesText } from '../examples.js';
import { command, type CommandOptions } from '../send-command.js';

const EXAMPLES = [
  ['memsched hold latest', 'start nothing more for now'],
  ['memsched hold latest align.a', 'everything but this task'],
] as const;

/** `memsched hold`: start nothing more of a live run, or not this task. */
export function holdCommand(): Command {
  return new Command('hold')
    .summary('start nothing more of a live run, or not this task')
    .description(
      'Holds a live run: what runs goes on, and nothing is started until it is released. With TASK only that task is held back.',
    )
    .argument('<run>', 'a run, the beginning of its id, or latest')
    .argument('[task]', 'a task of it')
    .option('--json', 'what came of it as a JSON object')
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (run: string, task: string | undefined, options: CommandOptions) => {
      const what = task === undefined ? {} : { task };
      await command(run, { v: CONTROL_VERSION, do: 'hold', ...what }, options);
    });
}
