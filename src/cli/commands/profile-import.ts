import { Command } from 'commander';
import { readImports } from '../../adapters/profiles/exchange.js';
import { mergeProfiles } from '../../core/learning/learn.js';
import type { StoredProfile } from '../../core/learning/stored-profile.js';
import { counted } from '../../reporters/words.js';
import { examplesText } from '../examples.js';
import { addProfileFileOption, updateStore, type WhichProfiles } from '../open-profiles.js';
import { print } from '../print.js';

const EXAMPLES = [
  ['memsched profile import from-ci.json', 'into the profiles of this host'],
  ['memsched profile import shard-*.json --profile-file merged.json', 'many files into one'],
] as const;

/** `memsched profile import`: adds what other machines, or other runs, have learned. */
export function importCommand(): Command {
  const command = new Command('import')
    .summary('add the profiles of other files')
    .description(
      'Adds the profiles of files to those that are there. A run that is known already is not counted twice, so a file may be imported again.',
    )
    .argument('<file...>', 'files that "profile export" or --profile-file has made')
    .addHelpText('after', examplesText(EXAMPLES));
  return addProfileFileOption(command).action(async (files: string[], options: WhichProfiles) => {
    const imported = merged(files.flatMap((file) => readImports(file)));
    let known = 0;
    await updateStore(options, new Set(imported.keys()), (before) => {
      known = [...imported.keys()].filter((group) => before.has(group)).length;
      return merged([
        ...[...before.values()].filter(({ group }) => imported.has(group)),
        ...imported.values(),
      ]);
    });
    const fresh = imported.size - known;
    await print(
      `imported ${counted(imported.size, 'group')} from ${counted(files.length, 'file')}: ${fresh} new, ${known} added to`,
    );
  });
}

function merged(all: readonly StoredProfile[]): ReadonlyMap<string, StoredProfile> {
  const byGroup = new Map<string, StoredProfile>();
  for (const stored of all) {
    const known = byGroup.get(stored.group);
    byGroup.set(
      stored.group,
      known === undefined
        ? stored
        : { ...known, profile: mergeProfiles(known.profile, stored.profile) },
    );
  }
  return byGroup;
}
