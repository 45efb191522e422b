import { Command } from 'commander';
import { colourFor } from '../../reporters/colour.js';
import { profileObject, profileText } from '../../reporters/views/profile.js';
import { examplesText } from '../examples.js';
import { findGroup } from '../find-groups.js';
import { addProfileFileOption, readAll, type WhichProfiles } from '../open-profiles.js';
import { print } from '../print.js';
import { printableJson } from '../../util/printable.js';

const EXAMPLES = [
  ['memsched profile show align', 'a group, by the name of its job'],
  ['memsched profile show align#3f9c --json', 'by the beginning of its key, with every stored run'],
] as const;

interface ShowOptions extends WhichProfiles {
  readonly json?: true;
  readonly color: boolean;
}

/** `memsched profile show`: all about one group. */
export function showCommand(): Command {
  const command = new Command('show')
    .summary('all about one group')
    .description(
      'Shows one group: numbers, what each strategy expects of its next run, a histogram of its peaks, and its memory over time.',
    )
    .argument('<group>', 'the name of a job or group, or the beginning of a key')
    .option('--json', 'one JSON object on stdout, with every stored run')
    .option('--no-color', 'no colour, whatever the terminal');
  command.addHelpText('after', examplesText(EXAMPLES));
  return addProfileFileOption(command).action(async (name: string, options: ShowOptions) => {
    const stored = findGroup(name, await readAll(options));
    const colour = colourFor(process.stdout, process.env, options.color);
    await print(
      options.json === true ? printableJson(profileObject(stored)) : profileText(stored, colour),
    );
  });
}
