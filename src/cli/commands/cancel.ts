import { Command } from 'commander';
import { CONTROL_VERSION } from '../../adapters/control/protocol.js';
import { examplesText } from '../examples.js';
import { command, type CommandOptions } from '../send-command.js';

const EXAMPLES = [
  ['memsched cancel latest', 'end the run, as SIGTERM would'],
  ['memsched cancel latest align.a', 'only this task'],
] as const;

/** `memsched cancel`: end a live run, or one task of it. */
export function cancelCommand(): Command {
  return new Command('cancel')
    .summary('end a live run, or one task of it')
    .description(
      'Cancels a live run in order: running tasks are asked to end and killed after their grace, queued ones are not started. With TASK it is only that task; tasks that need it are skipped. Given again, it kills at once.',
    )
    .argument('<run>', 'a run, the beginning of its id, or latest')
    .argument('[task]', 'a task of it')
    .option('--json', 'what came of it as a JSON object')
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (run: string, task: string | undefined, options: CommandOptions) => {
      const what = task === undefined ? {} : { task };
      await command(run, { v: CONTROL_VERSION, do: 'cancel', ...what }, options);
    });
}
