import { Command } from 'commander';
import { lastSeenMs, type StoredProfile } from '../../core/learning/stored-profile.js';
import { localTime } from '../../reporters/views/show.js';
import { counted } from '../../reporters/words.js';
import { printable } from '../../util/printable.js';
import { UsageError } from '../errors.js';
import { examplesText } from '../examples.js';
import { findGroups } from '../find-groups.js';
import {
  addProfileFileOption,
  readAll,
  updateStore,
  type WhichProfiles,
} from '../open-profiles.js';
import { print } from '../print.js';

interface ForgetOptions extends WhichProfiles {
  readonly all?: true;
}

const EXAMPLES = [
  ['memsched profile forget align', 'accept a new size, begin anew'],
  ['memsched profile forget align index --profile-file ci.json', 'two groups of a portable file'],
  ['memsched profile forget --all', 'everything on this host'],
] as const;

/** `memsched profile forget`: groups begin anew. */
export function forgetCommand(): Command {
  const command = new Command('forget')
    .summary('begin anew with some groups, or all')
    .description(
      'Forgets what was learned of groups, and says what that was. Nothing is asked: "profile export" keeps a copy.',
    )
    .argument('[group...]', 'names of jobs or groups, or beginnings of keys')
    .option('--all', 'every group')
    .addHelpText('after', examplesText(EXAMPLES));
  return addProfileFileOption(command).action(async (names: string[], options: ForgetOptions) => {
    if (names.length === 0 && options.all !== true)
      throw new UsageError('which group? memsched profile forget GROUP…, or --all for every one');
    if (names.length > 0 && options.all === true)
      throw new UsageError('--all and the name of a group contradict each other: leave one out');
    const known = await readAll(options);
    const chosen = options.all === true ? [...known.values()] : findGroups(names, known);
    const groups = new Set(chosen.map(({ group }) => group));
    await updateStore(
      options,
      groups,
      () => new Map([...groups].map((group) => [group, undefined])),
    );
    await print(
      chosen.length === 0 ? 'there was nothing to forget' : chosen.map(lineOf).join('\n'),
    );
  });
}

function lineOf(stored: StoredProfile): string {
  return `forgot ${printable(stored.group)}: ${counted(stored.profile.runs.length, 'run')}, last seen ${localTime(lastSeenMs(stored))}`;
}
