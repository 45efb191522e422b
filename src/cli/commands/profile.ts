import { Command } from 'commander';
import { exportCommand } from './profile-export.js';
import { forgetCommand } from './profile-forget.js';
import { importCommand } from './profile-import.js';
import { lsCommand } from './profile-ls.js';
import { showCommand } from './profile-show.js';
import { examplesText } from '../examples.js';

const EXAMPLES = [
  ['memsched profile ls', 'every group'],
  ['memsched profile show align', 'a group, by the name of its job or the beginning of its key'],
  ['memsched profile export all.json', 'everything, into a file'],
  ['memsched profile import a.json b.json', 'what other machines have learned'],
  ['memsched profile forget align', 'begin anew, or accept a size that --max-growth refuses'],
  ['memsched profile ls --profile-file ci.json', 'a portable file instead of this host'],
] as const;

/** `memsched profile`: what earlier runs have learned of each group of tasks. */
export function profileCommand(): Command {
  const command = new Command('profile')
    .summary('what was learned of each group of tasks')
    .description(
      'Shows and changes what runs have learned: the peaks, times and curves of each group of tasks.',
    )
    .addHelpText('after', examplesText(EXAMPLES));
  for (const make of [lsCommand, showCommand, exportCommand, importCommand, forgetCommand])
    command.addCommand(make());
  return command;
}
