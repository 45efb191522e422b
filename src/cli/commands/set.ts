import { Command } from 'commander';
import { CONTROL_VERSION } from '../../adapters/control/protocol.js';
import { UsageError } from '../errors.js';
import { examplesText } from '../examples.js';
import { command, type CommandOptions } from '../send-command.js';

const KEYS = `
Keys: budget, hold, preempt, critical, overcommit, max_parallel (a number or
none), halt, groups.NAME
`;

const EXAMPLES = [
  ['memsched set latest max_parallel=4', 'at most four tasks at once from now on'],
  ['memsched set latest budget=8G', 'leave the rest to somebody else'],
  ['memsched set latest groups.network=1', 'one task at a time of a group'],
] as const;

/** `memsched set`: change the configuration of a live run. */
export function setCommand(): Command {
  return new Command('set')
    .summary('change the configuration of a live run')
    .description(
      'Changes one key of the configuration of a live run. Values are written and checked as in a jobfile; what runs goes on.',
    )
    .argument('<run>', 'a run, the beginning of its id, or latest')
    .argument('<key=value>', 'what is to be changed, such as max_parallel=4')
    .option('--json', 'what came of it as a JSON object')
    .addHelpText('after', `${KEYS}${examplesText(EXAMPLES)}`)
    .action(async (run: string, change: string, options: CommandOptions) => {
      const [, key, value] = /^([^=]+)=(.*)$/s.exec(change) ?? [];
      if (key === undefined || value === undefined)
        throw new UsageError(`set takes KEY=VALUE, such as max_parallel=4, not "${change}"`);
      await command(run, { v: CONTROL_VERSION, do: 'set', key, value }, options);
    });
}
