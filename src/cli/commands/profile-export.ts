import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { exportProfiles } from '../../adapters/profiles/exchange.js';
import { profilesText } from '../../adapters/profiles/format.js';
import type { StoredProfile } from '../../core/learning/stored-profile.js';
import { counted } from '../../reporters/words.js';
import { UsageError } from '../errors.js';
import { examplesText } from '../examples.js';
import { findGroups } from '../find-groups.js';
import { addProfileFileOption, readAll, type WhichProfiles } from '../open-profiles.js';
import { tell, writeOut } from '../print.js';

const EXAMPLES = [
  ['memsched profile export profiles.json', 'everything; replaces an older file of profiles'],
  ['memsched profile export profiles.json align', 'only that group'],
  ['memsched profile export > profiles.json', 'to standard output, as is "-"'],
] as const;

/** `memsched profile export`: profiles as one portable file. */
export function exportCommand(): Command {
  const command = new Command('export')
    .summary('write profiles to one portable file')
    .description(
      'Writes profiles to one file, which --profile-file and "profile import" read on any machine.',
    )
    .argument('[file]', 'default, and -: standard output')
    .argument('[group...]', 'default: all')
    .addHelpText('after', examplesText(EXAMPLES));
  return addProfileFileOption(command).action(
    async (file: string | undefined, groups: string[], options: WhichProfiles) => {
      const all = await readAll(options);
      const chosen = groups.length === 0 ? [...all.values()] : findGroups(groups, all);
      if (file === undefined || file === '-') {
        await writeOut(profilesText(chosen));
        return;
      }
      refuseGroupAsFile(file, groups, all);
      if (options.profileFile !== undefined && resolve(file) === resolve(options.profileFile))
        throw new UsageError(`${file} is the file that is exported from; name another one`);
      exportProfiles(file, chosen);
      tell(`exported ${counted(chosen.length, 'group')} to ${file}`);
    },
  );
}

/** The file comes first: easily forgotten. */
function refuseGroupAsFile(
  file: string,
  groups: readonly string[],
  all: ReadonlyMap<string, StoredProfile>,
): void {
  const isGroup = all.has(file) || [...all.values()].some(({ label }) => label === file);
  if (groups.length > 0 || !isGroup || existsSync(file)) return;
  throw new UsageError(
    `"${file}" is a group: write "memsched profile export - ${file}" for standard output, or "memsched profile export ./${file}" if a file is to have that name`,
  );
}
