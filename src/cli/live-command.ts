import { Command } from 'commander';
import { CONTROL_VERSION } from '../adapters/control/protocol.js';
import { examplesText } from './examples.js';
import { command, type CommandOptions } from './send-command.js';

/** A command that tells a live run, or one task of it, something that takes no more words than that. */
export interface LiveOrder {
  readonly name: 'hold' | 'release' | 'cancel';
  readonly summary: string;
  readonly description: string;
  readonly examples: readonly (readonly [commandLine: string, meaning: string])[];
}

/** Makes such a command. */
export function liveCommand({ name, summary, description, examples }: LiveOrder): Command {
  return new Command(name)
    .summary(summary)
    .description(description)
    .argument('<run>', 'a run, the beginning of its id, or latest')
    .argument('[task]', 'a task of it')
    .option('--json', 'what came of it as a JSON object')
    .addHelpText('after', examplesText(examples))
    .action(async (run: string, task: string | undefined, options: CommandOptions) => {
      const what = task === undefined ? {} : { task };
      await command(run, { v: CONTROL_VERSION, do: name, ...what }, options);
    });
}
